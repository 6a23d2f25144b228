"""The sweep command."""

import csv
import json
import shlex
import shutil

import pytest

import pepita_jax as pj
from tests.experiments.commands import TINY, assert_refused, command, train

SMALL = ("--config=configs/default.py:pepita,mlp,digits", *TINY)
AXES = ("--sweep.optimizer.learning_rate=0.05,1e-9", "--sweep.model.hidden=(4,),(8,)")


def sweep(workdir, *arguments):
    return command("sweep", *SMALL, f"--workdir={workdir}", *arguments)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("runs") / "sweep"
    done = sweep(workdir, *AXES)
    assert done.returncode == 0, done.stderr
    return workdir, done


def test_the_best_is_chosen_on_the_validation_split_and_tested(finished):
    workdir, done = finished
    assert "4 settings with 2 seeds each: 8 seeds, in 2 compiled programs" in done.stderr
    assert "chosen on the validation split, then tested once" in done.stdout
    assert len((workdir / "sweep.csv").read_text().splitlines()) == 1 + 4 * 2
    assert "test_accuracy" not in (workdir / "sweep.csv").read_text()
    assert (workdir / "sweep.png").exists()  # a line for each of the networks
    best = pj.load_run(workdir / "best_1")
    assert best.config["optimizer"]["learning_rate"] == 0.05
    assert best.config["validation_fraction"] == 0


def test_the_last_line_is_the_command_that_trains_the_best(finished, tmp_path):
    words = shlex.split(finished[1].stdout.strip().splitlines()[-1])
    assert words[:3] == ["python", "-m", "experiments.train"]
    again = command("train", *(w for w in words[3:] if "workdir" not in w), f"--workdir={tmp_path}")
    assert again.returncode == 0, again.stderr
    configs = [pj.load_run(path).config for path in (tmp_path, finished[0] / "best_1")]
    assert configs[0] == configs[1]


def test_without_final_seeds_it_ends_with_the_ranking_and_tests_nothing(finished, tmp_path):
    workdir = shutil.copytree(finished[0], tmp_path / "again")
    for path in (workdir / "best_1", workdir / "best.csv"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = sweep(workdir, *AXES, "--final_seeds=0")
    assert done.returncode == 0, done.stderr
    table = finished[1].stdout.partition("sweep.csv")[0].replace(str(finished[0]), str(workdir))
    assert done.stdout.partition("sweep.csv")[0] == table
    assert not (workdir / "best_1").exists()
    assert "test" not in done.stdout.replace(str(workdir), "")
    refused = sweep(workdir, *AXES, "--final_seeds=0", "--compare=model.hidden")
    assert_refused(refused, "leave out --final_seeds=0")


def test_started_again_it_goes_on(finished, tmp_path):
    workdir = shutil.copytree(finished[0], tmp_path / "again")
    table = (workdir / "sweep.csv").read_text()
    shutil.rmtree(workdir / "best_1")
    shutil.rmtree(workdir / "group_1")
    done = sweep(workdir, *AXES)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("settings of pepita: epochs 1 to 2") == 1  # group_1, not group_0
    assert (workdir / "sweep.csv").read_text() == table
    assert_refused(
        sweep(workdir, *AXES, "--config.batch_size=16"), "another sweep: ", "batch_size was 32, is"
    )
    assert_refused(
        sweep(workdir, *AXES, "--config.num_seeds=1"), "with num_seeds 2; it can be raised"
    )
    assert_refused(
        sweep(workdir, AXES[0], "--sweep.model.hidden=(4,),(8,),(9,)"),
        "holds a sweep of 4 settings, not these 6",
    )
    assert_refused(train(workdir, *TINY), "holds a sweep")
    assert_refused(sweep(workdir / "best_1", *AXES), "holds a run")
    assert_refused(command("report", workdir / "group_0"), "settings of a sweep", "sweep.csv")


@pytest.mark.slow
def test_it_can_grow(finished, tmp_path):
    workdir = shutil.copytree(finished[0], tmp_path / "grown")
    more = ("--config.num_seeds=3", "--config.num_epochs=3")
    done = sweep(workdir, *AXES, *more)
    assert done.returncode == 0, done.stderr
    assert (
        done.stderr.count("epochs 3 to 3, each of 40 steps") == 2
    )  # seeds that were there, two groups
    straight = sweep(tmp_path / "straight", *AXES, *more)
    tables = [read_table(path / "sweep.csv") for path in (workdir, tmp_path / "straight")]
    assert [row["setting"] for row in tables[0]] == [str(i) for i in range(4) for _ in range(3)]
    for found, wanted in zip(*tables, strict=True):
        assert float(found["train_loss"]) == pytest.approx(float(wanted["train_loss"]), rel=1e-4)
    assert (
        straight.stdout.splitlines()[-1].split()[3:4] == done.stdout.splitlines()[-1].split()[3:4]
    )


def read_table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_the_best_of_each_are_put_side_by_side(tmp_path):
    settings = [{"optimizer.name": "sgd"}, {"optimizer.name": "adam"}]
    settings = [{**s, "optimizer.learning_rate": rate} for s in settings for rate in (0.02, 1e-9)]
    (tmp_path / "settings.jsonl").write_text("".join(json.dumps(s) + "\n" for s in settings))
    done = sweep(
        tmp_path / "sweep", f"--settings={tmp_path / 'settings.jsonl'}",
        "--sweep.rule.name=bp,shallow", "--compare=rule.name,optimizer.name",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = read_table(tmp_path / "sweep" / "best.csv")
    assert [(row["rule.name"], row["optimizer.name"]) for row in rows] == [
        ("bp", "sgd"), ("bp", "adam"), ("shallow", "sgd"), ("shallow", "adam"),
    ]  # fmt: skip
    assert {row["optimizer.learning_rate"] for row in rows} == {"0.02"}
    table = done.stdout.splitlines()[-10:-6]
    assert "is the largest tried" not in done.stdout  # of two values, both are at an edge
    best = max(rows, key=lambda row: float(row["chosen_on_validation_mean"]))
    last = done.stdout.splitlines()[-1]
    assert last.startswith("python -m experiments.train ")
    assert f"/best_{best['setting']} " in last
    assert "(in brackets: optimizer.learning_rate)" in done.stdout
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert cells[0] == ["rule.name", "sgd", "adam"]
    for name, row in zip(("bp", "shallow"), cells[2:], strict=True):
        tested = [float(r["test_accuracy_mean"]) for r in rows if r["rule.name"] == name]
        assert row[0] == name
        assert all(cell.endswith("(0.02)") for cell in row[1:])
        assert [float(cell.split()[0]) for cell in row[1:]] == pytest.approx(
            [100 * accuracy for accuracy in tested], abs=0.005
        )


@pytest.mark.slow
def test_settings_of_which_no_seed_is_left_are_shown_and_not_trained(tmp_path):
    none = sweep(tmp_path / "none", "--sweep.optimizer.learning_rate=1e20,1e30")
    assert none.returncode == 3, none.stderr
    assert none.stdout.count("| 0 of 2 |") == 2
    last = none.stderr.splitlines()[-1]
    assert last == "error: no setting has a seed left: every seed has diverged"
    assert len(read_table(tmp_path / "none" / "sweep.csv")) == 4
    assert not list(tmp_path.glob("none/best*"))
    axes = ("--sweep.optimizer.learning_rate=1e20,0.05", "--compare=optimizer.learning_rate")
    some = sweep(tmp_path / "some", *axes)
    assert some.returncode == 0, some.stderr
    assert [path.name for path in tmp_path.glob("some/best_*")] == ["best_1"]
    rows = read_table(tmp_path / "some" / "best.csv")
    assert [(row["test_accuracy_mean"] == "", row["diverged"]) for row in rows] == [
        (True, "2"), (False, "0")
    ]  # fmt: skip


def test_a_file_of_settings_may_choose_rules_and_optimizers(tmp_path):
    settings = [{"rule.name": "bp"}, {"optimizer.name": "adam", "optimizer.learning_rate": 0.01}]
    (tmp_path / "settings.jsonl").write_text("".join(json.dumps(s) + "\n" for s in settings))
    done = sweep(tmp_path / "sweep", f"--settings={tmp_path / 'settings.jsonl'}")
    assert done.returncode == 0, done.stderr
    configs = [
        json.loads((tmp_path / "sweep" / f"group_{i}" / "config.json").read_text()) for i in (0, 1)
    ]
    assert [config["rule"]["name"] for config in configs] == ["bp", "pepita"]
    assert "no sweep.png: rule.name, optimizer.name, optimizer.learning_rate: not" in done.stdout
    assert "momentum" not in configs[1]["optimizer"]


MISTAKES = {
    "no axis": ([], ["nothing is swept"]),
    "no values": (["--sweep.seed="], ["--sweep.seed= should be --sweep.FIELD=VALUE"]),
    "unknown field": (
        ["--sweep.model.width=1,2"],
        ["no such field: model.width", "model 'mlp' has model."],
    ),
    "initials": (
        ["--sweep.optimizer.lr=0.1,0.2"],
        ["no field optimizer.lr; did you mean optimizer.learning_rate?"],
    ),
    "no group": (["--sweep.learning_rate=0.1,0.2"], ["did you mean optimizer.learning_rate?"]),
    "misspelt": (["--sweep.batchsize=16,32"], ["no field batchsize; did you mean batch_size?"]),
    "no number of draws": (
        ["--sweep.seed=1", "--sweep.model.dropout=uniform:0:0.5"],
        ["model.dropout=uniform:0:0.5 needs --num_samples=N"],
    ),
    "field of a number": (["--sweep.seed.x=1,2"], ["no field seed.x"]),
    "wrong type": (["--sweep.batch_size=16,many"], ["batch_size must be an integer, got 'many'"]),
    "no truth": (["--sweep.model.normalize=true,maybe"], ["must be true or false, got 'maybe'"]),
    "old field": (["--sweep.whiten=true,false"], ["whiten is gone: give preprocess=whiten"]),
    "a group": (["--sweep.schedule=cosine"], ["schedule must be set field by field"]),
    "a group of words": (
        ["--sweep.rule=bp,fa"],
        ["rule must be set field by field, got 'bp'; for example rule.name"],
    ),
    "no file name": (["--settings="], ["--settings= has no value"]),
    "wrong elsewhere": (["--sweep.seed=1,2", "--config.num_epochs=0"], ["num_epochs must be"]),
    "too large a batch": (["--sweep.batch_size=16,1400"], ["1400 is larger than the training set"]),
    "wrong value": (["--sweep.model.activation=relu,swish"], ["'swish'", "gelu, leaky_relu"]),
    "wrong number": (["--sweep.optimizer.learning_rate=0.1,-1"], ["must be at least 0"]),
    "not to be swept": (["--sweep.num_seeds=1,2"], ["num_seeds cannot be swept"]),
    "option of one rule": (
        ["--sweep.rule.name=pepita,bp", "--sweep.rule.feedback_scale=0.1,0.2"],
        ["rule 'bp' has none", "in the lines of --settings=FILE"],
    ),
    "unknown rule": (["--sweep.rule.name=bp,pepito"], ["'pepito'"]),
    "too large": (["--sweep.seed=1,2,3", "--max_seeds=5"], ["6 seeds, more than --max_seeds=5"]),
    "twice": (["--sweep.seed=1", "--sweep.seed=2"], ["--sweep.seed is given twice"]),
    "nothing set": (["--settings=SETTINGS"], ["learning_rate must be a number", "got None"]),
    "for another launcher": (["--sweep.seed=1,2", "--slurm_gpus=1"], ["is for --launcher=slurm"]),
    "no seeds": (["--sweep.seed=1,2", "--seeds=0:1"], ["--seeds is for experiments.train"]),
    "no file": (["--settings=nowhere"], ["nowhere cannot be read"]),
    "not compared": (["--sweep.seed=1,2", "--compare=rule.name"], ["rule.name is not swept"]),
}


def test_missing_data_are_told_before_anything_is_trained(tmp_path):
    done = sweep(tmp_path / "sweep", "--sweep.dataset=digits,mnist")
    assert done.returncode == 2
    assert "epoch" not in done.stderr
    assert "python -m experiments.prepare_data mnist" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_bad_sweep_gets_one_line_before_anything_is_trained(mistake, tmp_path):
    arguments, words = MISTAKES[mistake]
    (tmp_path / "settings").write_text('{"optimizer.learning_rate": null}')
    arguments = [word.replace("SETTINGS", str(tmp_path / "settings")) for word in arguments]
    assert_refused(sweep(tmp_path / "sweep", *arguments), *words)
    assert not (tmp_path / "sweep").exists()
