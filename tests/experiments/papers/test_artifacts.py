"""Which tables and figures are asked for."""

import re

import pytest

from experiments.papers.artifacts import read_artifacts
from experiments.papers.papers import DEFAULT, PAPERS
from experiments.papers.pepita.artifacts import ARTIFACTS
from pepita_jax import UserError


def test_no_two_papers_have_an_artifact_of_one_name():
    names = [name for paper in PAPERS.values() for name in paper.artifacts]
    assert len({*names, *PAPERS}) == len(names) + len(PAPERS)


@pytest.mark.parametrize(
    ("argument", "names"),
    [
        ("table1:pepita,conv,cifar10", ["pepita_conv_cifar10"]),
        ("table1:*,mlp,mnist", [f"{rule}_mlp_mnist" for rule in
                                ("bp", "fa", "drtp", "pepita", "dfa", "shallow")]),
        ("fig5:*noise_from_0_k_0.1", ["pepita_mlp_cifar10_noise_from_0_k_0.1"]),
        ("fig3", ["pepita_mlp_mnist"]),
        ("pepita:table1:pepita,conv,cifar10", ["pepita_conv_cifar10"]),
        ("pepita:fig3", ["pepita_mlp_mnist"]),
    ],
)  # fmt: skip
def test_parts_of_an_artifact_are_named_by_words_or_name(argument, names):
    paper, wanted = read_artifacts([argument], PAPERS, DEFAULT)
    ((_, runs),) = wanted.items()
    assert paper == "pepita"
    assert [run.name for run in runs] == names


def test_all_is_everything_and_parts_add_up():
    read = lambda *arguments: read_artifacts(arguments, PAPERS, DEFAULT)
    everything = {name: artifact.runs for name, artifact in ARTIFACTS.items()}
    assert read("all") == read("pepita") == read("pepita:all") == ("pepita", everything)
    _, two = read("table1:bp,mlp,mnist", "table1:fa,mlp,mnist")
    assert [run.words[0] for run in two["table1"]] == ["bp", "fa"]
    read("all", "table1:bp,mlp,mnist")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "which paper or artifact? Valid: pepita, "),
        (["table2"], "unknown artifact 'table2'; valid: table4, table3, table1, "),
        (["all:bp,mlp,mnist"], "'all:bp,mlp,mnist': all has no parts"),
        (["table1:"], "table1 has no run ''; valid: RULE,MODEL,DATASET"),
        (["table1:bp,mlp"], "table1 has no run 'bp,mlp'; valid: RULE,MODEL,DATASET"),
        (
            ["fig3:bp"],
            "fig3 has no run 'bp'; valid: RULE,MODEL,DATASET (* stands for anything), "
            "pepita_mlp_mnist; see --help",
        ),
    ],
)
def test_an_artifact_that_there_is_not_is_refused(arguments, words):
    with pytest.raises(UserError, match="^" + re.escape(words)):
        read_artifacts(arguments, PAPERS, DEFAULT)
