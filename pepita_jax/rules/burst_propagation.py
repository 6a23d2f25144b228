"""Burst propagation (Payeur, Guerguiev, Zenke, Richards & Naud, Nature Neuroscience 2021)."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from pepita_jax.errors import require_number
from pepita_jax.networks.network import Network
from pepita_jax.rules.fa import FA
from pepita_jax.types import Activity, Feedback, Signals, Weights


@dataclass(frozen=True)
class BurstPropagation(FA):
    """Units send events h upwards and bursts p h downwards. A teacher changes the output's burst
    probability p; each unit learns from the change of its own p. Rows are samples.

        p_L   = p_0                   without a teacher, [B, K]
        p^t_L = p_0 (1 + (t - h_L) * (1 - h_L))            with one
        p_l   = s((p_{l+1} * h_{l+1}) B_{l+1}^T * (1 - h_l))      hidden layers, [B, n_l]
        p^t_l = s((p^t_{l+1} * h_{l+1}) B_{l+1}^T * (1 - h_l))
        d_l   = (p_l - p^t_l) * h_l                        all layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                              mean over the batch

    s is the logistic function, whose values are h and p. The output layer descends p_0 times the
    squared error `|h_L - t|^2 / 2`. With small feedback, B = kappa B', the hidden layers learn as
    in feedback alignment through B', times p_0 (kappa / 4)^{L-l}. We leave out three parts of the
    paper: the recurrent weights that keep p_l near 1/2 without a teacher, the other learning rate
    of the output layer, and the larger initial weights. Convolutions: as in `fa`. Dropout silences
    events, and so bursts.

    Feedback: B_2 ... B_L, fixed, each of the shape of W_l and drawn like it, times a scale.

    Options:
        burst_probability: p_0.
        feedback_scale: the scale of B. Large feedback saturates the p_l.
    """

    burst_probability: float = 0.2
    feedback_scale: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        require_number("rule.burst_probability", self.burst_probability, above=0, below=1)

    @classmethod
    def unsuited(cls, net: Network) -> str | None:
        activations = {layer.activation or net.activation for layer in net.layers[:-1]}
        if activations <= {"sigmoid"} and net.output == "sigmoid" and not net.normalize:
            return None
        return "needs activation sigmoid, output sigmoid, and no normalize"

    def init_feedback(self, key: Array) -> Feedback:
        return jax.tree.map(lambda B: self.feedback_scale * B, super().init_feedback(key))

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        h_L, p_0 = activity.h[-1], self.burst_probability
        p = self.send_bursts(F, activity, jnp.full_like(h_L, p_0))
        p_t = self.send_bursts(F, activity, p_0 * (1 + (t - h_L) * (1 - h_L)))
        layers = zip(p, p_t, activity.h, strict=True)
        return tuple((p_l - p_t_l) * h_l for p_l, p_t_l, h_l in layers)

    def send_bursts(self, F: Feedback, activity: Activity, p_L: Array) -> Signals:
        """The burst probabilities `p_1 ... p_L`, from that of the output layer down."""
        p = [p_L]
        for l in reversed(range(len(F))):
            bursts = self.net.layers[l + 1].backward(p[0] * activity.h[l + 1], F[l])
            apical = self.net.through_pooling(l, activity, bursts)
            p.insert(0, jax.nn.sigmoid(apical * (1 - jax.nn.sigmoid(activity.a[l]))))
        return tuple(p)
