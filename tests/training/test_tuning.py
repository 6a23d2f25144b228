"""Defaults for each kind of device: the layout of the seeds, and the images at once."""

import jax
import optax
import pytest

from configs.presets import BATCH_SIZE, MODEL
from experiments.benchmarks.steps import SHAPES
from pepita_jax import build_network, build_rule
from pepita_jax.training import tuning
from pepita_jax.training.one_step import init_state


def layout(platform, model, shape, num_seeds=10):
    net = build_network(model, input_shape=SHAPES[shape], num_classes=10, **MODEL[model])
    rule, optimizer = build_rule("pepita", net), optax.sgd(0.1, momentum=0.9)
    state = jax.eval_shape(lambda: init_state(rule, optimizer, jax.random.key(0)))
    size = lambda: tuning.seed_bytes(net, BATCH_SIZE[model], state)
    return tuning.default_seeds_at_once(platform, num_seeds, size)


@pytest.mark.parametrize(
    ("model", "shape", "wanted"),
    [("mlp", "mnist", 5), ("mlp", "cifar", 2), ("conv", "mnist", 2), ("conv", "cifar", 1)],
)
def test_on_a_tpu_seeds_go_in_chunks_that_its_fast_memory_holds(model, shape, wanted):
    assert layout("tpu", model, shape) == wanted
    assert layout("gpu", model, shape) == 0
    assert layout("cpu", model, shape) == 1


@pytest.mark.parametrize(("num_seeds", "wanted"), [(1, 0), (7, 0), (9, 5), (11, 6), (17, 6)])
def test_chunks_are_of_about_the_same_size(num_seeds, wanted):
    """Seven or eight states of 6.5 MB, with a batch's activities, are below the limit."""
    assert layout("tpu", "mlp", "mnist", num_seeds) == wanted


@pytest.mark.parametrize(
    ("options", "batch_size", "wanted"),
    [
        ({}, 100, 10),
        ({}, 64, 16),
        ({}, 97, None),  # no divisor
        ({"hidden": (1024,)}, 100, None),  # too many weights
    ],
)
def test_convolutions_go_through_a_batch_in_pieces(options, batch_size, wanted):
    net = build_network("conv", input_shape=(32, 32, 3), num_classes=10, **options)
    assert tuning.default_images_at_once("cpu", net, batch_size) == wanted
    assert tuning.default_images_at_once("tpu", net, batch_size) is None
    dense = build_network("mlp", input_shape=(32, 32, 3), num_classes=10, **options)
    assert tuning.default_images_at_once("cpu", dense, batch_size) is None
