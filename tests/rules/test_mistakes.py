"""Mistakes in a rule of one's own: each gets one line that says what is wrong and what to write."""

import re
import sys
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax
import pytest

import pepita_jax as pj
from pepita_jax.rules.checks import checked_updates
from tests.cases import make_batch
from tests.training.unusual import Unusual

NET = pj.mlp((6, 6, 2), 4, hidden=(7,))


def step(rule, net=NET, **options):
    """One compiled step: the message must come while it is traced."""
    optimizer, batch = optax.sgd(0.1), make_batch(net, 6)
    state = pj.init_state(rule, optimizer, jax.random.key(0))
    one = lambda state, batch: pj.train_step(rule, optimizer, state, batch, **options)
    return jax.eval_shape(one, state, batch)


def refused(rule, **options):
    with pytest.raises(pj.UserError) as error:
        step(rule, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


WRONG_SIGNALS = {
    "one alone": (lambda d: d[:1], "(6, 7)"),
    "three": (lambda d: (*d, d[0]), "(6, 7), (6, 4), (6, 7)"),
    "swapped": (lambda d: d[::-1], "(6, 4), (6, 7)"),
    "no batch": (lambda d: [x.sum(0) for x in d], "(7,), (4,)"),
    "none": (lambda d: (), "none"),
    "an array": (lambda d: d[1], "a "),
    "nothing": (lambda d: None, "a NoneType"),
}


@pytest.mark.parametrize("wrong", WRONG_SIGNALS)
def test_signals_of_another_number_or_shape_are_refused(wrong):
    change, got = WRONG_SIGNALS[wrong]

    class Wrong(pj.DFA):
        def signals(self, params, F, activity, e, t, key):
            return change(super().signals(params, F, activity, e, t, key))

    message = refused(Wrong(NET))
    assert "Wrong.signals must give 2 arrays shaped like activity.a: (6, 7), (6, 4); got" in message
    assert message.split("got ")[1].startswith(got)


def test_signals_in_a_list_are_signals():
    class Listed(pj.DFA):
        def signals(self, *arguments):
            return [*super().signals(*arguments)]

    state, batch = Listed(NET).init(jax.random.key(0)), make_batch(NET)
    found, wanted = (rule(NET).pseudo_gradients(*state, batch)[0] for rule in (Listed, pj.DFA))
    assert all(map(jnp.array_equal, found, wanted))


class Noisy(pj.DFA):
    def signals(self, params, F, activity, e, t, key):
        keep = jax.random.bernoulli(key, 0.5, e.shape)
        return (*self.send(F, activity, e * keep), e)


def test_noise_without_draws_noise_is_refused_and_with_it_is_drawn():
    assert "Noisy.signals uses its key, which is None: set draws_noise = True" in refused(
        Noisy(NET)
    )

    class Said(Noisy):
        draws_noise = True

    step(Said(NET))


def test_another_type_error_of_signals_stays_a_bug():
    class Buggy(pj.DFA):
        def signals(self, *arguments):
            return len(3)

    with pytest.raises(TypeError, match="has no len"):
        step(Buggy(NET))


WRONG_UPDATES = {
    "no aux": (lambda dW, aux: dW, "must give (pseudo_gradients, aux)"),
    "an array": (lambda dW, aux: dW[0], "must give (pseudo_gradients, aux)"),
    "nothing": (lambda dW, aux: None, "must give (pseudo_gradients, aux)"),
    "empty aux": (lambda dW, aux: (dW, {}), "must have loss, accuracy; it has nothing"),
    "no accuracy": (lambda dW, aux: (dW, {"loss": aux["loss"]}), "must have loss, accuracy"),
    "one layer": (lambda dW, aux: (dW[:1], aux), "float32[72, 7]"),
    "a list": (lambda dW, aux: ([*dW], aux), "got ['float32[72, 7]', 'float32[7, 4]']"),
    "transposed": (lambda dW, aux: ((dW[0].T, dW[1]), aux), "got ('float32[7, 72]', "),
    "integers": (lambda dW, aux: ((dW[0].astype(int), dW[1]), aux), "got ('int32[72, 7]', "),
}


@pytest.mark.parametrize("images_at_once", [None, 3, 6])
@pytest.mark.parametrize("wrong", WRONG_UPDATES)
def test_updates_unlike_the_weights_or_without_measures_are_refused(wrong, images_at_once):
    change, words = WRONG_UPDATES[wrong]

    class Wrong(pj.BP):
        def pseudo_gradients(self, params, F, batch):
            return change(*super().pseudo_gradients(params, F, batch))

    message = refused(Wrong(NET), images_at_once=images_at_once)
    assert "Wrong" in message
    assert words in message
    state = Wrong(NET).init(jax.random.key(0))
    with pytest.raises(pj.UserError, match=re.escape(words)):  # which a run does first
        pj.analysis.alignment(NET, Wrong(NET), *state, make_batch(NET))


def test_weights_with_biases_need_pseudo_gradients_with_biases():
    net = pj.mlp((6, 6, 2), 4, hidden=(7,), bias=True)

    class Plain(pj.BP):
        def pseudo_gradients(self, params, F, batch):
            dW, aux = super().pseudo_gradients(params, F, batch)
            return tuple(map(tuple, dW)), aux

    with pytest.raises(pj.UserError, match=r"must be like the weights.*Affine\("):
        step(Plain(net), net)


def test_feedback_that_learns_needs_its_pseudo_gradients():
    class Without(pj.PepitaMirrored):
        def pseudo_gradients(self, params, F, batch):
            dW, aux = super().pseudo_gradients(params, F, batch)
            return dW, {name: aux[name] for name in ("loss", "accuracy")}

    class Other(pj.PepitaMirrored):
        def pseudo_gradients(self, params, F, batch):
            dW, aux = super().pseudo_gradients(params, F, batch)
            return dW, {**aux, "feedback": ()}

    assert "must have loss, accuracy, feedback; it has loss, accuracy" in refused(Without(NET))
    assert "must be like the feedback" in refused(Other(NET))


def test_a_second_update_unlike_the_weights_is_refused():
    class Short(Unusual):
        def second_pseudo_gradients(self, *arguments):
            dW, aux = super().second_pseudo_gradients(*arguments)
            return dW[1:], aux

    rule, batch = Short(NET), make_batch(NET)
    assert "the second pseudo-gradients must be like the weights" in refused(rule)
    with pytest.raises(pj.UserError, match="the second pseudo-gradients"):
        pj.analysis.alignment(NET, rule, *rule.init(jax.random.key(0)), batch)


@dataclass(frozen=True)
class Compares(pj.DFA):
    p: float = 0.1
    q: float = 0.1

    def signals(self, params, F, activity, e, t, key):
        return (*self.send(F, activity, e if self.p > 0.5 else 2 * e), e)


@dataclass(frozen=True)
class ComparesAnArray(pj.DFA):
    p: float = 0.1
    q: float = 0.1

    def signals(self, params, F, activity, e, t, key):
        return (*self.send(F, activity, e if e[0, 0] > 0.5 else 2 * e), e)


def test_an_option_that_python_compares_is_named_in_a_sweep():
    numbers = {"rule.p": jnp.float32(0.2), "rule.q": jnp.float32(0.2)}  # as a sweep names them

    def of(rule_class):
        def update(numbers):
            rule = rule_class(NET, numbers["rule.p"], numbers["rule.q"])
            return checked_updates(rule, *rule.init(jax.random.key(0)), make_batch(NET))

        return jax.eval_shape(update, numbers)

    with pytest.raises(pj.UserError, match=r"counts with p, which a sweep traces.*static_options"):
        of(Compares)
    with pytest.raises(jax.errors.TracerBoolConversionError):  # a bug stays one
        of(ComparesAnArray)


def test_a_rule_without_its_equations_is_refused():
    @dataclass(frozen=True)
    class Empty(pj.SignalRule):
        pass

    @dataclass(frozen=True)
    class Emptier(pj.Rule):
        pass

    assert "Empty must define `signals`" in refused(Empty(NET))
    assert "Emptier must define pseudo_gradients" in refused(Emptier(NET))


def test_a_class_that_loses_its_options_is_refused():
    class Lost(pj.DFA):
        limit: float = 0.1

    @dataclass(frozen=True)
    class Kept(Lost):
        strength: float = 1.0

    for lost in (Lost, Kept):  # a decorated subclass does not bring them back
        with pytest.raises(
            pj.UserError, match=r"@dataclass\(frozen=True\) above class Lost.*limit"
        ):
            lost(NET)


HEAD = """from dataclasses import dataclass
import pepita_jax as pj

@dataclass(frozen=True)
class First(pj.DFA):
    limit: float = 0.1

"""
FILES = {
    "not frozen": ("@dataclass\nclass Toy(pj.DFA):\n    p: float = 0.1",
                   "write @dataclass(frozen=True) above"),
    "no dataclass": ("class Toy(pj.DFA):\n    p: float = 0.1",
                     "write @dataclass(frozen=True) above class Toy"),
    "no default": ("@dataclass(frozen=True)\nclass Toy(pj.DFA):\n    p: float",
                   "option 'p' of Toy needs a default"),
    "no default after one": ("@dataclass(frozen=True)\nclass Toy(First):\n    p: float",
                             "every option needs a default"),
    "no class": ("class Second(First):\n    pass", "has no Toy; it has First, Second"),
    "no signals": ("@dataclass(frozen=True)\nclass Toy(pj.SignalRule):\n    pass",
                   "defines no signals"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", FILES)
def test_a_file_with_a_mistake_is_refused(mistake, tmp_path, monkeypatch):
    text, words = FILES[mistake]
    name = f"mistaken_{mistake.replace(' ', '_')}"
    (tmp_path / f"{name}.py").write_text(HEAD + text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(pj.UserError, match=re.escape(words)) as error:
        pj.build_rule(f"{name}.Toy", NET)
    assert "\n" not in str(error.value)
    sys.modules.pop(name, None)
