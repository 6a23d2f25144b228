"""A network as a sequence of layers and what follows them, in Python or in words.

`"conv 6 5, maxpool 2, dense 120 tanh, dropout 0.5"` is the same as
`(Conv(6, 5), MaxPool(2), Dense(120, activation="tanh"), Dropout(0.5))`.
"""

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from pepita_jax.errors import UserError, require, require_name, require_number
from pepita_jax.networks.layer import Layer
from pepita_jax.networks.layers import Conv, Dense
from pepita_jax.networks.nonlinearities import ACTIVATIONS
from pepita_jax.networks.pooling import AvgPool, GlobalAvgPool, MaxPool, Shape


@dataclass(frozen=True)
class Dropout:
    """Dropout: silences units of the layer before it, or of its pooled activity, in training.

    Attributes:
        probability: probability of silencing each unit, at least 0 and below 1.

    Raises:
        UserError: the probability is not valid.
    """

    probability: float

    def __post_init__(self):
        require_number("dropout", self.probability, at_least=0, below=1)


KINDS = {
    "conv": Conv,
    "dense": Dense,
    "maxpool": MaxPool,
    "avgpool": AvgPool,
    "globalavgpool": GlobalAvgPool,
    "dropout": Dropout,
}
WORDS = {kind: word for word, kind in KINDS.items()}


def parse(text: str) -> tuple[Any, ...]:
    """The parts of a sequence from words.

    A part begins with the word of its kind, a key of `KINDS`. Its numbers follow, in the order of
    the fields of its class or as `name=value`. A layer may end with the name of its own activation.

    Raises:
        UserError: a word is not known, or a number is missing or not valid; the message names the
            part.
    """
    return tuple(_parse_part(part.strip()) for part in text.split(","))


def _parse_part(part):
    require(part, "layers has an empty part: give a layer between every two commas")
    try:
        word, *rest = part.split()
        require_name("word", word, KINDS)
        return _make(KINDS[word], rest)
    except UserError as error:
        raise UserError(f"layers, {part!r}: {error}") from error


def _make(kind, words):
    """An object of one of `KINDS` from the words after its name."""
    names = [f.name for f in fields(kind) if not f.kw_only]
    given, free = {}, list(names)
    for word in words:
        name, equals, value = word.rpartition("=")
        if issubclass(kind, Layer) and word in ACTIVATIONS:
            name, value = "activation", word
        elif equals:
            require(name in names, f"{name!r} is not known; valid: {', '.join(names) or 'nothing'}")
        else:
            require(free, f"{word!r} is one word too many")
            name = free.pop(0)
        require(name not in given, f"{name} is given twice")
        given[name] = value if name == "activation" else _number(name, value)
        free = [n for n in free if n != name]
    needed = [f.name for f in fields(kind) if f.name in names and f.default is MISSING]
    lacking = ", ".join(name for name in needed if name not in given)
    require(not lacking, f"{lacking} must be given")
    return kind(**given)


def _number(name, word):
    kind = float if name == "probability" else int
    try:
        return kind(word)
    except ValueError as error:
        what = "a number" if kind is float else "an integer"
        raise UserError(f"{word!r} is not {what}") from error


def show(layers: Sequence[Layer]) -> str:
    """The layers of a network in words; networks that differ give different words."""
    parts, differ = [], len({layer.bias for layer in layers}) > 1  # else the network says it once
    for layer in layers:
        own = (layer.activation, "bias" if differ and layer.bias else None)
        parts += [" ".join([str(layer), *filter(None, own)])]
        parts += [_show_pool(pool) for pool in layer.pools]
        parts += [f"dropout {layer.dropout}"] if layer.drops else []
    return ", ".join(parts)


def _show_pool(pool):
    numbers = [getattr(pool, f.name) for f in fields(pool)]
    return " ".join([WORDS[type(pool)], *(str(n) for n in numbers if n is not None)])


def join(input_shape: Shape, parts: Sequence[Any], bias: bool) -> tuple[Layer, ...]:
    """The layers of a network, each with the output shape of the one before as its input shape.

    Args:
        input_shape: `(H, W, C)` of one image.
        parts: layers, poolings and `Dropout`, of the classes in `KINDS`.
        bias: whether all layers have biases.

    Raises:
        UserError: a part does not fit what comes before it.
    """
    layers: list[Layer] = []
    for part in parts:
        message = f"a part of layers must be one of {', '.join(KINDS)}"
        require(type(part) in WORDS, f"{message}, got {part!r}")
        if isinstance(part, Layer):
            shape = layers[-1].output_shape if layers else input_shape
            layers.append(replace(part, bias=bias or part.bias).on(shape))
            continue
        word = WORDS[type(part)]
        hint = "; model.input_dropout drops pixels" if word == "dropout" else ""
        require(layers, f"{word} must follow a layer{hint}")
        layers[-1] = _follow(layers[-1], part, word)
    return tuple(layers)


def _follow(layer, part, word):
    """The layer with one more part after it."""
    require(not layer.drops, f"{word} cannot follow dropout: dropout comes last, after pooling")
    if isinstance(part, Dropout):
        return replace(layer, dropout=part.probability)
    require(isinstance(layer, Conv), f"{word} must follow a convolution, not {layer}")
    return replace(layer, pools=(*layer.pools, part)).on(layer.input_shape)
