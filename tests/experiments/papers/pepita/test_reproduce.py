"""The command, as a user runs it, on digits."""

import json
import shutil

import numpy as np
import pytest

from experiments.papers.pepita.artifacts import ARTIFACTS
from experiments.papers.pepita.record_files import read_records, write_records
from experiments.papers.pepita.results import Results
from experiments.papers.pepita.runs import HE_NORMAL, of_table_1
from pepita_jax.runs.load import load_run
from tests.experiments.commands import assert_refused, command
from tests.experiments.papers.pepita.planted import plant, rows_of

ONLY_TABLE = {"table1", "table3", "table4", "readings"}
WITH_TABLE = ARTIFACTS.keys() - {"fig4", "fig7", "fig8"}
WITH_FIGURE = ARTIFACTS.keys() - ONLY_TABLE


def reproduce(*arguments):
    done = command("reproduce", *arguments)
    assert done.returncode == 0, done.stderr
    return done


SOME = [
    "table1:bp,mlp,mnist", "table1:pepita,*,mnist", "table3:bp,mlp,mnist", "table4", "fig3", "fig4",
    "fig5:*from_0_k_0.1", "fig6:bp*0.0", "fig7:pepita*", "fig8:bp*", "fig9", "fig10:pepita*0.1",
    "anti_alignment:*small*", "readings:*sign*",
]  # fmt: skip


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Every artifact, of which some have fewer runs."""
    out = tmp_path_factory.mktemp("quick")
    return reproduce(*SOME, "--quick", f"--out={out}"), out


@pytest.mark.slow
def test_all_runs_of_all_artifacts(tmp_path):
    done = reproduce("all", "--quick", f"--out={tmp_path}")
    runs = {run.quick().name for artifact in ARTIFACTS.values() for run in artifact.runs}
    assert {path.stem for path in (tmp_path / "records").glob("*.json")} == runs
    assert all(f"{artifact}." in done.stdout for artifact in ARTIFACTS)


def record(out, run, seed=0):
    (found,) = (r for r in read_records(out / "records" / f"{run}.json") if r["seed"] == seed)
    return found


@pytest.mark.parametrize("artifact", ARTIFACTS)
def test_each_artifact_has_its_table_and_its_figure(artifact, everything):
    done, out = everything
    endings = [*["md"] * (artifact in WITH_TABLE), *["svg"] * (artifact in WITH_FIGURE)]
    assert sorted(p.suffix[1:] for p in out.glob(f"{artifact}.*")) == sorted(endings)
    for ending in endings:
        assert f"{artifact}.{ending}" in done.stdout
    if artifact in WITH_TABLE:
        rows = rows_of((out / f"{artifact}.md").read_text())
        assert rows
        assert all("nan" not in run for row in rows for run in row)


def test_table_1_shows_what_the_runs_say(everything):
    _, out = everything
    rows = rows_of((out / "table1.md").read_text())
    assert [row[:3] for row in rows][:2] == [
        ["mlp", "digits", "BP"], ["mlp", "digits", "PEPITA"],
    ]  # fmt: skip
    run = load_run(out / "runs" / "bp_mlp_digits")
    accuracy = 100 * run.history["test_accuracy"][:, -1]
    shown = f"{accuracy.mean():.2f} ± {accuracy.std(ddof=1):.2f}"
    assert rows[0][3:] == [shown, "2", "3", "-", "-", "-"]


def test_a_record_holds_figures_configuration_versions_and_weights(everything):
    _, out = everything
    run = load_run(out / "runs" / "pepita_mlp_digits")
    found = record(out, "pepita_mlp_digits", seed=1)
    for name, values in run.history.items():
        np.testing.assert_allclose(found["metrics"][name], values[1], atol=1e-6)
    for name, values in run.alignment.items():
        np.testing.assert_allclose(found["alignment"][name], values[1], atol=1e-6)
    assert found["config"]["dataset"] == "digits"
    assert {"jax", "commit", "devices"} <= found["environment"].keys()
    for histogram, W in zip(found["histograms"], run.params, strict=True):
        assert sum(histogram["counts"]) == W[1].size
        assert (histogram["low"], histogram["high"]) == (W[1].min(), W[1].max())


def test_a_record_for_figure_10_holds_the_fits_to_its_own_output_layer(everything):
    _, out = everything
    run = HE_NORMAL["pepita", 0.1].quick().name
    values = load_run(out / "runs" / run).params[-1][1]
    mean, deviation = record(out, run, seed=1)["fits"]["norm"]["parameters"]
    assert (mean, deviation) == (pytest.approx(values.mean()), pytest.approx(values.std()))


def test_the_hidden_layer_is_embedded_once(everything):
    _, out = everything
    embedding = record(out, "pepita_mlp_digits")["embedding"]
    assert np.shape(embedding["before"]) == np.shape(embedding["after"]) == (360, 2)
    assert "embedding" not in record(out, "pepita_mlp_digits", seed=1)


def test_what_there_is_is_not_trained_again(everything, tmp_path):
    _, out = everything
    shutil.copytree(out / "records", tmp_path / "records")
    done = reproduce("fig3", "fig9", "--quick", f"--out={tmp_path}")
    assert "epoch" not in done.stderr
    assert not (tmp_path / "runs").exists()
    assert (tmp_path / "fig3.md").read_text() == (out / "fig3.md").read_text()
    assert (tmp_path / "fig3.svg").read_bytes() == (out / "fig3.svg").read_bytes()


def test_parts_from_two_machines_merge_and_a_run_can_grow(tmp_path):
    run, folders = "table1:fa,mlp,mnist", [tmp_path / "one", tmp_path / "two"]
    for folder, seeds in zip(folders, ("0:1", "1:3"), strict=True):
        done = reproduce(run, "--quick", f"--out={folder}", f"--seeds={seeds}", "--epochs=1")
    assert "to train: fa_mlp_digits, seeds 1 to 2, 1 epochs" in done.stderr
    merge = f"--merge={folders[0]}"
    done = reproduce(run, "--quick", f"--out={folders[1]}", merge, "--seeds=0:3", "--epochs=1")
    assert "nothing to train" in done.stderr
    (row,) = rows_of(done.stdout)
    assert row[4:6] == ["3", "1"]
    # Longer: seed 2 takes seed 1 along, and both go on from their checkpoint.
    done = reproduce(run, "--quick", f"--out={folders[1]}", "--seeds=2:3", "--epochs=2")
    assert "epochs 2 to 2" in done.stderr
    (row,) = rows_of(done.stdout)
    assert row[4:6] == ["2", "2"]  # as most seeds
    done = reproduce(run, "--quick", f"--out={folders[1]}", "--seeds=3:4", "--epochs=1")
    assert "seeds 3 to 3, 2 epochs, as the others there" in done.stderr


def test_commands_for_other_machines_are_printed_and_then_collected(tmp_path):
    arguments = ("table1:bp,mlp,mnist", "--quick", f"--out={tmp_path}", "--epochs=1")
    (printed,) = reproduce(*arguments, "--launcher=print").stdout.splitlines()
    assert printed.startswith("python -m experiments.train --workdir=")
    assert command("train", *printed.split()[3:]).returncode == 0
    done = reproduce(*arguments)
    assert "nothing to train" in done.stderr
    assert len(rows_of(done.stdout)) == 1


def test_a_damaged_checkpoint_is_not_taken_for_seeds_that_diverged(tmp_path):
    arguments = ("table1:bp,mlp,mnist", "--quick", f"--out={tmp_path}", "--epochs=2")
    reproduce(*arguments)
    shutil.rmtree(tmp_path / "records")
    newest = tmp_path / "runs" / "bp_mlp_digits" / "checkpoints" / "seeds_0-1" / "2"
    damaged = next(p for p in (newest / "states").rglob("*") if p.is_file() and p.stat().st_size)
    damaged.write_bytes(b"x" + damaged.read_bytes()[1:])
    assert_refused(command("reproduce", *arguments), "epoch 2", "damaged: remove it")
    shutil.rmtree(newest)
    (row,) = rows_of(reproduce(*arguments).stdout)
    assert row[4:6] == ["2", "2"]


def test_results_of_another_run_are_refused(tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path, run, [[0.5]])
    (found,) = read_records(tmp_path / "records" / f"{run.name}.json")
    found["config"]["optimizer"]["learning_rate"] = 7
    write_records(tmp_path / "records" / f"{run.name}.json", [found])
    done = command("reproduce", "fig3", "--quick", f"--out={tmp_path}")
    assert_refused(done, "another run's results", "learning_rate was 7, is 0.05", "--out")


def test_seeds_are_not_added_under_other_settings(tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path, run, [[0.5]], environment={"settings": {"jax_enable_x64": True}})
    done = command("reproduce", "table1:pepita,mlp,mnist", "--quick", f"--out={tmp_path}")
    assert_refused(done, run.name, "jax_enable_x64 was True, is not set", "choose another --out")


LACKING = '{"run": "x", "trained": [{}], "seeds": {"0": {"trained": 0}}}'
OLD = json.dumps({"cell": "", "seed": 0, "epochs": 1, "config": {}, "environment": {},
                  "metrics": {}, "alignment": {}})  # fmt: skip


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("records/{0}.json", "{", ["{0}.json is damaged"]),
        ("records/{0}.json", "{}", ["{0}.json holds no records of seeds"]),
        ("records/{0}.json", "[]", ["{0}.json holds no records of seeds"]),
        ("records/{0}.json", LACKING, ["{0}.json is no result of a seed", "lacks", "epochs"]),
        ("cells/{0}/seed_0.json", "{", ["seed_0.json is damaged"]),
        ("cells/{0}/seed_0.json", "{}", ["seed_0.json is no result of a seed", "lacks", "epochs"]),
        ("cells/{0}/seed_0 (1).json", OLD, ["seed_0 (1).json is a copy of seed_0.json"]),
    ],
)
def test_what_is_no_result_is_refused_before_anything_is_trained(file, content, words, tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path, run, [[0.5]])
    path = tmp_path / file.format(run.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    # Another run of the artifact is to be trained; what is shown beside it counts as well.
    done = command("reproduce", "table1:bp,mlp,mnist", "--quick", f"--out={tmp_path}")
    assert_refused(done, *(word.format(run.name) for word in words))


def test_a_field_that_is_newer_than_a_result_does_not_make_it_another_run_s(tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path, run, [[0.5]])
    (found,) = read_records(tmp_path / "records" / f"{run.name}.json")
    del found["config"]["optimizer"]["momentum"]
    Results(tmp_path).add(run, [found])
    assert Results(tmp_path).read(run).seeds == [0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["which artifact", "table1"]),
        (["fig1"], ["unknown artifact 'fig1'"]),
        (["fig3", "--seeds=3"], ["FIRST:END", "'3'"]),
        (["fig3", "--epochs=0"], ["epochs"]),
        (["fig3"], ["mnist", "prepare_data"]),
    ],
)
def test_mistakes_are_named_before_anything_is_trained(arguments, words, tmp_path):
    folders = (f"--out={tmp_path}", f"--workdir={tmp_path / 'runs'}")
    assert_refused(command("reproduce", *arguments, *folders), *words)


def test_nothing_to_show_is_said(tmp_path):
    done = command("reproduce", "all", "--notrain", f"--out={tmp_path}")
    assert done.returncode == 0
    assert "no run has been finished yet" in done.stdout
