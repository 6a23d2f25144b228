"""Tables: that what they show is what was measured."""

from pepita_jax.tables import as_percent, summary_table


def test_a_percentage_with_its_spread():
    assert as_percent({"mean": 0.98124, "std": 0.0009}) == "98.12 ± 0.09"
    assert as_percent({"mean": 0.98124, "std": None}) == "98.12"


def test_a_table_has_a_row_a_run():
    accuracy = {"mean": 0.5, "std": 0.01}
    summary = {
        "rule": "bp", "model": "mlp", "dataset": "digits", "num_seeds": 3, "num_epochs": 4,
        "test_accuracy": accuracy, "train_accuracy": accuracy, "seconds": 61.2,
        "diverged": [],
    }  # fmt: skip
    header, ruler, *rows = summary_table([summary, {**summary, "rule": "pepita"}]).splitlines()
    assert [row.split("|")[1].strip() for row in rows] == ["bp", "pepita"]
    cells = [cell.strip() for cell in rows[0].split("|")]
    assert cells[6:9] == ["50.00 ± 1.00", "50.00 ± 1.00", "61 s"]
    assert len(header) == len(ruler) == len(rows[0]) == len(rows[1])
    one = {**summary, "diverged": [{"seed": 2, "epoch": 3}]}
    none = {"test_accuracy": {"mean": None, "std": None}, "diverged": [{"seed": 0, "epoch": 1}]}
    table, *notes = summary_table([one, {**summary, **none, "num_seeds": 1}]).split("\n\n")
    rows = [[cell.strip() for cell in row.split("|")] for row in table.splitlines()[2:]]
    assert [row[4] for row in rows] == ["2 of 3", "0 of 1"]
    assert rows[1][6] == "-"
    assert notes[0] == "bp: the means leave out the diverged seed 2 (epoch 3)"
    many = [{"seed": k, "epoch": 3} for k in range(12)]
    last = summary_table([{**summary, "diverged": many}]).splitlines()[-1]
    assert last.startswith("bp: the means leave out the diverged seeds 0 (epoch 3), 1 (epoch 3), ")
    assert last.endswith(", 9 (epoch 3), 2 more")
