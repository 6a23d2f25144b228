"""The training command: what a run leaves, and what --help says."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

import pepita_jax as pj
from configs.fields import FIELDS
from tests.experiments.commands import ROOT, TINY, assert_refused, command, read_rows, train


def test_metrics_have_a_row_per_epoch_and_seed(finished):
    rows = read_rows(finished[0])
    assert [(row["epoch"], row["seed"]) for row in rows] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    for row in rows:
        assert row["learning_rate"] == pytest.approx(0.05)
        assert row["seconds"] > 0
        assert row["train_loss"] > 0
        assert 0 < row["train_accuracy"] < 1
        assert row["test_accuracy"] * 360 == pytest.approx(round(row["test_accuracy"] * 360))


def test_the_summary_is_the_last_epoch_s(finished):
    summary = json.loads((finished[0] / "summary.json").read_text())
    last = [row["test_accuracy"] for row in read_rows(finished[0])[-2:]]
    assert summary["test_accuracy"]["per_seed"] == last
    assert summary["test_accuracy"]["mean"] == pytest.approx(np.mean(last))
    assert summary["test_accuracy"]["std"] == pytest.approx(np.std(last, ddof=1))


def test_the_command_shows_progress_and_a_closing_table(finished):
    workdir, done = finished
    assert "epoch 1/2" in done.stderr
    assert "| pepita | mlp   | digits  | 2     | 2      |" in done.stdout
    assert str(workdir) in done.stdout


def test_config_plot_and_event_files_are_there(finished):
    config = json.loads((finished[0] / "config.json").read_text())
    assert config["rule"]["name"] == "pepita"
    assert config["model"]["hidden"] == [8]
    assert config["environment"]["jax"]
    assert (finished[0] / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert list(finished[0].glob("tensorboard/seed_1/events.*"))


def test_another_optimizer_is_one_word_and_drops_the_momentum_of_sgd(tmp_path):
    workdir = tmp_path / "run"
    done = train(
        workdir, *TINY, "--config.optimizer.name=adamw", "--config.optimizer.b1=0.8",
        "--config.optimizer.learning_rate=0.004", "--config.schedule.epochs=(1,)",
        choice="bp,conv,digits",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    config = pj.load_run(workdir).config
    assert "momentum" not in config["optimizer"]
    assert config["optimizer"]["b1"] == 0.8
    rates = [row["learning_rate"] for row in read_rows(workdir)]
    np.testing.assert_allclose(rates, [0.004, 0.004, 0.0004, 0.0004], rtol=1e-6)


@pytest.mark.slow
def test_a_file_s_own_optimizer_has_no_momentum_of_sgd(tmp_path):
    file = tmp_path / "mine.py"
    lines = ["from configs import default", "def get_config():",
             "    config = default.get_config('bp,mlp,digits')",
             "    config.optimizer.name = 'rmsprop'",
             "    return config"]  # fmt: skip
    file.write_text("\n".join(lines))
    done = command("train", f"--config={file}", f"--workdir={tmp_path}/run", *TINY)
    assert done.returncode == 0, done.stderr
    assert "momentum" not in pj.load_run(tmp_path / "run").config["optimizer"]
    assert command("train", f"--workdir={tmp_path}/run").returncode == 0


def test_help_explains_every_field_and_option():
    done = command("train", "--help")
    assert done.returncode == 0
    assert "model.hidden [(1024,)]" in done.stdout
    for word in ("seeds_at_once", "schedule.epochs", "modulation_sign", "x + F e", "--workdir"):
        assert word in done.stdout
    for entry in (*FIELDS, *pj.RULES):
        assert re.search(rf"^  {re.escape(entry)}( \[.*\])?: ", done.stdout, re.M), entry
    for line in ("\nThe rule pepita", "\n  Options:", "\n      modulation_sign: 1 for"):
        assert line in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_help_explains_the_rule_that_config_names():
    done = command("train", "--config=configs/default.py:fa,conv,mnist", "--help")
    for word in ("\nThe rule fa", "model.channels [(32,)]", "e     = h_L - t"):
        assert word in done.stdout


@pytest.mark.slow
def test_without_docstrings_there_is_no_help():
    words = [sys.executable, "-OO", "-m", "experiments.sweep", "--help"]
    assert_refused(subprocess.run(words, cwd=ROOT, capture_output=True, text=True), "-OO")
