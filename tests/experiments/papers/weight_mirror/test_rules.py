"""The rules of the authors' program, against its equations in NumPy and against the library's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.papers.weight_mirror import rules
from pepita_jax import Batch, build_network, build_rule

NET = build_network(
    "mlp", input_shape=(4, 3, 1), num_classes=5, hidden=(6,), activation="sigmoid",
    output="sigmoid", bias=True, dropout=0.0,
)  # fmt: skip
PAIRS = {"BPInProgram": "bp", "FAInProgram": "fa", "KolenPollackInProgram": "kolen_pollack"}


def make_batch(size=7):
    keys = jax.random.split(jax.random.key(1), 3)
    image, label = jax.random.uniform(keys[0], (size, 4, 3, 1)), jnp.arange(size) % 5
    return Batch(image, label, keys[2])


@pytest.mark.parametrize(("name", "usual"), PAIRS.items())
def test_it_is_the_usual_rule_whose_biases_are_divided_by_the_batch_once_more(name, usual, float64):
    rule = getattr(rules, name)(NET)
    options = {"decay": 0.0} if usual == "kolen_pollack" else {}
    params, F = rule.init(jax.random.key(0))
    batch = make_batch()
    found, aux = rule.pseudo_gradients(params, F, batch)
    wanted, aux_usual = build_rule(usual, NET, **options).pseudo_gradients(params, F, batch)
    for (W, b), (W_usual, b_usual) in zip(found, wanted, strict=True):
        np.testing.assert_allclose(W, W_usual, rtol=1e-12)
        np.testing.assert_allclose(7 * b, b_usual, rtol=1e-12)
    for one, other in zip(aux.get("feedback", ()), aux_usual.get("feedback", ()), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_weights_biases_and_feedback_have_one_variance_per_layer():
    net = build_network("mlp", input_shape=(20, 20, 1), num_classes=300, hidden=(500,), bias=True)
    params, F = rules.FAInProgram(net).init(jax.random.key(0))
    for (W, b), fan in zip(params, (400 + 500, 500 + 300), strict=True):
        assert np.std(W) * np.sqrt(fan) == pytest.approx(1, abs=0.01)
        assert np.std(b) * np.sqrt(fan) == pytest.approx(1, abs=0.15)  # a few hundred numbers
    assert np.std(F[0]) * np.sqrt(800) == pytest.approx(1, abs=0.01)
    assert not np.array_equal(F[0], params[1].W)


def test_the_mirror_sums_noise_times_the_layer_s_answer_over_samples(float64):
    rule = rules.MirrorInProgram(NET)
    params, (B,) = rule.init(jax.random.key(0))
    key = jax.random.key(4)
    (moved,) = rule.mirror(params, (B,), key, 3)
    noise = 0.1 * (np.asarray(jax.random.uniform(jax.random.fold_in(key, 0), (3, 6))) - 0.5)
    W, b = map(np.asarray, params[1])
    answer = 1 / (1 + np.exp(-(noise @ W + b)))
    wanted = B + 0.01 * sum(map(np.outer, noise, answer))
    np.testing.assert_allclose(moved, wanted, rtol=1e-12)


def test_feedback_has_been_mirrored_for_an_epoch_and_moves_with_every_step():
    rule = rules.MirrorInProgram(NET)
    params = rule.init_params(jax.random.key(0))
    (B,) = rule.init_feedback(jax.random.key(2), params)
    (drawn,) = super(rules.MirrorInProgram, rule).init_feedback(
        jax.random.split(jax.random.key(2))[0]
    )
    W = params[1].W
    toward = np.corrcoef(np.ravel(B - drawn), np.ravel(W))[0, 1]
    assert toward > 0.5
    _, aux = rule.pseudo_gradients(params, (B,), make_batch())
    assert not np.array_equal(aux["feedback_value"][0], B)
