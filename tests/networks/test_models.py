"""Networks by name."""

import jax
import pytest

from pepita_jax import Network, UserError, build_network, conv, mlp
from pepita_jax.networks.layers import Conv, Dense


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


def test_each_door_builds_the_same_network():
    shape, options = (8, 8, 1), {"hidden": [5, 4], "dropout": 0.2, "init": "pytorch"}
    by_name = build_network("conv", input_shape=list(shape), num_classes=3, channels=[2], **options)
    assert by_name == conv(shape, 3, channels=(2,), **options)
    assert by_name.layers == (Conv(shape, 2, 5), *mlp((2, 2, 2), 3, **options).layers)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: mlp((28, 28), 10), r"input_shape must be \(H, W, C\), got \(28, 28\)"),
        (lambda: mlp((0, 8, 1), 10), "each size of input_shape must be an integer of at least 1"),
        (lambda: mlp((8, 8, 1), 10, hidden=64), "hidden must be a tuple of sizes, got 64"),
        (lambda: conv((8, 8, 1), 10, channels=()), "at least one entry in channels"),
        (lambda: Dense((4,), 0), "a layer's units must be an integer of at least 1, got 0"),
        (lambda: Dense(4, 2), "a layer's input_shape must be a tuple of sizes, got 4"),
        (lambda: Dense((4,), 2, dropout=-0.1), "dropout must be at least 0, got -0.1"),
        (lambda: Conv((8, 8), 2, 3), r"input_shape must be \(H, W, C\), got \(8, 8\)"),
        (lambda: Conv((8, 8, 1), 2, 3, pool=0), "pool must be an integer of at least 1, got 0"),
        (lambda: Network(()), "layers must be a tuple of Dense and Conv layers"),
        (lambda: Network((3, 4)), "layers must be a tuple of Dense and Conv layers"),
        (lambda: Network((Dense((4,), 3), Dense((4,), 2))), r"gives \(3,\), the next takes \(4,\)"),
        (lambda: Network((Dense((4,), 3),), "gelu"), "unknown activation 'gelu'"),
    ],
)
def test_mistakes_are_named_by_functions_and_classes_too(build, message):
    with pytest.raises(UserError, match=message):
        build()


def test_networks_that_differ_print_differently():
    networks = [
        mlp((8, 8, 1), 10),
        mlp((8, 8, 1), 10, dropout=0.1),
        mlp((8, 8, 1), 10, normalize=True),
        mlp((8, 8, 1), 10, init="pytorch"),
        mlp((4, 8, 2), 10),
        conv((8, 8, 1), 10),
        conv((8, 8, 1), 10, padding=1),
        conv((8, 8, 1), 10, kernel_size=3, hidden=(7,)),
        Network((Conv((8, 8, 1), 32, 5, pool=1), Dense((4, 4, 32), 10))),
    ]
    assert len(set(map(repr, networks))) == len(networks)
