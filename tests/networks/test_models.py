"""Networks by name."""

import jax
import pytest

from pepita_jax import UserError, build_network


@pytest.mark.parametrize(
    ("dataset", "shapes"),
    [
        ((28, 28, 1), [(5, 5, 1, 32), (12 * 12 * 32, 10)]),
        ((32, 32, 3), [(5, 5, 3, 32), (14 * 14 * 32, 10)]),
    ],
)
def test_conv_networks_have_the_paper_s_sizes(dataset, shapes):
    net = build_network("conv", input_shape=dataset, num_classes=10)
    assert [W.shape for W in net.init(jax.random.key(0))] == shapes


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("cnn", {}, "unknown model 'cnn'; valid: conv, mlp"),
        ("mlp", {"channels": (3,)}, "model 'mlp' has no option 'channels'; valid: activation"),
        ("mlp", {"hidden": (0,)}, "each of hidden must be an integer of at least 1, got 0"),
        ("mlp", {"hidden": ("a",)}, "each of hidden must be an integer of at least 1, got 'a'"),
        ("mlp", {"dropout": 1.0}, "dropout must be below 1"),
        ("mlp", {"activation": "gelu"}, "unknown activation 'gelu'; valid: linear, relu, tanh"),
        ("mlp", {"output": "relu"}, "unknown output 'relu'; valid: linear, sigmoid, softmax"),
        ("mlp", {"init": "zeros"}, "unknown init 'zeros'; valid: he_normal, he_uniform, pytorch"),
        ("mlp", {"dropout": "a"}, "dropout must be a finite number"),
        ("mlp", {"hidden": 1024}, "hidden must be a tuple of sizes, got 1024"),
        ("mlp", {"input_shape": (28, 28)}, r"input_shape must be \(H, W, C\)"),
        ("conv", {"kernel_size": 8}, "leaves nothing of an input"),
        ("conv", {"channels": ()}, "at least one entry in channels"),
        ("conv", {"padding": -1}, "padding must be an integer of at least 0, got -1"),
        ("conv", {"kernel_size": 0}, "kernel_size must be an integer of at least 1, got 0"),
    ],
)
def test_mistakes_are_named(model, options, message):
    with pytest.raises(UserError, match=message):
        build_network(model, **{"input_shape": (7, 7, 1), "num_classes": 3, **options})
