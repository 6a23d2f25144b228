"""Networks in words: every kind of part, and what is said of a word that is wrong."""

import jax
import pytest

from pepita_jax import AvgPool, Conv, Dense, Dropout, GlobalAvgPool, MaxPool, UserError, chain
from pepita_jax.networks.sequence import parse, show


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("conv 6 5", Conv(6, 5)),
        ("conv 6 5 2 1", Conv(6, 5, stride=2, padding=1)),
        (" conv  6 5 padding=1 tanh ", Conv(6, 5, padding=1, activation="tanh")),
        ("conv kernel_size=5 6", Conv(6, 5)),
        ("dense 120", Dense(120)),
        ("dense gelu 120", Dense(120, activation="gelu")),
        ("maxpool 3 2", MaxPool(3, 2)),
        ("avgpool 3 stride=1", AvgPool(3, 1)),
        ("globalavgpool", GlobalAvgPool()),
        ("dropout 0.25", Dropout(0.25)),
    ],
)
def test_each_part_in_words_is_what_it_is_in_python(text, part):
    assert parse(text) == (part,)
    assert parse(f"{text},{text}") == (part, part)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("konv 6 5", "'konv 6 5': unknown word 'konv'; valid: avgpool, conv, dense, dropout,"),
        ("dense 5, conv 6 five", "'conv 6 five': 'five' is not an integer"),
        ("conv 6 5.0", "'5.0' is not an integer"),
        ("conv 6", "'conv 6': kernel_size must be given"),
        ("dense 6 5", "'5' is one word too many"),
        ("dense 6 pad=5", "'pad' is not known; valid: units"),
        ("conv 6 5 units=6", "units is given twice"),
        ("dense 6 relu tanh", "activation is given twice"),
        ("dense 6 swish", "'swish' is one word too many"),
        ("globalavgpool 3", "'3' is one word too many"),
        ("globalavgpool size=3", "'size' is not known; valid: nothing"),
        ("dropout half", "'half' is not a number"),
        ("dropout 1", "dropout must be below 1, got 1.0"),
        ("dense 0", "a dense layer's units must be an integer of at least 1, got 0"),
        ("conv 6 5 stride=0", "stride must be an integer of at least 1, got 0"),
        ("dense 6,", "layers has an empty part"),
        ("conv 6 9", r"conv 6 9 leaves nothing of \(8, 8, 1\)"),
        ("conv 6 5, maxpool 5", r"pooling over 5x5 pixels leaves nothing of \(4, 4, 6\)"),
        ("dense 5, conv 6 5", r"conv 6 5 needs an input of shape \(H, W, C\), got \(5,\)"),
        ("dense 5, maxpool 2", "maxpool must follow a convolution, not dense 5"),
        ("maxpool 2, dense 5", "maxpool must follow a layer"),
        ("dropout 0.1", "dropout must follow a layer; model.input_dropout drops pixels"),
        ("conv 6 5, dropout 0.1, maxpool 2", "maxpool cannot follow dropout"),
        ("dense 5, dropout 0.1, dropout 0.1", "dropout cannot follow dropout"),
    ],
)
def test_a_mistake_is_named_with_its_part(text, message):
    with pytest.raises(UserError, match=message):
        chain((8, 8, 1), 3, layers=text)


def test_what_a_network_prints_builds_it_again():
    words = (
        "conv 6 3 stride=2 padding=1 tanh, maxpool 2 1, avgpool 2, dropout 0.1, "
        "conv 3 1, globalavgpool, dense 7, dropout 0.2, dense 5 gelu"
    )
    net = chain((9, 8, 2), 3, layers=words)
    assert show(net.layers) == f"{words}, dense 3"
    assert chain((9, 8, 2), 3, layers=show(net.layers[:-1])) == net
    batch = jax.numpy.zeros((2, 9, 8, 2))
    assert net.apply(net.init(jax.random.key(0)), batch).shape == (2, 3)


def test_networks_whose_biases_differ_print_differently():
    layers = [(Dense(5, bias=below), Dense(4, bias=above)) for below in (False, True)
              for above in (False, True)]  # fmt: skip
    nets = [chain((8, 8, 1), 3, layers=pair) for pair in layers]
    nets.append(chain((8, 8, 1), 3, layers="dense 5, dense 4", bias=True))
    assert len(set(map(repr, nets))) == len(nets)


@pytest.mark.parametrize("init", ["he_uniform", "pytorch"])
def test_biases_begin_at_0_or_as_pytorch_s(init):
    net = chain((8, 8, 2), 3, layers="conv 2000 3", init=init, bias=True)
    b = jax.numpy.abs(net.init(jax.random.key(0))[0].b)
    limit = {"he_uniform": 0, "pytorch": 1 / 18**0.5}[init]
    assert 0.99 * limit <= b.max() <= limit
    assert abs(b.mean() - limit / 2) <= 0.05 * limit
