"""Reproduction that goes on: more seeds, more epochs, other machines, results of before."""

import shutil

import pytest

from experiments.papers.pepita.runs import of_table_1
from experiments.papers.record_files import read_records
from experiments.papers.results import Results
from tests.experiments.commands import assert_refused, command, reproduce
from tests.experiments.papers.planted import plant, rows_of


def test_parts_from_two_machines_merge_and_a_run_can_grow(tmp_path):
    run, folders = "table1:fa,mlp,mnist", [tmp_path / "one", tmp_path / "two"]
    for folder, seeds in zip(folders, ("0:1", "1:3"), strict=True):
        done = reproduce(run, "--quick", f"--out={folder}", f"--seeds={seeds}", "--epochs=1")
    assert "to train: fa_mlp_digits, seeds 1 to 2, 1 epoch" in done.stderr
    merge = f"--merge={folders[0]}"
    done = reproduce(run, "--quick", f"--out={folders[1]}", merge, "--seeds=0:3", "--epochs=1")
    assert "nothing to train" in done.stderr
    (row,) = rows_of(done.stdout)
    assert row[4:6] == ["3", "1"]
    # Longer: seed 2 takes seed 1 along, and both go on from their checkpoint.
    done = reproduce(run, "--quick", f"--out={folders[1]}", "--seeds=2:3", "--epochs=2")
    assert "epochs 2 to 2" in done.stderr
    (row,) = rows_of(done.stdout)
    assert row[4:6] == ["2", "2"]  # as most seeds
    done = reproduce(run, "--quick", f"--out={folders[1]}", "--seeds=3:4", "--epochs=1")
    assert "seeds 3 to 3, 2 epochs, as the others there" in done.stderr


def test_commands_for_other_machines_are_printed_and_then_collected(tmp_path):
    arguments = ("table1:bp,mlp,mnist", "--quick", f"--out={tmp_path}", "--epochs=1")
    (printed,) = reproduce(*arguments, "--launcher=print").stdout.splitlines()
    assert printed.startswith("python -m experiments.train --workdir=")
    assert command("train", *printed.split()[3:]).returncode == 0
    done = reproduce(*arguments)
    assert "nothing to train" in done.stderr
    assert len(rows_of(done.stdout)) == 1


@pytest.mark.slow
def test_a_damaged_checkpoint_is_not_taken_for_seeds_that_diverged(tmp_path):
    arguments = ("table1:bp,mlp,mnist", "--quick", f"--out={tmp_path}", "--epochs=2")
    reproduce(*arguments)
    shutil.rmtree(tmp_path / "records")
    newest = tmp_path / "runs" / "bp_mlp_digits" / "checkpoints" / "seeds_0-1" / "2"
    damaged = next(p for p in (newest / "states").rglob("*") if p.is_file() and p.stat().st_size)
    damaged.write_bytes(b"x" + damaged.read_bytes()[1:])
    assert_refused(command("reproduce", *arguments), "epoch 2", "damaged: remove it")
    shutil.rmtree(newest)
    (row,) = rows_of(reproduce(*arguments).stdout)
    assert row[4:6] == ["2", "2"]


def test_a_field_that_is_newer_than_a_result_does_not_make_it_another_run_s(tmp_path):
    run = of_table_1("pepita").quick()
    plant(tmp_path, run, [[0.5]])
    (found,) = read_records(tmp_path / "records" / f"{run.name}.json")
    del found["config"]["optimizer"]["momentum"]
    Results(tmp_path).add(run, [found])
    assert Results(tmp_path).read(run).seeds == [0]
