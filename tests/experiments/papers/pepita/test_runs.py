"""Which runs an artifact needs."""

import pytest

from experiments.papers.pepita import published as paper
from experiments.papers.pepita.artifacts import ARTIFACTS
from experiments.papers.pepita.runs import (
    FIG_5,
    HE_NORMAL,
    IN_PAPER,
    LINEAR,
    LONG,
    NOISE,
    READINGS,
    TABLE_1,
    TABLE_3,
    WHITENED,
    of_table_1,
)
from pepita_jax.options import flatten

APPENDIX_E = [
    "model.activation linear", "model.output linear", "model.dropout 0.0", "preprocess whiten",
    "rule.presynaptic standard", "num_seeds 5",
]  # fmt: skip


def test_every_run_of_every_artifact_is_valid_and_has_its_own_name():
    runs = {run for artifact in ARTIFACTS.values() for run in artifact.runs}
    assert len({run.name for run in runs}) == len(runs)
    for run in runs:
        run.config(run.seeds, run.epochs)  # which checks it
        run.quick().config(2, 3)


def test_the_runs_of_table_1_are_the_paper_s_with_its_learning_rates():
    config = of_table_1("pepita", "conv", "cifar10").config(10, 100)
    assert (config["optimizer"]["learning_rate"], config["batch_size"]) == (0.1, 100)
    in_paper = {run.words for run in TABLE_1 if run.words[0] in IN_PAPER}
    assert in_paper == paper.TABLE_1.keys()
    assert {(run.words[0], run.words[2]) for run in TABLE_3} == paper.TABLE_3.keys()


@pytest.mark.parametrize(
    ("run", "fields"),
    [
        (NOISE[-1, 0.01], ["rule.noise_scale 0.01"]),
        (NOISE[0, 1.0], ["rule.noise_scale 1.0", "rule.noise_low 0.0"]),
        (WHITENED, ["preprocess whiten", "optimizer.learning_rate 0.01"]),
        (HE_NORMAL["bp", 0.0], ["model.init he_normal", "model.dropout 0.0"]),
        (LONG, ["num_epochs 1000", "num_seeds 5"]),
        (LINEAR[1], [*APPENDIX_E, "batch_size 6000", "optimizer.momentum 0.0",
                     "optimizer.learning_rate 0.05", "rule.feedback_scale 1.0", "num_epochs 50"]),
        (LINEAR[2], [*APPENDIX_E, "optimizer.learning_rate 0.01", "num_epochs 20"]),
        (READINGS[1], ["rule.output_error modulated", "num_seeds 3"]),
        (READINGS[4], ["rule.hidden_reduction mean", "num_seeds 3"]),
        (READINGS[-1], ["model.padding 2", "num_seeds 3"]),
    ],
)  # fmt: skip
def test_a_variant_differs_from_table_1_in_these_fields_alone(run, fields):
    usual = of_table_1(*run.words)
    own, usual = (flatten(r.config(r.seeds, r.epochs)) for r in (run, usual))
    differing = {f"{name} {value}" for name, value in own.items() if usual[name] != value}
    assert differing == set(fields)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        (paper.TABLE_1, ("bp", "mlp", "cifar10"), (55.27, 0.32)),
        (paper.TABLE_1, ("drtp", "conv", "cifar100"), (20.14, 0.68)),
        (paper.TABLE_1, ("pepita", "conv", "mnist"), (98.29, 0.13)),
        (paper.TABLE_3, ("fa", "cifar100"), 4.243),
        (paper.TABLE_4, True, (92.08, 0.14)),
    ],
)
def test_the_paper_s_numbers_stand_where_the_paper_has_them(table, key, value):
    assert table[key][:2] == value if isinstance(value, tuple) else table[key] == value


def test_artifacts_share_the_runs_of_table_1():
    for artifact in ("table3", "fig3", "fig4", "fig7", "fig8"):
        assert set(ARTIFACTS[artifact].runs) <= set(TABLE_1)
    assert len(set(FIG_5) & set(TABLE_1)) == 2
