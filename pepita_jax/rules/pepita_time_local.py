"""PEPITA-TL (Srinivasan et al., "Forward Learning with Top-Down Feedback", ICLR 2024)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp

from pepita_jax.data.images import to_float
from pepita_jax.rules.pepita import InputModulation
from pepita_jax.types import Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class PepitaTimeLocal(InputModulation):
    """`pepita_hebbian` whose first pass changes the weights before the second one begins.

    In column vectors, for one sample, with an optimizer step after each pass:

        h_l      = s(W_l h_{l-1}),      h_0     = x           standard pass, first step
        dW_l     = h_l h_{l-1}^T                              all layers
        e        = h_L - t                                    error, [B, K]

        h_l^err  = s(W_l h_{l-1}^err),  h_0^err = x + F e     modulated pass, second step
        dW_l     = -h_l^err (h_{l-1}^err)^T                   hidden layers
        dW_L     = -t (h_{L-1}^err)^T                         output layer

    All dW are means over the batch, to be descended. No activity is kept from one pass to the next.
    As the learning rate goes to 0, the two steps approach the step of `pepita_hebbian`, which
    versions before 0.2 called time-local. Filters and dropout: as in `pepita`.

    Feedback: F, as in `pepita`.

    Options:
        modulation_sign: 1 for x + F e, -1 for x - F e, as the authors' program has it.
        feedback_scale: as in `pepita`.
        feedback_init: as in `pepita`.
    """

    steps_per_batch: ClassVar[int] = 2
    splits_batches: ClassVar[bool] = False  # each pass takes the whole batch

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))
        standard = net.forward(params, batch.image, masks)

        dW = self.per_position(net.hebbian(standard.x, standard.h))
        return dW, {**net.measure(standard.a[-1], batch.label), "error": standard.h[-1] - t}

    def second_pseudo_gradients(
        self, params: Weights, F: Feedback, batch: Batch, aux: dict[str, Any]
    ) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(batch.image))
        Fe = jnp.tensordot(self.modulation_sign * aux["error"], F, 1)
        modulated = net.forward(params, to_float(batch.image) + Fe, masks)

        by_activity = (*(-h_err for h_err in modulated.h[:-1]), -t)
        return self.per_position(net.hebbian(modulated.x, by_activity)), aux
