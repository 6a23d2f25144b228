"""MEMPEPITA takes less memory than PEPITA, and the more so the deeper the network."""

import jax
import jax.numpy as jnp
import pytest

from pepita_jax import Batch, build_rule, chain


def temporaries(rule_name, part, depth):
    """Bytes of one step's temporaries, as compiled: activities, but no weights."""
    layers = ", ".join([part] * depth)
    net = chain((8, 8, 3), 10, layers=f"{layers}, globalavgpool" if "conv" in part else layers)
    rule = build_rule(rule_name, net)
    params, F = jax.eval_shape(rule.init, jax.random.key(0))
    batch = Batch(jnp.zeros((256, *net.input_shape)), jnp.zeros(256, int))
    step = jax.jit(rule.pseudo_gradients).lower(params, F, batch).compile()
    return step.memory_analysis().temp_size_in_bytes


@pytest.mark.parametrize(
    ("part", "depth", "share"),
    [
        ("dense 128", 16, 0.5),
        pytest.param("conv 8 3 padding=1", 24, 0.95, marks=pytest.mark.slow),
    ],
)
def test_mempepita_keeps_the_activities_of_few_layers(part, depth, share):
    """On a CPU a convolution's patches are most of its memory: those of one layer at a time."""
    mempepita, pepita = (temporaries(name, part, depth) for name in ("mempepita", "pepita"))
    assert mempepita < share * pepita
    assert mempepita < 1.1 * temporaries("mempepita", part, depth // 2)
