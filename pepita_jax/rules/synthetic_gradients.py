"""Synthetic gradients (Jaderberg, Czarnecki, Osindero, Vinyals, Graves, Silver & Kavukcuoglu,
"Decoupled Neural Interfaces using Synthetic Gradients", ICML 2017).
"""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jax import Array

from pepita_jax.rules.base import Rule
from pepita_jax.rules.feedback import downstream_products
from pepita_jax.types import Activity, Batch, Feedback, Updates, Weights


@dataclass(frozen=True)
class SyntheticGradients(Rule):
    """Each hidden layer learns from a prediction of its gradient, made from its activity and the
    target ("cDNI"). It need not wait for the layers above. Rows are samples.

        e      = h_L - t                               error, [B, K]
        g_l    = h_l A_l + t C_l                       predicted gradient at h_l, [B, n_l]
        d_L    = e                                     output layer
        d_l    = g_l * s'(a_l)                         hidden layers
        dW_l   = h_{l-1}^T d_l                         mean over the batch
        r_l    = g_l - d_{l+1} W_{l+1}^T               error of the prediction
        dA_l   = h_l^T r_l,   dC_l = t^T r_l           means over the batch

    The last hidden layer predicts the gradient; a layer below predicts what the layer above it
    sends down. Convolutions: A_l is a 1x1 convolution, C_l has a value for each filter and
    position, before pooling. The paper predicts there by networks of several convolutions.

    Feedback: `A_l [n_l, n_l]` and `C_l [K, *shape of h_l]` for each hidden layer. They begin at
    zero, where hidden layers do not change. They learn, by the optimizer of the weights or by one
    of their own (Adam in the presets, as in the paper).
    """

    learns_feedback: ClassVar[bool] = True

    def init_feedback(self, key: Array) -> Feedback:
        shapes = [layer.activity_shape for layer in self.net.layers[:-1]]
        A = lambda shape: jnp.zeros((shape[-1], shape[-1]))
        C = lambda shape: jnp.zeros((self.net.num_classes, *shape))
        return tuple((A(shape), C(shape)) for shape in shapes)

    def forward_equivalent(self, params: Weights) -> Feedback:
        """The gradient of a linear network with squared error: `A = P P^T`, `C = -P^T`.

        P is the product of the weights above. For convolutions, A is the mean over positions.
        """

        def of(P):  # transposed
            by_position = P.reshape(len(P), -1, P.shape[-1])
            A = jnp.tensordot(by_position, by_position, ((0, 1), (0, 1)))
            return A / by_position.shape[1], -P

        return tuple(map(of, downstream_products(self.net, params)))

    def pseudo_gradients(self, params: Weights, F: Feedback, batch: Batch) -> Updates:
        net, t = self.net, self.net.one_hot(batch.label)
        masks = net.draw_dropout(batch.key, len(t))
        activity = net.forward(params, batch.image, masks)
        hidden = activity.h[:-1]

        pairs = zip(hidden, F, strict=True)
        g = [jnp.tensordot(h, A, 1) + jnp.tensordot(t, C, 1) for h, (A, C) in pairs]
        e = activity.h[-1] - t
        d = (*(net.through_activation(l, activity, g_l) for l, g_l in enumerate(g)), e)
        r = [g_l - self.from_above(l, params, activity, d[l + 1]) for l, g_l in enumerate(g)]
        dF = tuple(self.learn(h, t, r_l) for h, r_l in zip(hidden, r, strict=True))
        aux = net.measure(activity.a[-1], batch.label)
        return net.hebbian(activity.x, d), {**aux, "feedback": dF}

    def from_above(self, l: int, params: Weights, activity: Activity, d: Array) -> Array:
        """A signal at the pre-activation of layer l + 1 (from 0), sent to the activity of l."""
        sent = self.net.layers[l + 1].backward(d, params[l + 1])
        return self.net.through_pooling(l, activity, sent)

    def learn(self, h: Array, t: Array, r: Array) -> tuple[Array, Array]:
        """The updates `dA` and `dC` of a layer."""
        each = tuple(range(h.ndim - 1))  # sample, and position
        return jnp.tensordot(h, r, (each, each)) / len(t), jnp.tensordot(t, r, (0, 0)) / len(t)
