"""Figure 5's control: noise perturbs the input in place of the error (App. D, Eq. 11)."""

from dataclasses import dataclass
from typing import ClassVar

import jax
from jax import Array

from pepita_jax.errors import require_number
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.pepita import Pepita
from pepita_jax.types import Batch


@dataclass(frozen=True)
class InputNoise(Pepita):
    """PEPITA whose second pass sees projected noise, in place of the projected error.

        h_l^err  = s(W_l h_{l-1}^err),  h_0^err = x + F r k   modulated pass    (Eq. 11)

    All else is as in `pepita`.

    Options:
        noise_scale: k; Fig. 5 uses 0.01, 0.1 and 1.
        noise_low: r is uniform in [noise_low, 1): -1 in the caption of Fig. 5, 0 in App. D.
        presynaptic, output_error, modulation_sign, feedback_scale, feedback_init: as in `pepita`.
    """

    draws_noise: ClassVar[bool] = True

    noise_scale: float = 0.1
    noise_low: float = -1.0

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.noise_low", self.noise_low, below=1)

    def modulation(self, e: Array, batch: Batch) -> Array:
        key = noise_key(self.net, batch)
        return self.noise_scale * jax.random.uniform(key, e.shape, minval=self.noise_low)
