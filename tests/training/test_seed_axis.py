"""Compiled functions hold the data once, whatever the number of seeds and their layout."""

import re

import jax
import pytest

from pepita_jax import build_network, build_rule
from tests.training.trainers import make_trainer

LAYOUTS = [0, 1, 2]


def compile_steps(**options):
    trainer = make_trainer(num_devices=1, **options)
    states, plans = trainer.init(), trainer.stages.plan_epoch(trainer.keys, 1)
    steps = trainer.stages.train_steps
    lowered = steps.lower(states, trainer.numbers, plans, 0, 5, trainer.data)
    return lowered.compile(), trainer, states


def num_bytes(tree):
    return sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(tree))


def temporaries(compiled):
    return compiled.memory_analysis().temp_size_in_bytes


@pytest.mark.parametrize("model", ["mlp", "conv"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_training_set_is_not_copied_for_every_seed(layout, model):
    few, many = (
        compile_steps(num_seeds=6, layout=layout, model=model, num_examples=n) for n in (23, 2003)
    )
    copies = (temporaries(many[0]) - temporaries(few[0])) / num_bytes(many[1].data)
    assert copies < 0.1
    assert not re.findall(r"\[\d+,2003,", many[0].as_text())


@pytest.mark.parametrize("layout", [1, 2])
def test_seeds_that_take_turns_are_written_over_their_old_states(layout):
    net = build_network("mlp", input_shape=(6, 6, 1), num_classes=3, hidden=(64,))
    options = {"rule": build_rule("pepita", net), "layout": layout, "num_examples": 23}
    few, many = (compile_steps(num_seeds=n, **options) for n in (4, 24))
    more_states = num_bytes(many[2]) - num_bytes(few[2])
    assert temporaries(many[0]) - temporaries(few[0]) < 0.1 * more_states


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_further_seed_takes_memory_for_its_state_and_a_batch_alone(layout):
    few, many = (compile_steps(num_seeds=n, layout=layout, num_examples=2003) for n in (4, 24))
    a_seed = (temporaries(many[0]) - temporaries(few[0])) / 20
    batch = 4 * many[1].data[0].shape[1] * 4  # four images in float32
    assert a_seed < 2 * num_bytes(few[2]) / 4 + 4 * batch
