"""The rules of Akrout et al. as their program has them, which differs from their paper."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.networks.bias import Affine, without_biases
from pepita_jax.networks.network import Network
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.bp import BP
from pepita_jax.rules.fa import FA
from pepita_jax.rules.kolen_pollack import KolenPollack
from pepita_jax.types import Batch, Feedback, Updates, Weights

NOISE, MIRROR_RATE = 0.1, 0.01  # width of the mirror's uniform noise, and its learning rate
MIRRORED_BATCHES, BATCH_SIZE = 468, 128  # before learning begins: one pass through MNIST


class InProgram:
    """What the program's rules have in common.

    W_l, b_l, B_l ~ N(0, 1 / (n_{l-1} + n_l))
    db_l = d_l / B       mean over the batch of B: biases are divided by B twice
    """

    splits_batches: ClassVar[bool] = False  # db depends on B

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        is_dense = all(layer.num_positions == 1 for layer in net.layers)
        return None if is_dense and net.has_biases else "needs dense layers with biases"

    def init_params(self, key: Array) -> Weights:
        def draw(l, layer):
            n, m = layer.weight_shape
            drawn = jax.random.normal(jax.random.fold_in(key, l), (n + 1, m)) / jnp.sqrt(n + m)
            return Affine(drawn[:n], drawn[n])

        return tuple(draw(l, layer) for l, layer in enumerate(self.net.layers))

    def init_feedback(self, key: Array, params: Weights = ()) -> Feedback:
        return without_biases(self.init_params(key)[1:])

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        dW, aux = super().pseudo_gradients(params, F, batch)
        return tuple(Affine(W, b / len(batch.label)) for W, b in dW), aux


@dataclass(frozen=True)
class BPInProgram(InProgram, BP):
    """Backpropagation: see `InProgram`."""

    def init_feedback(self, key: Array) -> Feedback:
        return ()


@dataclass(frozen=True)
class FAInProgram(InProgram, FA):
    """Feedback alignment: see `InProgram`."""


@dataclass(frozen=True)
class KolenPollackInProgram(InProgram, KolenPollack):
    """Kolen-Pollack without weight decay, so that W - B does not change: see `InProgram`.

    The angle between W and B falls because both grow by the same updates.
    """

    decay: float = 0.0


@dataclass(frozen=True)
class MirrorInProgram(InProgram, FA):
    """A weight mirror with uniform noise through the whole layer, and without decay.

        u_l  = 0.1 (r - 1/2),  r uniform in [0, 1)       [B, n_{l-1}]
        B_l <- B_l + 0.01 u_l^T s(u_l W_l + b_l)         sum over the batch, each step

    B_l grows without bound: the program has code to normalize B_l, but it changes a copy. The
    program mirrors for one epoch before learning begins. For the rest see `InProgram`.
    """

    feedback_from_weights: ClassVar[bool] = True
    sets_feedback: ClassVar[bool] = True
    draws_noise: ClassVar[bool] = True

    def init_feedback(self, key: Array, params: Weights) -> Feedback:
        of_weights, of_noise = jax.random.split(key)
        step = lambda i, B: self.mirror(params, B, jax.random.fold_in(of_noise, i), BATCH_SIZE)
        return jax.lax.fori_loop(0, MIRRORED_BATCHES, step, super().init_feedback(of_weights))

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        dW, aux = super().pseudo_gradients(params, F, batch)
        key = noise_key(self.net, batch)
        return dW, {**aux, "feedback_value": self.mirror(params, F, key, len(batch.label))}

    def mirror(self, params: Weights, F: Feedback, key: Array, size: int) -> Feedback:
        """B after one step of mirroring `size` samples of noise."""

        def move(l, W, B):
            r = jax.random.uniform(jax.random.fold_in(key, l), (size, len(B)))
            u = NOISE * (r - 0.5)
            return B + MIRROR_RATE * u.T @ jax.nn.sigmoid(u @ W.W + W.b[None])

        layers = enumerate(zip(params[1:], F, strict=True))
        return tuple(move(l, W, B) for l, (W, B) in layers)
