"""A run of your own rule goes on with the code that it began with, and refuses any other."""

import sys

import optax
import pytest

import pepita_jax as pj
from pepita_jax.runs.identity import with_code
from pepita_jax.runs.run import run
from tests.reliability.runs import make_config

RULE = """
from dataclasses import dataclass
import pepita_jax as pj

class Base(pj.BP):
    def signals(self, params, F, activity, e, t, key):
        return tuple(0.5 * d for d in super().signals(params, F, activity, e, t, key))

@dataclass(frozen=True)
class Half(Base):
    '''Half of BP.'''
"""


@pytest.fixture
def rewrite(tmp_path, monkeypatch):
    """Writes the file of a rule, as a new process would find it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text):
        (tmp_path / "half_rule.py").write_text(text)
        sys.modules.pop("half_rule", None)
        return with_code({"rule": {"name": "half_rule.Half"}}).get("rule_code")

    yield write
    sys.modules.pop("half_rule", None)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Half of BP.", "The half.", True),
        ("return tuple(", "return tuple(  # a comment\n            ", True),
        ("\nclass Base", "\n\n\nunused = 3\n\nclass Base", True),
        ("0.5 * d", "0.25 * d", False),
        ("'''Half of BP.'''", "'''Half of BP.'''\n    scale: float = 1.0", False),
    ],
)
def test_only_a_change_of_code_is_another_code(old, new, same, rewrite):
    assert old in RULE
    first, second = rewrite(RULE), rewrite(RULE.replace(old, new))
    assert len(first) == 12
    assert (first == second) is same


def test_rules_of_the_package_and_classes_of_functions_have_no_code():
    for name in ("pepita", "tests.runs.test_own_code.f.<locals>.Toy"):
        assert "rule_code" not in with_code({"rule": {"name": name}})


def test_a_run_goes_on_with_the_code_that_it_began_with_alone(tmp_path, rewrite):
    rewrite(RULE)
    choice, folder = "half_rule.Half,mlp,digits", tmp_path / "run"
    run(make_config(choice, num_epochs=1), folder, progress=False)
    rewrite(RULE.replace("0.5", "0.25"))
    with pytest.raises(pj.UserError, match=r"the code of half_rule\.Half has changed; use another"):
        run(make_config(choice, num_epochs=2), folder, progress=False)
    rewrite(RULE)
    run(make_config(choice, num_epochs=2), folder, progress=False)
    assert pj.load_run(folder).history["test_accuracy"].shape == (2, 2)


def test_a_script_goes_on_with_the_code_that_it_began_with_alone(tmp_path, rewrite):
    data = pj.load_dataset("digits")

    def train(text, num_epochs):
        rewrite(text)
        import half_rule

        rule = half_rule.Half(pj.mlp((8, 8, 1), 10, hidden=(8,)))
        options = {"num_seeds": 2, "num_epochs": num_epochs, "progress": False}
        options |= {"train": data.train, "test": data.test, "workdir": tmp_path / "run"}
        return pj.train(rule.net, rule, optax.sgd(0.01), **options)

    train(RULE, 1)
    with pytest.raises(pj.UserError, match="the code of half_rule"):
        train(RULE.replace("0.5", "0.25"), 2)
    assert len(train(RULE, 2).history["train_accuracy"][0]) == 2
