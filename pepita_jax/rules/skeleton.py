"""A rule to copy. Begin with its source: authors, title, venue, year.

1. Copy this file to `my_rules.py` in the root of the repository, and rename its class, for example
   to `Toy`.
2. Write your equations in place of these.
3. Train the class by its path: `--config=configs/default.py:my_rules.Toy,mlp,digits`.
4. Test it against an oracle: a closed form, or a transcription in NumPy.

`docs/how_to/own_rule.md` explains each step, and how the rule becomes a part of the package.
"""

from dataclasses import dataclass
from typing import ClassVar

from jax import Array

from pepita_jax.networks.bias import without_biases
from pepita_jax.rules.base import SignalRule
from pepita_jax.rules.feedback import draw_layer_feedback
from pepita_jax.types import Activity, Feedback, Signals, Weights


# `SignalRule` is for rules of the form dW_l = h_{l-1}^T d_l, which differ in the signals d_l alone.
# For any other form derive from `Rule`, and write `pseudo_gradients(params, F, batch)` yourself:
# shallow.py is the shortest example, pepita.py one with a second forward pass.
@dataclass(frozen=True)
class Skeleton(SignalRule):
    """In one sentence: what reaches the hidden layers. Rows are samples.

        e     = h_L - t                            error, [B, K]
        g_L   = e
        g_l   = (g_{l+1} B_{l+1}^T) * s'(a_l)      hidden layers, [B, n_l]
        d_L   = e                                  output layer
        d_l   = c g_l                              hidden layers
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    Feedback: B_2 ... B_L, fixed, each of the shape of W_l and drawn like it.

    Options:
        strength: c. `--help` shows this docstring; --config.rule.strength=0.5 sets the option.
    """

    # Properties of the rule. These are the defaults, so leave out those that fit. `base.py`
    # explains them all, and what a rule may define: its scores, its initial weights, the networks
    # it suits.
    learns_feedback: ClassVar[bool] = False  # True: also return aux["feedback"], a tree like F
    draws_noise: ClassVar[bool] = False  # True: `signals` gets a key, see also `noise_key`
    splits_batches: ClassVar[bool] = True  # False: it uses more than one image at a time

    # Its options, with types and defaults. Values are checked by type: `float`, or the words of a
    # `Literal`. A field without a type adds no option.
    # A sweep passes numbers as traced arrays; list those that Python compares in `static_options`.
    strength: float = 1.0

    def init_feedback(self, key: Array) -> Feedback:
        return draw_layer_feedback(key, self.net)

    # The F that would make this rule backpropagation; `alignment` measures the angle to it.
    def forward_equivalent(self, params: Weights) -> Feedback:
        return without_biases(params[1:])

    def signals(
        self, params: Weights, F: Feedback, activity: Activity, e: Array, t: Array, key: Array
    ) -> Signals:
        *hidden, output = self.net.backward(activity, F, e)
        return (*(self.strength * d for d in hidden), output)
