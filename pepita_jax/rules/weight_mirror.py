"""Weight mirrors (Akrout, Wilson, Humphreys, Lillicrap & Tweed, NeurIPS 2019)."""

from dataclasses import dataclass
from typing import ClassVar

from pepita_jax.errors import require_number
from pepita_jax.rules.base import noise_key
from pepita_jax.rules.fa import FA
from pepita_jax.rules.mirror import draw_layer_noise, mirror_updates
from pepita_jax.types import Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class WeightMirror(FA):
    """Feedback alignment whose feedback learns from noise to mirror the forward weights.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer
        d_l   = (d_{l+1} B_{l+1}^T) * s'(a_l)      hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch
        dB_l  = -u_l^T y_l + decay B_l             mean over B samples of noise, for l > 1

    Rows are samples. Between batches each layer's input is noise u_l with variance `decay`,
    and y_l = u_l W_l is its response, on the linear part of s. The mean of u_l^T y_l is
    decay W_l, so B_l settles at W_l. Convolutions: as in `fa`; in the mirror, the mean is also
    over the positions at which a weight sees the image and not its padding.

    Feedback: B_2 ... B_L, of the shapes of the weights; they learn, by the optimizer of
    the weights or by one of their own.

    Options:
        decay: decay of B, and variance of the noise. Large values learn faster, small ones more
            accurately.
    """

    learns_feedback: ClassVar[bool] = True
    draws_noise: ClassVar[bool] = True

    decay: float = 0.01

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.decay", self.decay, above=0)

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        dW, aux = super().pseudo_gradients(params, F, batch)
        layers, key = self.net.layers[1:], noise_key(self.net, batch)
        u = draw_layer_noise(key, layers, len(batch.image), self.decay)
        return dW, {**aux, "feedback": mirror_updates(layers, params[1:], F, u, self.decay)}
