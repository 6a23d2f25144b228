"""Progress, in a terminal and outside one."""

import re

import numpy as np
import pytest

from pepita_jax.sweep.results import rank
from pepita_jax.training.loop import Epoch
from pepita_jax.training.progress import Progress

ACCURACY = {"train_loss": np.ones(2), "test_accuracy": np.array([0.5, 0.52])}
EPOCH = Epoch(2, None, ACCURACY, [], 1.25)


def show(capsys, epoch=EPOCH, learning_rate=None, **options):
    with Progress(3, 10, done=1, **options) as progress:
        progress.advance(10)
        progress.finish_epoch(epoch, learning_rate)
    return capsys.readouterr().err


def test_a_line_an_epoch_outside_a_terminal(capsys):
    assert show(capsys).splitlines() == [
        "training: 1 of 3 epochs done; next are epochs 2 to 3, each of 10 steps",
        "training: epoch 2/3, test 51.00 %, 1.2 s with compilation, at most 1 s left",
    ]
    shown = show(capsys, EPOCH._replace(number=3))
    assert "epoch 3/3, test 51.00 %, 1.2 s with compilation\n" in shown


def test_from_the_second_epoch_on_no_time_is_that_of_compilation(capsys):
    with Progress(3, 10) as progress:
        for number in (1, 2, 3):
            progress.finish_epoch(EPOCH._replace(number=number))
    times = [line.split(" %, ")[1] for line in capsys.readouterr().err.splitlines()[1:]]
    assert times == ["1.2 s with compilation, at most 2 s left", "1.2 s, 1 s left", "1.2 s"]


def test_a_live_bar_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = show(capsys, label="bp on digits")
    assert "bp on digits" in shown
    assert "67%" in shown
    assert re.search(r"\d\d:\d\d left, epoch 2/3, test 51.00 %", shown)


def test_a_live_bar_of_eighty_columns_holds_epoch_accuracies_and_the_time_left(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("tqdm.std._screen_shape_wrapper", lambda: lambda _: (80, 24))
    metrics = {"train_accuracy": np.array([0.9237]), "test_accuracy": np.array([0.8642])}
    with Progress(100, 10, label="pepita on digits") as progress:
        progress.advance(10)
        progress.finish_epoch(EPOCH._replace(number=10, metrics=metrics))
    *_, line = [part for part in capsys.readouterr().err.split("\r") if "86.42" in part]
    assert re.search(r"\d\d:\d\d left, epoch 10/100, train 92.37 %, test 86.42 %", line)
    assert len(line.rstrip()) <= 80


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("diverged", [[], [0], [1, 3], [0, 1, 2, 7]])
def test_of_different_settings_the_best_mean_is_shown_as_it_is_ranked(seeds, diverged, capsys):
    accuracy = np.random.default_rng(0).random((seeds, 4))
    accuracy.ravel()[[i for i in diverged if i < 4 * seeds]] = np.nan
    rows = [
        {"setting": i, "epochs": 2, "test_accuracy": value}
        for (_, i), value in np.ndenumerate(accuracy)
    ]
    best = rank(rows, [{"a": i} for i in range(4)], "test")[0]["mean"]
    epoch = EPOCH._replace(metrics={"test_accuracy": accuracy.ravel()})
    line = show(capsys, epoch, num_settings=4)
    assert f"epoch 2/3, best test {100 * best:.2f} %, 1.2 s" in line


def test_a_job_that_has_fewer_seeds_than_settings_shows_the_best_of_them(capsys):
    assert "epoch 2/3, best test 52.00 %, 1.2 s" in show(capsys, num_settings=5)


def test_nothing_where_nothing_is_wanted(capsys):
    assert show(capsys, shown=False) == ""


@pytest.mark.parametrize("live", [False, True])
def test_seeds_that_diverge_are_named_and_in_no_mean(live, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: live)
    epoch = Epoch(2, None, {"test_accuracy": np.array([0.5, np.nan])}, [1], 1.25)
    shown = show(capsys, epoch, learning_rate=0.1, names=["seed 10", "seed 11"])
    assert "epoch 2/3, test 50.00 %" in shown
    assert (
        "training: seed 11 has diverged in epoch 2 at learning rate 0.1: its weights are not"
        in shown
    )
    none_left = Epoch(2, None, {"test_accuracy": np.full(2, np.nan)}, [0], 1.25)
    assert "epoch 2/3, no seed is left" in show(capsys, none_left)


def test_of_many_seeds_that_diverge_at_once_the_first_are_named(capsys):
    epoch = Epoch(2, None, {"test_accuracy": np.full(1000, np.nan)}, list(range(1000)), 1.25)
    *_, tenth, last = show(capsys, epoch).splitlines()
    assert "seed 9 has diverged in epoch 2" in tenth
    assert last == "training: 990 more diverged in epoch 2"
