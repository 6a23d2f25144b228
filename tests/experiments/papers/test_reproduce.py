"""Artifacts and records that the command makes, as a user runs it, on digits."""

import shutil

import numpy as np
import pytest

from experiments.papers.pepita.artifacts import ARTIFACTS
from experiments.papers.pepita.runs import HE_NORMAL
from experiments.papers.record_files import read_records
from pepita_jax.runs.load import load_run
from tests.experiments.commands import command, reproduce
from tests.experiments.papers.planted import rows_of

ONLY_TABLE = {"table1", "table3", "table4", "readings"}
WITH_TABLE = ARTIFACTS.keys() - {"fig4", "fig7", "fig8"}
WITH_FIGURE = ARTIFACTS.keys() - ONLY_TABLE


SOME = [
    "table1:bp,mlp,mnist", "table1:pepita,mlp,mnist", "table3:bp,mlp,mnist", "table4", "fig3",
    "fig4", "fig5:*from_0_k_0.1", "fig6:pepita*0.1", "fig7:pepita*", "fig8:bp*", "fig9",
    "fig10:pepita*0.1",
    "anti_alignment:*small*", "readings:*sign*", "frozen:*,conv,mnist",
]  # fmt: skip


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Every artifact, of which some have fewer runs."""
    out = tmp_path_factory.mktemp("quick")
    return reproduce(*SOME, "--quick", f"--out={out}"), out


@pytest.mark.slow
def test_all_runs_of_all_artifacts(tmp_path):
    done = reproduce("all", "--quick", f"--out={tmp_path}")
    names = {run.quick().name for artifact in ARTIFACTS.values() for run in artifact.runs}
    assert {path.stem for path in (tmp_path / "records").glob("*.json")} == names
    assert all(f"{artifact}." in done.stdout for artifact in ARTIFACTS)


def record_of(out, name, seed=0):
    (found,) = (r for r in read_records(out / "records" / f"{name}.json") if r["seed"] == seed)
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
        assert all("nan" not in cell for row in rows for cell in row)


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
    found = record_of(out, "pepita_mlp_digits", seed=1)
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
    name = HE_NORMAL["pepita", 0.1].quick().name
    values = load_run(out / "runs" / name).params[-1][1]
    mean, deviation = record_of(out, name, seed=1)["fits"]["norm"]["parameters"]
    assert (mean, deviation) == (pytest.approx(values.mean()), pytest.approx(values.std()))


def test_the_hidden_layer_is_embedded_once(everything):
    _, out = everything
    embedding = record_of(out, "pepita_mlp_digits")["embedding"]
    assert np.shape(embedding["before"]) == np.shape(embedding["after"]) == (360, 2)
    assert "embedding" not in record_of(out, "pepita_mlp_digits", seed=1)


def test_what_there_is_is_not_trained_again(everything, tmp_path):
    _, out = everything
    shutil.copytree(out / "records", tmp_path / "records")
    done = reproduce("fig3", "fig9", "--quick", f"--out={tmp_path}")
    assert "epoch" not in done.stderr
    assert not (tmp_path / "runs").exists()
    assert (tmp_path / "fig3.md").read_text() == (out / "fig3.md").read_text()
    assert (tmp_path / "fig3.svg").read_bytes() == (out / "fig3.svg").read_bytes()


def test_nothing_to_show_is_said(tmp_path):
    done = command("reproduce", "all", "--notrain", f"--out={tmp_path}")
    assert done.returncode == 0
    assert "no run has been finished yet" in done.stdout
