"""Settings that leave early, and what becomes of those that stay."""

import jax
import numpy as np
import pytest

from pepita_jax import UserError
from pepita_jax.runs.run import run
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir
from pepita_jax.sweep.groups import builder, make_groups
from pepita_jax.sweep.halving import check_halving, first_rung, next_rung
from pepita_jax.sweep.results import rank, setting_rows
from pepita_jax.training import one_seed
from pepita_jax.training.seed_axis import compile_stages
from tests.reliability.runs import make_config

RATES = [0.03, 1e20, 0.1, 1e-9, 0.05, 0.2, 0.01]


def make_group(num_epochs=4, rates=RATES):
    fields = {"num_epochs": num_epochs, "validation_fraction": 0.2, "schedule.epochs": (1,)}
    fields["log_alignment"] = False
    configs = [make_config(**{"optimizer.learning_rate": rate}, **fields) for rate in rates]
    (group,) = make_groups(configs, "validation")
    return group


def train_rungs(folder, group, epochs):
    """Trains all rungs; yields each and its workdir."""
    rung, number = first_rung(group, epochs), 0
    settings = [{"rate": rate} for rate in RATES]
    while rung:
        path = folder / f"rung_{number}"
        run(rung.config, path, build=builder(rung.config))
        saved = Workdir(path).read()
        yield rung, path
        ranking = rank(setting_rows(rung, saved, settings), settings, "validation")
        rung, number = next_rung(rung, path.name, ranking, epochs, number + 1), number + 1


def rows_of(workdir, num_settings):
    """`{(epoch, setting, seed): row}` without wall times."""
    rows = {}
    for row in Workdir(workdir).read().groups[0].rows["metrics"]:
        seed, place = divmod(row["seed"], num_settings)
        rows[row["epoch"], place, seed] = {**row, "seed": seed, "seconds": 0}
    return rows


def states_of(workdir, group):
    (saved,) = SeedGroup.find_all(workdir / "checkpoints")
    trainer = builder(group.config)(group.config).trainer(range(group.config["num_seeds"]))
    return saved.restore(trainer.shapes())


@pytest.fixture
def traced(monkeypatch):
    """Grows by one whenever a training step is compiled."""
    compile_stages.cache_clear()
    traces, train_steps = [], one_seed.train_steps
    note = lambda *a, **k: traces.append(1) or train_steps(*a, **k)
    monkeypatch.setattr(one_seed, "train_steps", note)
    yield traces
    compile_stages.cache_clear()


def test_a_setting_that_stays_has_the_same_bits_and_few_programs_are_compiled(tmp_path, traced):
    group = make_group()
    run(group.config, tmp_path / "whole", build=builder(group.config))
    whole, number = rows_of(tmp_path / "whole", len(RATES)), len(RATES)
    rungs = list(train_rungs(tmp_path, group, [1, 2]))
    assert [len(rung.indices) for rung, _ in rungs] == [7, 3, 1]
    assert [rung.config["num_epochs"] for rung, _ in rungs] == [1, 2, 4]
    assert len(traced) == 1 + int(np.log2(len(RATES)))  # the first is that without halving too
    seen = set()
    for rung, path in rungs:
        for (epoch, place, seed), row in rows_of(path, len(rung.indices)).items():
            assert row == whole[epoch, rung.indices[place], seed]
            seen.add((epoch, rung.indices[place]))
    (best,) = rungs[-1][0].indices
    assert {epoch for epoch, index in seen if index == best} == {1, 2, 3, 4}
    alone, together = states_of(rungs[-1][1], rungs[-1][0]), states_of(tmp_path / "whole", group)
    jax.tree.map(
        np.testing.assert_array_equal, alone, jax.tree.map(lambda x: x[best::number], together)
    )


def test_the_better_half_stays_and_its_numbers_move_with_it():
    group, settings = make_group(), [{}] * 7
    accuracy = [0.5, np.nan, 0.7, 0.1, 0.6, 0.6, 0.2]
    rows = [{"setting": i, "epochs": 1, "validation_accuracy": accuracy[i]} for i in range(7)] * 2
    first = first_rung(group, [1, 2])
    second = next_rung(first, "before", rank(rows, settings, "validation"), [1, 2], 1)
    assert second.indices == [2, 4, 5]
    assert [s["optimizer.learning_rate"] for s in second.config["settings"]] == [0.1, 0.05, 0.2]
    assert second.config["num_seeds"] == 2 * 3
    # Of the rest none has a seed left but one, which goes on to the end by itself.
    accuracy[2] = accuracy[4] = np.nan
    rows = [{"setting": i, "epochs": 2, "validation_accuracy": accuracy[i]} for i in (2, 4, 5)]
    third = next_rung(second, "second", rank(rows, settings, "validation"), [1, 2], 2)
    assert (third.indices, third.config["num_epochs"]) == ([5], 4)
    assert third.config["continues"]["settings"] == [2]
    assert next_rung(third, "third", rank(rows, settings, "validation"), [1, 2], 3) is None
    none = [{**row, "validation_accuracy": np.nan} for row in rows]
    assert next_rung(second, "second", rank(none, settings, "validation"), [1, 2], 2) is None


def test_later_groups_of_as_many_settings_share_the_compiled_program(tmp_path, traced):
    for number, rates in enumerate(([0.1, 0.2], [0.3, 0.4], [0.5, 0.5])):
        configs = [make_config(num_epochs=1, **{"optimizer.learning_rate": rate}) for rate in rates]
        (group,) = make_groups(configs, "test", {"optimizer.learning_rate": 0.01})
        assert [s["optimizer.learning_rate"] for s in group.config["settings"]] == rates
        run(group.config, tmp_path / str(number), build=builder(group.config))
    assert len(traced) == 1


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        ([0, 1], "at least 1, got 0"),
        ([3, 1], "must list rising epochs, got 3,1"),
        ([1, 1], "must list rising epochs, got 1,1"),
        ([1, 9], "--halving=1,9: num_epochs is 9; all epochs must be below it"),
    ],
)
def test_epochs_that_nothing_can_leave_after_are_named(epochs, message):
    with pytest.raises(UserError, match=message):
        check_halving(epochs, 9)


def test_more_epochs_come_before_better_accuracies():
    rows = [
        {"setting": i, "epochs": epochs, "validation_accuracy": accuracy}
        for i, (epochs, accuracy) in enumerate(
            [(1, 0.9), (3, 0.5), (3, 0.6), (9, 0.4), (9, np.nan)]
        )
    ]
    ranking = rank(rows, [{}] * 5, "validation")
    assert [row["setting"] for row in ranking] == [3, 2, 1, 0, 4]
