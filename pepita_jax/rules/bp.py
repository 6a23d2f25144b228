"""Backpropagation (Rumelhart, Hinton & Williams, 1986): the baseline."""

from dataclasses import dataclass

from pepita_jax.rules.base import Rule, correlate, like_params


@dataclass(frozen=True)
class BP(Rule):
    """Backpropagation: the exact gradient of the loss. Rows are samples, as in the code.

        e     = h_L - t                            error, [B, K]
        d_L   = e                                  output layer, [B, K]
        d_l   = (d_{l+1} W_{l+1}^T) * s'(a_l)      hidden layers, [B, n_l]
        dW_l  = h_{l-1}^T d_l                      mean over the batch

    Convolutions: the same at every position, summed over positions; the signal passes
    patches and pooling backwards (`Network.backward`).

    Feedback: none; errors return through the forward weights.
    """

    def pseudo_gradients(self, params, F, batch):
        net = self.net
        masks = net.draw_dropout(batch.key, len(batch.image))
        pre, a, h = net.forward(params, batch.image, masks)

        d = h[-1] - net.one_hot(batch.label)
        dW = [correlate(pre[-1], d)]
        for l in reversed(range(len(params) - 1)):
            d = net.backward(l, params[l + 1], a[l], masks[l], d)
            dW.insert(0, correlate(pre[l], d))

        return like_params(dW, params, len(batch.image)), net.measure(a[-1], batch.label)
