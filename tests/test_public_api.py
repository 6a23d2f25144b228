"""The public names: typed, explained, with examples that run, and printed without weights."""

import doctest
import inspect
import pkgutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import jax
import numpy as np
import optax
import pytest

import pepita_jax as pj
from configs.presets import MODEL_OF_RULE
from pepita_jax.history import History
from pepita_jax.runs.run import run
from tests.reliability.runs import make_config

PUBLIC = {name: getattr(pj, name) for name in pj.__all__}
FUNCTIONS = {name: f for name, f in PUBLIC.items() if inspect.isfunction(f)}
CLASSES = {name: c for name, c in PUBLIC.items() if inspect.isclass(c)}


def own(function):
    """Whether it is written in the library, rather than made by a decorator or a base class."""
    return inspect.isfunction(function) and "pepita_jax" in inspect.getfile(function)


def methods(cls):
    """The public functions and properties of a class that are written in the library."""
    for base in cls.__mro__:
        for name, member in vars(base).items():
            function = member.fget if isinstance(member, property) else member
            if own(function) and (not name.startswith("_") or name == "__repr__"):
                yield f"{base.__name__}.{name}", function


def missing_types(function):
    signature = inspect.signature(function)
    arguments = [p for p in signature.parameters.values() if p.name != "self"]
    missing = [p.name for p in arguments if p.annotation is p.empty]
    return missing + ["result"] * (signature.return_annotation is signature.empty)


def modules(package):
    return [found.name for found in pkgutil.walk_packages(package.__path__, "pepita_jax.")]


def with_examples():
    is_one = lambda name: ">>>" in Path(find_spec(name).origin).read_text()
    return [name for name in modules(pj) if is_one(name)]


def test_every_argument_and_result_has_a_type():
    found = {name: f for name, f in vars(pj.analysis).items() if own(f)} | FUNCTIONS
    for cls in CLASSES.values():
        found |= dict(methods(cls))
    assert {name: missing_types(f) for name, f in found.items() if missing_types(f)} == {}


def test_a_function_without_types_would_be_found():
    def untyped(a, b: int, *c, d=1):
        del a, b, c, d

    assert missing_types(untyped) == ["a", "c", "d", "result"]


def test_every_name_is_explained():
    made = {name: c.__doc__.startswith(f"{name}(") for name, c in CLASSES.items()}  # by dataclass
    assert not any(made.values()), made
    assert all(f.__doc__ for f in FUNCTIONS.values())


def test_every_rule_is_a_public_class():
    assert set(pj.RULES.values()) <= set(CLASSES.values())


def test_the_names_are_sorted_and_each_function_has_an_example():
    case = lambda name: (not name.isupper(), name.islower(), name)  # as ruff sorts them
    assert pj.__all__ == sorted(pj.__all__, key=case)
    assert [name for name, f in FUNCTIONS.items() if ">>>" not in f.__doc__] == []


@pytest.mark.parametrize("module", with_examples())
def test_examples_print_what_they_say(module, tmp_path, monkeypatch):
    if module == "pepita_jax.runs.load":
        run(make_config("pepita,mlp,digits", num_epochs=1), tmp_path / "runs" / "digits")
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(import_module(module)).failed == 0


def test_a_rule_prints_the_options_that_are_no_defaults():
    net = pj.mlp((8, 8, 1), 10, hidden=())
    found = repr(pj.Pepita(net, modulation_sign=-1, feedback_scale=float("0.05")))
    assert found == "Pepita(Network(8x8x1: dense 10; relu, softmax), modulation_sign=-1)"
    traced = []
    show = lambda scale: traced.append(repr(pj.Pepita(net, feedback_scale=scale)))
    jax.eval_shape(show, 0.05)
    assert "feedback_scale=" in traced[0]


@pytest.mark.parametrize("name", pj.RULES)
def test_no_record_prints_its_arrays(name):
    net = pj.mlp((8, 8, 1), 10, hidden=(12,), **MODEL_OF_RULE.get(name, {}))
    rule = pj.build_rule(name, net)
    state = pj.init_state(rule, optax.adam(0.1), jax.random.key(0))
    image, label = np.full((3, 8, 8, 1), 0.123), np.full(3, 7)
    figures = {"test_accuracy": np.full((2, 1), 0.123), "seconds": np.full((2, 1), 0.123)}
    history = History(figures, range(2))
    config = {"rule": {"name": name}, "dataset": "digits"}
    weights = state.params, state.feedback
    records = {
        "Batch": pj.Batch(image, label, jax.random.key(1)),
        "Network": net,
        "Result": pj.Result(*weights, history),
        "Run": pj.Run(net, rule, *weights, config, history, {}, [0, 1]),
        "TrainState": state,
        type(rule).__name__: rule,
    }
    for kind, record in records.items():
        text = repr(record)
        assert text.startswith(f"{kind}("), text
        assert "rray(" not in text, text
        assert not any(mark in text for mark in ("0.123", "[[", "\n")), text
