"""Ranking, table and plot of planted results."""

import csv

import numpy as np
import pytest

from pepita_jax.sweep.comparison import best_of_each, comparison_rows, comparison_table
from pepita_jax.sweep.plots import plot_sweep
from pepita_jax.sweep.results import edges, is_left, rank, ranking_table, write_csv

SETTINGS = [{"rate": 0.1, "scale": 1}, {"rate": 0.2, "scale": 1}, {"rate": 0.1, "scale": 2}]
ACCURACY = {0: [0.5, 0.7], 1: [0.9, np.nan], 2: [0.8, 0.6]}
ROWS = [
    {"setting": i, **SETTINGS[i], "seed_number": k, "epochs": 2, "validation_accuracy": value}
    for i, values in ACCURACY.items()
    for k, value in enumerate(values)
]


def test_the_best_mean_comes_first_and_settings_that_diverge_come_last():
    ranking = rank(ROWS, SETTINGS, "validation")
    assert [row["setting"] for row in ranking] == [2, 0, 1]
    assert [row["mean"] for row in ranking] == pytest.approx([0.7, 0.6, 0.9])
    assert ranking[0]["std"] == pytest.approx(np.std([0.8, 0.6], ddof=1))
    assert (ranking[2]["diverged"], ranking[2]["std"]) == (1, None)


def test_the_table_shows_the_ranking():
    ranking = rank(ROWS, SETTINGS, "validation")
    lines = ranking_table(ranking, SETTINGS, "validation").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["rank", "rate", "scale", "validation %", "seeds"]
    assert cells[2] == ["1", "0.1", "2", "70.00 ± 14.14", "2"]
    assert cells[4] == ["3", "0.2", "1", "90.00", "1 of 2"]
    assert ranking_table(ranking, SETTINGS, "validation", most=1).endswith(
        "(2 more in the table on disk)"
    )


def test_the_table_has_the_fields_of_all_settings():
    settings = [{"rule.name": "bp"}, {"optimizer.name": "adam"}]
    ranking = rank([row for row in ROWS if row["setting"] < 2], settings, "validation")
    lines = ranking_table(ranking, settings, "validation").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0][1:3] == ["rule.name", "optimizer.name"]
    assert [row[1:3] for row in cells[2:]] == [["bp", ""], ["", "adam"]]


def test_the_csv_has_a_row_a_setting_and_seed(tmp_path):
    write_csv(tmp_path / "sweep.csv", ROWS[::-1])
    with open(tmp_path / "sweep.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["setting"], row["seed_number"]) for row in rows] == [
        (str(i), str(k)) for i in range(3) for k in range(2)
    ]
    assert rows[3]["validation_accuracy"] == ""
    assert float(rows[0]["validation_accuracy"]) == 0.5


@pytest.mark.parametrize("fields", [["rate"], ["rate", "scale"]])
def test_one_or_two_numeric_axes_are_drawn(fields, tmp_path):
    settings = [
        {field: setting[field] for field in fields} for setting in SETTINGS[: 1 + len(fields)]
    ]
    ranking = rank([row for row in ROWS if row["setting"] < len(settings)], settings, "validation")
    assert not plot_sweep(tmp_path / "sweep.svg", ranking, settings, "validation")
    assert (tmp_path / "sweep.svg").read_text().count("<path") > 5


def test_drawn_settings_are_points(tmp_path):
    settings = [{"rate": 10.0**-i, "scale": float(i + 1)} for i in range(3)]
    ranking = rank(ROWS, settings, "validation")
    assert not plot_sweep(tmp_path / "sweep.svg", ranking, settings, "validation")
    collection = (tmp_path / "sweep.svg").read_text().split('id="PathCollection_1"')[1]
    assert collection.split("</g>\n   </g>")[0].count("<use ") >= 3


def test_words_and_many_axes_are_not_drawn(tmp_path):
    for field in ("word", None):
        settings = [
            {**s, "more": i, field or "even more": field or i * i} for i, s in enumerate(SETTINGS)
        ]
        ranking = rank(ROWS, settings, "validation")
        assert plot_sweep(tmp_path / "sweep.png", ranking, settings, "validation")
    assert not (tmp_path / "sweep.png").exists()


@pytest.mark.parametrize("fields", [["rate"], ["rate", "scale"]])
def test_accuracies_of_no_seed_are_not_drawn(fields, tmp_path):
    settings = [{"rate": 0.1, "scale": 1}, {"rate": 0.2, "scale": len(fields)}]
    rows = [{**row, "validation_accuracy": np.nan} for row in ROWS[:4]]
    ranking = rank(rows, settings, "validation")
    assert plot_sweep(tmp_path / "sweep.png", ranking, settings, "validation")


def test_a_large_grid_is_drawn_without_a_word_in_each_cell(tmp_path):
    settings = [{"rate": 0.1 * (i + 1), "scale": k} for i in range(30) for k in range(30)]
    rows = [{"setting": i, "epochs": 2, "validation_accuracy": i / 900} for i in range(900)]
    ranking = rank(rows, settings, "validation")
    assert not plot_sweep(tmp_path / "sweep.svg", ranking, settings, "validation")
    assert (tmp_path / "sweep.svg").read_text().count("<text") < 50


def test_a_setting_without_a_seed_comes_last_and_is_not_compared():
    values = {0: [np.nan, np.nan], 1: [0.0, np.nan], 2: [np.nan, np.nan]}
    accuracies = [(i, v) for i, both in values.items() for v in both]
    rows = [{"setting": i, "epochs": 2, "validation_accuracy": v} for i, v in accuracies]
    ranking = rank(rows, SETTINGS, "validation")
    assert [row["setting"] for row in ranking] == [1, 0, 2]
    assert [is_left(row) for row in ranking] == [True, False, False]
    best = best_of_each(ranking, SETTINGS, ["scale"])
    summaries = {1: {"test_accuracy": {"mean": 0.5, "std": None}, "diverged": [0]}}
    compared = comparison_rows(best, SETTINGS, ["scale"], "validation", summaries)
    assert [(row["setting"], row["test_accuracy_mean"], row["diverged"]) for row in compared] == [
        (1, 0.5, 1), (2, None, 2)
    ]  # fmt: skip
    table = comparison_table(best, SETTINGS, ["scale"], summaries)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert cells[2:] == [["1", "50.00 (0.2)"], ["2", "-"]]


RATES = [{"name": name, "rate": rate} for name in ("sgd", "adam") for rate in (0.01, 0.1, 1)]


LARGEST = "the best rate, 1, is the largest tried"


@pytest.mark.parametrize(
    ("setting", "settings", "words"),
    [
        ({"name": "sgd", "rate": 1}, RATES, [LARGEST]),
        ({"name": "sgd", "rate": 0.01}, RATES, ["the best rate, 0.01, is the smallest tried"]),
        ({"name": "sgd", "rate": 0.1}, RATES, []),
        # Two values are both edges; and a larger one of another optimizer does not count.
        ({"rate": 0.1}, [{"rate": 0.01}, {"rate": 0.1}], []),
        (RATES[2], [*RATES, {"name": "adam", "rate": 10}], [LARGEST]),
        ({"seed": 3}, [{"seed": i} for i in range(4)], []),
        ({"decay": 0.0}, [{"decay": i / 2} for i in range(3)], []),
        ({"nesterov": True}, [{"nesterov": b} for b in (True, False)], []),
    ],
)  # fmt: skip
def test_a_best_number_at_the_edge_of_those_tried_is_told(setting, settings, words):
    assert edges(setting, settings) == words
    assert edges(setting, settings, drawn=["rate"]) == []


def test_each_of_two_axes_has_its_own_edges():
    grid = [{"rate": rate, "scale": scale} for rate in (1, 2, 3) for scale in (4, 5, 6)]
    assert edges({"rate": 3, "scale": 4}, grid) == [
        "the best rate, 3, is the largest tried", "the best scale, 4, is the smallest tried",
    ]  # fmt: skip
