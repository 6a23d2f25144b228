"""The PyTorch loops compute what our rules compute, by other means."""

import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import Batch, build_network, build_rule

torch = pytest.importorskip("torch")

from experiments.benchmarks import torch_loops  # noqa: E402

CLASSES, BATCH_SIZE = torch_loops.NUM_CLASSES, 8


def as_ours(net, units):
    """Weights of a PyTorch network on grey images, laid out as ours."""
    first, last = (W.detach().numpy() for W in (net.first, net.last))
    if isinstance(net, torch_loops.DenseNet):
        return jnp.asarray(first.T), jnp.asarray(last.T)
    side = net.side // 2
    last = last.reshape(CLASSES, units, side, side).transpose(2, 3, 1, 0)
    return jnp.asarray(first.T.reshape(5, 5, 1, units)), jnp.asarray(last.reshape(-1, CLASSES))


@pytest.mark.parametrize("rule_name", torch_loops.RULES)
@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("mlp", {"hidden": (torch_loops.HIDDEN,)}),
        ("conv", {"channels": (torch_loops.FILTERS,), "kernel_size": torch_loops.KERNEL_SIZE}),
    ],
)
def test_a_step_follows_our_pseudo_gradients(model, options, rule_name, monkeypatch):
    monkeypatch.setattr(torch_loops, "DROPOUT", 0.0)
    torch.manual_seed(0)
    theirs = torch_loops.MODELS[model]((1, 28, 28))
    ours = build_network(model, input_shape=(28, 28, 1), num_classes=CLASSES, **options)
    params = as_ours(theirs, torch_loops.FILTERS)
    image, F = torch.rand(BATCH_SIZE, 1, 28, 28), torch.randn(CLASSES, 784) / 100
    label = torch.arange(BATCH_SIZE)
    sgd = torch.optim.SGD(theirs.parameters(), lr=1.0)
    torch_loops.RULES[rule_name](theirs, F, sgd, image, label)

    batch = Batch(
        jnp.asarray(image.numpy()).reshape(BATCH_SIZE, 28, 28, 1), jnp.asarray(label.numpy()), None
    )
    feedback = jnp.asarray(F.numpy()).reshape(CLASSES, 28, 28, 1) if rule_name == "pepita" else ()
    rule = build_rule(rule_name, ours)
    pseudo_gradients, _ = rule.pseudo_gradients(params, feedback, batch)
    stepped = as_ours(theirs, torch_loops.FILTERS)
    for W, dW, wanted in zip(params, pseudo_gradients, stepped, strict=True):
        moved = np.asarray(W) - np.asarray(wanted).reshape(W.shape)
        np.testing.assert_allclose(dW, moved, rtol=0, atol=1e-3 * np.abs(moved).max())
