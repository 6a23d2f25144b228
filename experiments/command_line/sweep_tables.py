"""What a sweep has found, as tables on disk and on the terminal, and as a plot."""

from collections.abc import Callable, Collection
from pathlib import Path

from pepita_jax.files import file_errors
from pepita_jax.sweep.axes import merge
from pepita_jax.sweep.comparison import comparison_rows, comparison_table
from pepita_jax.sweep.plots import plot_sweep
from pepita_jax.sweep.results import (
    edges,
    has_early_ends,
    is_left,
    rank,
    ranking_table,
    show_value,
    write_csv,
)
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
        reason = plot_sweep(plot, ranking, settings, split)
        print(f"no sweep.png: {reason}" if reason else f"{root}: sweep.png")
    return ranking


def show_edges(best: dict, settings: list[dict], drawn: Collection[str]) -> None:
    """Prints which numbers of the best settings lie at the edge of what was tried.

    Args:
        best: see `best_of_each`.
        settings: of the sweep.
        drawn: fields whose numbers were drawn.
    """
    for values, row in best.items():
        of = ", ".join(map(show_value, values))
        for edge in edges(settings[row["setting"]], settings, drawn) if is_left(row) else ():
            print(f"{of}: {edge}" if of else edge[:1].upper() + edge[1:])


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
        print(f"\nThe best setting, chosen {how}:\n\n{summary_table(list(summaries.values()))}")
    worth = lambda row: (row["diverged"] == 0, row["epochs"], row["mean"])
    index = max((r for r in best.values() if r["setting"] in summaries), key=worth)["setting"]
    final = settings[index] | {"num_seeds": summaries[index]["num_seeds"]}
    whose = "the run of the best of all" if fields else "its run"
    print(f"\nThe command of {whose}, for example to train longer:\n")
    print(repeat(final, root / f"best_{index}"))
