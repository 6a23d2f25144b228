"""Networks by name."""

import jax
import pytest

from pepita_jax import (
    Conv,
    Dense,
    Dropout,
    MaxPool,
    Network,
    UserError,
    build_network,
    chain,
    conv,
    mlp,
)


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
        ("cnn", {}, "unknown model 'cnn'; valid: chain, conv, frenkel_conv, lenet5, mlp"),
        ("mlp", {"channels": (3,)}, "model 'mlp' has no option 'channels'; valid: activation"),
        ("mlp", {"hidden": (0,)}, "each of hidden must be an integer of at least 1, got 0"),
        ("mlp", {"hidden": ("a",)}, "each of hidden must be an integer of at least 1, got 'a'"),
        ("mlp", {"dropout": 1.0}, "dropout must be below 1"),
        ("mlp", {"activation": "swish"}, "unknown activation 'swish'; valid: gelu, leaky_relu"),
        ("mlp", {"output": "relu"}, "unknown output 'relu'; valid: linear, sigmoid, softmax"),
        ("mlp", {"init": "zeros"}, "unknown init 'zeros'; valid: he_normal, he_uniform, pytorch"),
        ("mlp", {"dropout": "a"}, "dropout must be a finite number"),
        ("mlp", {"hidden": 1024}, "hidden must be a tuple of sizes, got 1024"),
        ("mlp", {"input_shape": (28, 28)}, r"input_shape must be \(H, W, C\)"),
        ("conv", {"kernel_size": 8}, r"conv 32 8 leaves nothing of \(7, 7, 1\)"),
        ("conv", {"kernel_size": 7}, r"pooling over 2x2 pixels leaves nothing of \(1, 1, 32\)"),
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
    parts = (Conv(2, 5), MaxPool(2), Dense(5), Dropout(0.2), Dense(4), Dropout(0.2))
    words = "conv 2 5, maxpool 2, dense 5, dropout 0.2, dense 4, dropout 0.2"
    for layers in (parts, list(parts), words):
        assert by_name == chain(shape, 3, layers=layers, init="pytorch")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: mlp((28, 28), 10), r"input_shape must be \(H, W, C\), got \(28, 28\)"),
        (lambda: mlp((0, 8, 1), 10), "each size of input_shape must be an integer of at least 1"),
        (lambda: mlp((8, 8, 1), 10, hidden=64), "hidden must be a tuple of sizes, got 64"),
        (lambda: conv((8, 8, 1), 10, channels=()), "at least one entry in channels"),
        (lambda: Dense(0), "a dense layer's units must be an integer of at least 1, got 0"),
        (lambda: Dense(2, dropout=-0.1), "dropout must be at least 0, got -0.1"),
        (lambda: Dense(2, activation="swish"), "unknown activation 'swish'"),
        (lambda: MaxPool(0), "size of a pooling window must be an integer of at least 1, got 0"),
        (lambda: Network(()), "layers must be a tuple of layers with an input_shape"),
        (lambda: Network((3, 4)), "layers must be a tuple of layers with an input_shape"),
        (lambda: Network((Dense(2),)), "layers must be a tuple of layers with an input_shape"),
        (lambda: Network((dense(4, 3), dense(4, 2))), r"gives \(3,\), the next takes \(4,\)"),
        (lambda: Network((dense(4, 3),), "swish"), "unknown activation 'swish'"),
        (lambda: Network((Conv(1, 1).on((1, 1, 1)),)), "the output layer must be dense"),
        (lambda: chain((8, 8, 1), 3), "model 'chain' needs layers, such as 'conv 6 5, maxpool 2"),
        (lambda: chain((8, 8, 1), 3, layers=(3,)), "a part of layers must be one of conv, dense"),
        (lambda: chain((8, 8, 1), 3, layers=3), "layers must be a tuple of layers, or words such"),
        (lambda: mlp((8, 8, 1), 3, bias=1), "bias must be True or False, got 1"),
        (lambda: mlp((8, 8, 1), 3, input_dropout=1), "input_dropout must be below 1, got 1"),
    ],
)
def test_mistakes_are_named_by_functions_and_classes_too(build, message):
    with pytest.raises(UserError, match=message):
        build()


def dense(num_inputs, units):
    return Dense(units).on((num_inputs,))


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
        chain((8, 8, 1), 10, layers="conv 32 5"),
        chain((8, 8, 1), 10, layers="conv 32 5 stride=2"),
        chain((8, 8, 1), 10, layers="conv 32 5 tanh"),
        chain((8, 8, 1), 10, layers="conv 32 5, avgpool 2"),
        chain((8, 8, 1), 10, layers="conv 32 5, maxpool 2 1"),
        chain((8, 8, 1), 10, layers="conv 32 5, globalavgpool"),
        mlp((8, 8, 1), 10, bias=True),
        mlp((8, 8, 1), 10, input_dropout=0.1),
    ]
    assert len(set(map(repr, networks))) == len(networks)
