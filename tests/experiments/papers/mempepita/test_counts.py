"""The counts, against the paper's integers and against loops over every product."""

import pytest

from experiments.papers.mempepita.counts import activations, backward, forward, operations, update
from experiments.papers.mempepita.networks import NETWORKS, convolution, dense
from experiments.papers.mempepita.published import ACTIVATIONS, OPERATIONS, PARAMETERS

EXACT = ("DS-CNN, keywords", "ResNet, CIFAR-10", "autoencoder, ToyADMOS")
MOBILENET = "MobileNet, wake words"


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_have_the_paper_s_parameters(name):
    assert sum(layer.parameters for layer in NETWORKS[name].layers) == PARAMETERS[name]


@pytest.mark.parametrize("name", EXACT)
def test_operations_are_the_paper_s(name):
    assert operations(NETWORKS[name]) == OPERATIONS[name]


def test_mobilenet_s_are_with_one_layer_at_four_times_its_positions_and_pooling_counted_twice():
    """The fourth block's depthwise layer halves 24 x 24 positions; pooling has no update."""
    net = NETWORKS[MOBILENET]
    more = 3 * 12 * 12 * 32 * 9 + 9 * 256
    of_rule = {"bp": 3, "pepita": 3, "mempepita": 4}  # passes and updates
    for rule, times in of_rule.items():
        assert operations(net)[rule] + times * more == OPERATIONS[MOBILENET][rule]


def test_what_mempepita_and_forward_forward_keep_is_the_paper_s_but_for_resnet():
    for name in ("DS-CNN, keywords", "autoencoder, ToyADMOS", MOBILENET):
        assert activations(NETWORKS[name])["mempepita"] == ACTIVATIONS[name]["mempepita"]
    for name in ("DS-CNN, keywords", "autoencoder, ToyADMOS"):
        kept = activations(NETWORKS[name])["forward_forward"]
        assert kept == ACTIVATIONS[name]["forward_forward"]


@pytest.mark.parametrize(
    ("side", "channels", "filters", "kernel", "stride"),
    [((5, 4), 2, 3, (3, 3), 1), ((7, 5), 1, 2, (4, 3), 2)],
)
def test_a_convolution_s_products_are_those_of_its_loops(side, channels, filters, kernel, stride):
    products = sum(
        1
        for _y in range(0, side[0], stride)
        for _x in range(0, side[1], stride)
        for _filter in range(filters)
        for _channel in range(channels)
        for _i in range(kernel[0])
        for _j in range(kernel[1])
    )
    layer = convolution(side, channels, filters, kernel, stride)
    assert layer.products == products
    assert layer.units == products // (channels * kernel[0] * kernel[1])
    alone = convolution(side, channels, channels, kernel, stride, depthwise=True)
    assert alone.products * filters == layer.products  # each channel by its own filter


def test_of_dense_layers_backward_needs_no_first_layer():
    net = NETWORKS["autoencoder, ToyADMOS"]
    first = dense(640, 128)
    assert update(net) - backward(net) == first.products
    assert forward(net) == update(net)
