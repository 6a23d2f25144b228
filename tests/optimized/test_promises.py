"""What optimizations could break: equations, the bits of a resumed run, seeds side by side."""

import os
import signal

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pepita_jax import build_rule
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from tests import reference
from tests.cases import make_batch, make_network, make_params, to_numpy
from tests.experiments.commands import command
from tests.reliability.runs import assert_same_run
from tests.reliability.test_killed import COMMAND, train_and_kill
from tests.rules import test_direct_feedback as direct
from tests.rules import test_layerwise_feedback as layerwise
from tests.training.trainers import make_net


def test_all_optimizations_are_on():
    """Machine code is longer than without them: loops are unrolled and vectorized."""
    without = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    lowered = jax.jit(lambda x: jnp.tanh(x @ x) + x.sum()).lower(jnp.ones((8, 8)))
    found, plain = (
        len(lowered.compile(compiler_options=options).runtime_executable().serialize())
        for options in (None, without)
    )
    assert found > 1.1 * plain
    assert "XLA_FLAGS" not in os.environ


def of_pepita(net, W, F, batch, **options):
    masks = to_numpy(net.draw_dropout(batch.key, len(batch.image)))
    t = np.asarray(net.one_hot(batch.label))
    return reference.pepita(net, W, F, batch.image, t, masks, **options)


def of_pepita_hebbian(net, W, F, batch):
    return of_pepita(net, W, F, batch, update="hebbian")


def of_pepita_mirrored(net, W, B, batch):
    F = build_rule("pepita_mirrored", net).input_feedback(tuple(map(jnp.asarray, B)))
    return of_pepita(net, W, np.asarray(F, float), batch, sign=-1)


def of_sign_symmetry(net, W, M, batch):
    B = [np.sign(w) * m for w, m in zip(W[1:], M, strict=True)]
    return layerwise.transcribed(net, W, B, batch)


def of_bp(net, W, _, batch):
    return layerwise.transcribed(net, W, W[1:], batch)


def of_kolen_pollack(net, W, B, batch):
    dW = layerwise.transcribed(net, W, B, batch)
    return [dW_l + 1e-4 * W_l for dW_l, W_l in zip(dW, W, strict=True)]


def of_shallow(net, W, _, batch):
    *hidden, last = of_bp(net, W, _, batch)
    return [*map(np.zeros_like, hidden), last]


def transcribed(name, *arguments):
    if name in direct.EQUATIONS:
        return direct.transcribed(name, *arguments)
    of = {
        "pepita": of_pepita, "pepita_hebbian": of_pepita_hebbian,
        "pepita_mirrored": of_pepita_mirrored, "bp": of_bp, "shallow": of_shallow,
        "sign_symmetry": of_sign_symmetry, "kolen_pollack": of_kolen_pollack,
    }  # fmt: skip
    return of.get(name, layerwise.transcribed)(*arguments)


TRANSCRIBED = ("pepita", "fa", "drtp")


@pytest.mark.parametrize("name", TRANSCRIBED)
def test_pseudo_gradients_are_their_equations_sample_by_sample(name):
    net = make_network("conv, hidden layer")
    rule, params, batch = build_rule(name, net), make_params(net), make_batch(net)
    F = rule.init_feedback(jax.random.key(3))
    found, _ = jax.jit(rule.pseudo_gradients)(params, F, batch)
    W, F, image = jax.tree.map(lambda x: np.asarray(x, float), (params, F, batch.image))
    wanted = transcribed(name, net, W, F, batch._replace(image=image))
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_bits(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert train_and_kill(killed, 40).returncode == -signal.SIGKILL
    for workdir in (whole, killed):
        done = command("train", *COMMAND, f"--workdir={workdir}")
        assert done.returncode == 0, done.stderr
    assert_same_run(killed, whole)


def before_and_after(keys, layout, model):
    """Weights of each seed, at first and after an epoch of five steps."""
    net = make_net(model)
    rule, sgd = build_rule("pepita", net), optax.sgd(0.05, momentum=0.9)
    batch = make_batch(net, size=20)
    trainer = SeedTrainer(rule, sgd, batch[:2], 4, keys, layout, jax.devices()[:1])
    states = trainer.init()
    initial = jax.tree.map(np.array, states.params)
    states, _ = trainer.train_epoch(states, 1)
    return initial, to_numpy(states.params)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["mlp", "conv"])
def test_seeds_side_by_side_are_what_each_is_alone(model):
    keys = seed_keys(0, 5)
    together = before_and_after(keys, 0, model)
    for k in (0, 4):
        alone = before_and_after(keys[k : k + 1], 1, model)
        found = jax.tree.map(lambda x, k=k: x[k : k + 1], together)
        jax.tree.map(np.testing.assert_array_equal, found[0], alone[0])
        close = lambda one, other: np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
        jax.tree.map(close, found[1], alone[1])
