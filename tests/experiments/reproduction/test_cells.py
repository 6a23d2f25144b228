"""Which runs a target needs."""

import pytest

from experiments.reproduction import paper
from experiments.reproduction.cells import IN_PAPER, TARGETS, of_table_1, read_targets
from pepita_jax import UserError


def test_every_cell_of_every_target_is_a_valid_run_of_its_own():
    cells = {cell for cells in TARGETS.values() for cell in cells}
    assert len({cell.name for cell in cells}) == len(cells)
    for cell in cells:
        cell.config(cell.seeds, cell.epochs)  # which checks it
        cell.quick().config(2, 3)


def test_the_cells_of_table_1_are_the_paper_s_with_its_rates():
    config = of_table_1("pepita", "conv", "cifar10").config(10, 100)
    assert (config["optimizer"]["learning_rate"], config["batch_size"]) == (0.1, 100)
    in_paper = {cell.words for cell in TARGETS["table1"] if cell.words[0] in IN_PAPER}
    assert in_paper == paper.TABLE_1.keys()
    assert {(cell.words[0], cell.words[2]) for cell in TARGETS["table3"]} == paper.TABLE_3.keys()


def test_targets_share_the_runs_of_table_1():
    for target in ("table3", "fig3", "fig4", "fig7", "fig8"):
        assert set(TARGETS[target]) <= set(TARGETS["table1"])
    assert len(set(TARGETS["fig5"]) & set(TARGETS["table1"])) == 2


@pytest.mark.parametrize(
    ("argument", "names"),
    [
        ("table1:pepita,conv,cifar10", ["pepita_conv_cifar10"]),
        ("table1:*,mlp,mnist", [f"{rule}_mlp_mnist" for rule in
                                ("bp", "fa", "drtp", "pepita", "dfa", "shallow")]),
        ("fig5:*noise_from_0_k_0.1", ["pepita_mlp_cifar10_noise_from_0_k_0.1"]),
        ("fig3", ["pepita_mlp_mnist"]),
    ],
)  # fmt: skip
def test_parts_of_a_target_are_named_by_words_or_name(argument, names):
    ((_, cells),) = read_targets([argument]).items()
    assert [cell.name for cell in cells] == names


def test_all_is_everything_and_parts_add_up():
    assert read_targets(["all"]) == TARGETS
    two = read_targets(["table1:bp,mlp,mnist", "table1:fa,mlp,mnist"])
    assert [cell.words[0] for cell in two["table1"]] == ["bp", "fa"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "which target? Valid: all, table1"),
        (["table2"], "unknown target 'table2'; valid: all, anti_alignment"),
        (["table4:bp,mlp,mnist"], "table4 has no cell 'bp,mlp,mnist'; valid: pepita_mlp_mnist"),
    ],
)
def test_a_target_that_there_is_not_is_refused(arguments, words):
    with pytest.raises(UserError, match="^" + words.replace("?", r"\?")):
        read_targets(arguments)
