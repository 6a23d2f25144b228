"""Records on disk: nothing of them is lost, by whatever version or machine they were written."""

import json

import pytest

from experiments.papers.pepita.runs import of_table_1
from experiments.papers.record_files import SHARED, read_records, write_records
from experiments.papers.results import Results
from pepita_jax.errors import UserError
from tests.experiments.commands import assert_refused, command
from tests.experiments.papers.planted import plant

RUN = of_table_1("bp")


def make_records():
    """Three seeds, two of them trained alike."""
    parts = {"epochs": 2, "metrics": {"test_accuracy": [0.5, None]}, "alignment": {}}
    wheres = {"jax": "1"}, {"jax": "2"}, {"jax": "1"}
    records = [
        {"run": RUN.name, "seed": seed, "config": RUN.config(10, 2), "environment": where, **parts}
        for seed, where in zip((0, 2, 5), wheres, strict=True)
    ]
    return json.loads(json.dumps(records))


def in_order(records):
    return sorted(records, key=lambda record: record["seed"])


def test_what_is_written_is_read_and_what_seeds_share_is_there_once(tmp_path):
    write_records(tmp_path / "a.json", make_records())
    assert in_order(read_records(tmp_path / "a.json")) == make_records()
    text = (tmp_path / "a.json").read_text()
    assert [text.count(f'"{name}": {{') for name in SHARED[:2]] == [2, 2]
    lines = [line for line in text.splitlines() if "test_accuracy" in line]
    assert len(lines) == 3  # a change of one seed is a change of one line


def test_files_of_earlier_versions_are_read_and_longer_ones_win(tmp_path):
    folder, records = tmp_path / "cells" / RUN.name, make_records()
    folder.mkdir(parents=True)
    for record in records:
        old = {"cell": record["run"], **{n: v for n, v in record.items() if n != "run"}}
        (folder / f"seed_{record['seed']}.json").write_text(json.dumps(old))
    results = Results(tmp_path)
    assert in_order(results.read(RUN).records) == records
    assert results.missing(RUN, range(6), 2) == [1, 3, 4]

    longer = records[0] | {"epochs": 3, "metrics": {"test_accuracy": [0.5, 0.6, 0.7]}}
    results.add(RUN, [longer])
    results.add(RUN, [records[0]])
    assert results.missing(RUN, [0], 3) == []
    assert results.missing(RUN, [2, 5], 2) == []


def test_results_of_two_machines_are_merged(tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path / "one", run, [[0.5], [0.6]])
    plant(tmp_path / "two", run, [[0.7]], first=2)
    arguments = ("table1:pepita,mlp,mnist", "--quick", "--notrain", f"--out={tmp_path / 'one'}")
    done = command("reproduce", *arguments, f"--merge={tmp_path / 'two'}")
    assert done.returncode == 0, done.stderr
    assert Results(tmp_path / "one").read(run).seeds == [0, 1, 2]
    done = command("reproduce", *arguments, f"--merge={tmp_path / 'three'}")
    assert_refused(done, "holds no results")


def test_merging_loses_nothing(tmp_path):
    run = of_table_1("pepita").quick()
    one, two, other = (Results(tmp_path / name) for name in ("one", "two", "other"))
    plant(tmp_path / "one", run, [[0.5], [0.6]])
    plant(tmp_path / "two", run, [[0.7], [0.8], [0.9]])
    one.merge(two, [run, RUN])
    assert one.read(run).test_accuracy.tolist() == [0.5, 0.6, 0.9]  # its own seeds stay

    file = tmp_path / "one" / "records" / f"{run.name}.json"
    of_another = file.read_text().replace('"learning_rate": 0.05', '"learning_rate": 0.777')
    file.write_text(of_another)
    with pytest.raises(UserError, match=r"learning_rate was 0.777, is 0.05; remove it"):
        one.merge(two, [run])
    assert file.read_text() == of_another

    plant(tmp_path / "other", RUN, [[0.5]])
    with pytest.raises(UserError, match=f"none of the runs that are asked for; .* {RUN.name}$"):
        two.merge(other, [run])


@pytest.mark.parametrize("seed", [0, 2])
def test_a_seed_that_is_added_does_not_touch_the_others(seed, tmp_path):
    results, records = Results(tmp_path), make_records()
    for record in records:
        results.add(RUN, [record])
    before = results.read(RUN).records
    results.add(RUN, [records[0] | {"seed": 7}])
    assert [r for r in results.read(RUN).records if r["seed"] != 7] == before
