"""What a sweep has found, as tables on disk and on the terminal, and as a plot."""

from collections.abc import Callable
from pathlib import Path

from pepita_jax.files import file_errors
from pepita_jax.sweep.axes import merge
from pepita_jax.sweep.comparison import comparison_rows, comparison_table
from pepita_jax.sweep.plots import plot_sweep
from pepita_jax.sweep.results import has_early_ends, rank, ranking_table, write_csv
from pepita_jax.tables import summary_table
from pepita_jax.watching import decoration


def show_progress(root: Path, rows: list[dict]) -> None:
    """Writes sweep.csv with the rows so far."""
    with file_errors(root):
        write_csv(root / "sweep.csv", rows)


def show_ranking(root: Path, rows: list[dict], settings: list[dict], split: str) -> list[dict]:
    """Writes the table, prints the ranking and draws the plot; returns the ranking."""
    ranking = rank(rows, settings, split)
    show_progress(root, rows)
    print(f"\n{ranking_table(ranking, settings, split)}\n")
    if has_early_ends(ranking):
        trained = sum(row["epochs"] for row in rows)
        whole = len(rows) * max(row["epochs"] for row in rows)
        print("Settings that halving ended rank below those that continued, by their last epoch.")
        print(f"Epochs trained, summed over seeds: {trained}; without halving: {whole}.\n")
    print(f"{root}: sweep.csv")
    plot = root / "sweep.png"
    with decoration(plot):
        if plot_sweep(plot, ranking, settings, split):
            print(f"{root}: sweep.png")
    return ranking


def show_best(
    root: Path,
    best: dict,
    settings: list[dict],
    fields: list[str],
    split: str,
    summaries: dict[int, dict],
    repeat: Callable[[dict, Path], str],
) -> None:
    """Writes and prints what the best settings reached on the test set.

    Args:
        root, settings, split: of the sweep.
        best: see `best_of_each`.
        fields: the fields that are compared.
        summaries: of the best settings' own runs, `{setting: summary}`.
        repeat: `(setting, workdir) -> command`; the command trains the setting by itself.
    """
    on_validation = "on the validation split, then tested once"
    how = on_validation if split == "validation" else "ON THE TEST SET"
    with file_errors(root):
        rows = comparison_rows(best, settings, fields, split, summaries)
        write_csv(root / "best.csv", rows)
    if fields:
        table = comparison_table(best, settings, fields, summaries)
        others = ", ".join(f for f in merge(settings) if f not in fields)
        brackets = f" (in brackets: {others})" if others else ""
        print(f"\nThe best of each, chosen {how}{brackets}:\n\n{table}")
        print(f"\n{root}: best.csv, and workdirs best_N, where N is the number of the setting")
    else:
        ((index, summary),) = summaries.items()
        final = settings[index] | {"num_seeds": summary["num_seeds"]}
        command = repeat(final, root / f"best_{index}")
        print(f"\nThe best setting, chosen {how}:\n\n{summary_table([summary])}")
        print(f"\nThe command of its run, for example to train longer:\n\n{command}")
