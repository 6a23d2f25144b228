"""Makes the summary and the plots of a finished run."""

import numpy as np

from pepita_jax.history import History
from pepita_jax.plots import draw_alignment, draw_learning_curves, save_figure
from pepita_jax.runs.objects import data_words, network_words
from pepita_jax.runs.rows import as_json
from pepita_jax.runs.saved_run import SavedRun
from pepita_jax.runs.workdir import Workdir
from pepita_jax.watching import decoration


def write_summary_and_plots(workdir: Workdir, saved: SavedRun) -> dict:
    """Writes the summary and the plots of a `SavedRun` into its `Workdir`; returns the summary."""
    history = saved.history("metrics")
    summary = summarize(saved.config, history, saved.seconds())
    workdir.write_summary(summary)
    title = f"{network_words(saved.config)} on {data_words(saved.config)}"
    with decoration(workdir.path / "curves.png"):
        curves = draw_learning_curves({summary["rule"]: history}, title=title)
        save_figure(curves, workdir.path / "curves.png")
    if saved.config["log_alignment"]:
        with decoration(workdir.path / "alignment.png"):
            rule = summary["rule"].removeprefix("__main__.")
            alignment = draw_alignment(saved.history("alignment"), f"{rule}, {title}")
            save_figure(alignment, workdir.path / "alignment.png")
    return summary


def summarize(config: dict, history: History, seconds: float) -> dict:
    """The content of `summary.json`.

    Diverged seeds are listed with their epoch and learning rate; no mean includes them.

    Args:
        config: the run's configuration.
        history: the run's history, whose last epoch is summed up.
        seconds: wall time.
    """
    learning_rate = history["learning_rate"]
    diverged = [
        {"seed": k, "epoch": epoch, "learning_rate": as_json(learning_rate[k, epoch - 1])}
        for k, epoch in history.diverged().items()
    ]
    return {
        "rule": config["rule"]["name"],
        "model": config["model"]["name"],
        "dataset": config["dataset"],
        "num_seeds": len(history.seeds),
        "num_epochs": history.num_epochs,
        **{name: _statistics(history.final(name)) for name in history if "accuracy" in name},
        "diverged": diverged,
        "seconds": round(seconds, 3),
    }


def _statistics(values):
    """Mean and standard deviation (n - 1) over finite seeds; None for too few."""
    finite = values[np.isfinite(values)]
    return {
        "mean": float(np.mean(finite)) if len(finite) else None,
        "std": float(np.std(finite, ddof=1)) if len(finite) > 1 else None,
        "per_seed": as_json(values),
    }
