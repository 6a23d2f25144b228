"""Difference target propagation (Lee, Zhang, Fischer & Bengio, ECML PKDD 2015).

The difference in the loss of the feedback is from Meulemans, Carzaniga, Suykens, Sacramento &
Grewe, "A Theoretical Framework for Target Propagation", NeurIPS 2020.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require_number
from pepita_jax.networks.bias import without_bias, without_biases
from pepita_jax.networks.nonlinearities import ACTIVATIONS
from pepita_jax.rules.base import Rule, noise_key
from pepita_jax.rules.feedback import draw_layer_feedback
from pepita_jax.rules.mirror import draw_layer_noise
from pepita_jax.types import Activity, Batch, Feedback, Masks, Signals, Updates, Weights


@dataclass(frozen=True)
class DifferenceTargetPropagation(Rule):
    """Learned, approximate inverses carry targets to the hidden layers. Rows are samples.

        e        = h_L - t                            error, [B, K]
        t_L      = a_L - step e                       target of the scores a_L = h_{L-1} W_L
        G_l(h)   = h B_l^T                            feedback, from layer l to layer l - 1
        t_{l-1}  = h_{l-1} + G_l(t_l) - G_l(h_l)      targets of the hidden layers
        d_l      = ((h_l - t_l) / step) * s'(a_l)     hidden layers, [B, n_l]
        d_L      = e                                  output layer
        dW_l     = h_{l-1}^T d_l                      mean over the batch
        h_l^n    = s((h_{l-1} + n) W_l)               with noise n = noise N(0, 1)
        dB_l     = gradient of |G_l(h_l^n) - G_l(h_l) - n|^2 / 2

    For l = L, feedback sees the scores a_L in place of h_L. Pooling, dropout and `normalize` are
    a part of h_l. Convolutions: the feedback is a transposed convolution, and a pooled value
    returns to its whole window.

    Feedback: B_2 ... B_L, of the shapes of the weights and drawn like them; they learn, by the
    optimizer of the weights or by one of their own. B = W is backpropagation in a linear network.

    Options:
        step: the distance from the scores to their target, in units of the error. A linear inverse
            sends e down through B_L^T ... B_{l+1}^T whatever the step.
        noise: standard deviation of the noise.
        reconstruction: G_l learns to give back the `difference` n, as above, or `all` of h_{l-1} +
            n, by the loss `|G_l(h_l^n) - h_{l-1} - n|^2 / 2` of Lee et al. In Meulemans et al. the
            noise also goes on to the scores and comes back through the feedback of all layers
            above.
        inverse: G_l is `linear`, as above, or `activated`: s(h B_l^T), as in Lee et al.
        last_step: `feedback`, as above, or `weights`, as in Lee et al.: t_{L-1} = h_{L-1} - step e
            W_L^T without a B_L. A network with one hidden layer then learns as in backpropagation.
    """

    learns_feedback: ClassVar[bool] = True
    draws_noise: ClassVar[bool] = True
    nears_gauss_newton: ClassVar[bool] = True

    step: float = 0.1
    noise: float = 0.1
    reconstruction: Literal["difference", "all"] = "difference"
    inverse: Literal["linear", "activated"] = "linear"
    last_step: Literal["feedback", "weights"] = "feedback"

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.step", self.step, above=0)
        require_number("rule.noise", self.noise, above=0)

    def init_feedback(self, key: Array) -> Feedback:
        return self.with_inverse(draw_layer_feedback(key, self.net))

    def forward_equivalent(self, params: Weights) -> Feedback:
        return self.with_inverse(without_biases(params[1:]))

    def with_inverse(self, layers: tuple[Any, ...]) -> tuple[Any, ...]:
        """The entries of layers 2 to L that have feedback."""
        return layers if self.last_step == "feedback" else layers[:-1]

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, key = self.net, noise_key(self.net, batch)
        masks = net.draw_dropout(batch.key, len(batch.image))
        activity = net.forward(params, batch.image, masks)
        e = activity.h[-1] - net.one_hot(batch.label)
        dW = net.hebbian(activity.x, self.signals(params, F, activity, e))
        dB = jax.grad(self.reconstruction_loss)(F, params, activity, key)
        return dW, {**net.measure(activity.a[-1], batch.label), "feedback": dB}

    def signals(self, params: Weights, F: Feedback, activity: Activity, e: Array) -> Signals:
        """`d_1 ... d_L`, see `SignalRule`."""
        layers, masks = self.net.layers, activity.masks
        d, difference = [e], e
        for l in reversed(range(1, len(layers))):
            if l > len(F):  # no G_L
                difference = layers[l].backward(e, params[l])
            else:  # (h_{l-1} - t_{l-1}) / step, from layer l's
                h, G = self.send(l, activity.a[l], masks), partial(self.G, l, F[l - 1], masks)
                difference = (G(h) - G(h - self.step * difference)) / self.step
            send = partial(self.send, l - 1, masks=masks)
            d[:0] = jax.vjp(send, activity.a[l - 1])[1](difference)
        return tuple(d)

    def reconstruction_loss(
        self, F: Feedback, params: Weights, activity: Activity, key: Array
    ) -> Array:
        """The loss whose gradient is dB: a mean over the batch, summed over layers."""
        layers, masks = self.with_inverse(self.net.layers[1:]), activity.masks
        size = len(activity.a[0])
        noise = draw_layer_noise(key, layers, size, self.noise**2)
        loss = jnp.zeros(())
        for l, (layer, B, n) in enumerate(zip(layers, F, noise, strict=True), 1):
            G, send = partial(self.G, l, B, masks), partial(self.send, masks=masks)
            a, h = activity.a[l], send(l - 1, activity.a[l - 1])
            moved = a + layer.multiply(n, without_bias(params[l]))  # of h + n
            error = G(send(l, moved)) - (h + n)
            if self.reconstruction == "difference":
                error = error - (G(send(l, a)) - h)
            loss += jnp.square(error).sum() / (2 * size)
        return loss

    def send(self, l: int, a: Array, masks: Masks) -> Array:
        """What layer l (from 0) sends on: its pooled activity; the last layer sends the scores."""
        if l == len(self.net.layers) - 1:
            return a
        return self.net.layers[l].downstream(self.net.activate(l, a, masks), masks[l + 1])

    def G(self, l: int, B: Array, masks: Masks, h: Array) -> Array:
        """The feedback from what layer l (from 0) sends to what the layer below sends."""
        layer, mask = self.net.layers[l], (*masks, None)[l + 1]

        def linear(x):
            h = layer.downstream(layer.multiply(x, B), linear=True)
            return h if mask is None else h * mask

        x = jax.ShapeDtypeStruct((len(h), *layer.input_shape), h.dtype)
        (a,) = jax.linear_transpose(linear, x)(h)
        s = ACTIVATIONS[self.net.layers[l - 1].activation or self.net.activation]
        return s(a) if self.inverse == "activated" else a
