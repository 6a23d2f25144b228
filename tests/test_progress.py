"""Progress, in a terminal and outside one."""

import numpy as np

from pepita_jax.loop import Epoch
from pepita_jax.progress import Progress

EPOCH = Epoch(2, None, {"train_loss": np.ones(2), "test_accuracy": np.array([0.5, 0.52])}, 1.25)


def show(capsys, **options):
    with Progress(3, 10, done=1, **options) as progress:
        progress.advance(10)
        progress.finish_epoch(EPOCH)
    return capsys.readouterr().err


def test_a_line_an_epoch_outside_a_terminal(capsys):
    assert show(capsys).splitlines() == [
        "training: epochs 2 to 3 of 10 steps",
        "training: epoch 2/3, test 51.00 %, 1.2 s",
    ]


def test_a_live_bar_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = show(capsys, label="bp on digits")
    assert "bp on digits" in shown
    assert "20/30" in shown
    assert "epoch 2/3, test 51.00 %" in shown


def test_nothing_where_nothing_is_wanted(capsys):
    assert show(capsys, shown=False) == ""
