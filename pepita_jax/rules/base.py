"""What every learning rule shares: its signature and Hebbian products."""

from dataclasses import dataclass

from pepita_jax.network import Network


@dataclass(frozen=True)
class Rule:
    """A learning rule on a network; subclasses add their options as fields.

    Fields annotated with `Literal` take only the values listed there, `float` any finite number.
    """

    net: Network

    def init_feedback(self, key):
        """Draws the rule's feedback F, a pytree; `()` for a rule without feedback."""
        del key
        return ()

    def pseudo_gradients(self, params, F, batch):
        """The updates that an optimizer descends, for one `Batch` of size B.

        Args:
            params: weights, one array a layer.
            F: feedback, as from `init_feedback`.
            batch: images, labels and the key of this step.

        Returns:
            `(pseudo_gradients, aux)`: arrays like `params`, means over the batch; and the
            `loss` and `accuracy` of the standard pass.
        """
        raise NotImplementedError


def correlate(pre, post):
    """The sum over samples and positions of presynaptic times postsynaptic activity.

    Args:
        pre: `[..., n_in]`.
        post: `[..., n_out]`, with the same leading axes.

    Returns:
        `[n_in, n_out]`.
    """
    return pre.reshape(-1, pre.shape[-1]).T @ post.reshape(-1, post.shape[-1])


def like_params(products, params, batch_size):
    """Sums over the batch, `[fan_in, n_out]` each -> batch means shaped like `params`."""
    pairs = zip(products, params, strict=True)
    return tuple((p / batch_size).reshape(W.shape) for p, W in pairs)
