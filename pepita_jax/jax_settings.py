"""JAX's settings outside the configuration that decide what a run computes.

JAX and XLA read dozens of settings from the environment. `fixed_settings` fixes those that decide
which numbers are drawn, or which types go together. Those that decide precision and rounding are
the user's to choose; `recorded_settings` finds them, and a run records them.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import jax

# The recorded settings of JAX, with its own defaults.
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
# Flags that are not recorded: they write files, set the layout (recorded elsewhere), or are set by
# JAX itself on TPUs.
HARMLESS = (
    "--xla_dump",
    "--xla_force_host_platform_device_count",
    "--xla_tpu_use_enhanced_launch_barrier",
)


def recorded_settings() -> dict[str, Any]:
    """The settings that the environment or the program has set, `{name: value}`; usually none."""
    chosen = {name: jax.config.values.get(name, usual) for name, usual in RECORDED.items()}
    found = {name: value for name, value in chosen.items() if value != RECORDED[name]}
    for name in VARIABLES:
        flags = os.environ.get(name, "").split()
        if text := " ".join(sorted(flag for flag in flags if not flag.startswith(HARMLESS))):
            found[name] = text
    return found


@contextmanager
def fixed_settings() -> Generator[None]:
    """Makes JAX draw the same numbers and mix types alike, whatever the environment says.

    `one_seed.seed_key` fixes the implementation of random keys, where keys are made.
    """
    with jax.threefry_partitionable(True), jax.numpy_dtype_promotion("standard"):
        yield
