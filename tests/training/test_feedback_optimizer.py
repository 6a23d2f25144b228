"""Feedback that learns, with an optimizer of its own."""

from itertools import pairwise

import jax
import numpy as np
import optax
import pytest

import pepita_jax as pj
from tests.cases import make_batch
from tests.training.trainers import make_net

RULE = pj.KolenPollack(make_net())
SGD, OTHER = optax.sgd(0.1, momentum=0.9), optax.sgd(0.02)


def train(feedback_optimizer, steps=3):
    state = pj.init_state(RULE, SGD, jax.random.key(0), feedback_optimizer)
    batch, states = make_batch(RULE.net, size=8), [state]
    for _ in range(steps):
        step = pj.train_step(RULE, SGD, state, batch, feedback_optimizer=feedback_optimizer)
        state = step[0]
        states.append(state)
    return batch, states


def test_feedback_descends_by_its_own_optimizer_and_the_weights_by_theirs():
    batch, states = train(OTHER)
    F, velocity = np.asarray(states[0].feedback[0]), 0
    for before, after in pairwise(states):
        dW, aux = RULE.pseudo_gradients(before.params, before.feedback, batch)
        F = F - 0.02 * np.asarray(aux["feedback"][0])
        np.testing.assert_allclose(after.feedback[0], F, rtol=1e-5, atol=1e-7)
        velocity = 0.9 * velocity + np.asarray(dW[1])
        wanted = np.asarray(before.params[1]) - 0.1 * velocity
        np.testing.assert_allclose(after.params[1], wanted, rtol=1e-5, atol=1e-6)


def test_without_one_of_its_own_feedback_has_the_weights_optimizer():
    (_, plain), (_, same) = train(None), train(SGD)
    jax.tree.map(np.testing.assert_array_equal, plain, same)


def test_fixed_feedback_takes_none():
    rule, batch = pj.FA(make_net()), make_batch(make_net())
    message = "feedback_optimizer is for feedback that learns; that of FA does not"
    with pytest.raises(pj.UserError, match=message):
        pj.init_state(rule, SGD, jax.random.key(0), OTHER)
    state = pj.init_state(rule, SGD, jax.random.key(0))
    with pytest.raises(pj.UserError, match=message):
        pj.train_step(rule, SGD, state, batch, feedback_optimizer=OTHER)
