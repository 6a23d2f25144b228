"""What is set outside a configuration, and decides what a run computes.

JAX and XLA read dozens of settings from the environment. Those that decide which numbers are drawn,
or which types go together, are fixed here; those that decide the precision in which numbers are
drawn and computed, and how they are rounded, are the user's to choose, and are recorded with a run.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import jax

# What JAX has by itself.
RECORDED = {
    "jax_accurate_erf_inv": False,
    "jax_default_matmul_precision": None,
    "jax_disable_jit": False,
    "jax_disable_most_optimizations": False,
    "jax_enable_x64": False,
    "jax_exec_time_optimization_effort": 0.0,
    "jax_memory_fitting_effort": 0.0,
    "jax_memory_fitting_level": "O2",
    "jax_optimization_level": "UNKNOWN",
    "jax_softmax_custom_jvp": False,
    "jax_use_hlo_logistic_lowering": None,
}
# Flags of the compilers, and NVIDIA's switch for the format of products.
VARIABLES = ("LIBTPU_INIT_ARGS", "NVIDIA_TF32_OVERRIDE", "XLA_FLAGS")
# They write things down, set the layout, which is recorded by itself, or are JAX's own for TPUs.
HARMLESS = (
    "--xla_dump",
    "--xla_force_host_platform_device_count",
    "--xla_tpu_use_enhanced_launch_barrier",
)


def recorded_settings() -> dict[str, Any]:
    """Those that are set by the environment or the program, `{name: value}`; usually none."""
    chosen = {name: jax.config.values.get(name, usual) for name, usual in RECORDED.items()}
    found = {name: value for name, value in chosen.items() if value != RECORDED[name]}
    for name in VARIABLES:
        flags = os.environ.get(name, "").split()
        if text := " ".join(sorted(flag for flag in flags if not flag.startswith(HARMLESS))):
            found[name] = text
    return found


@contextmanager
def fixed_settings() -> Generator[None]:
    """Draws the same numbers, and mixes types alike, whatever the environment says.

    The implementation of keys is fixed where they are made, in `one_seed.seed_key`.
    """
    with jax.threefry_partitionable(True), jax.numpy_dtype_promotion("standard"):
        yield
