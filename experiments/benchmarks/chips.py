"""Accelerators for which programs can be compiled on a machine that has none.

Their compilers run without the device. The TPU's comes with libtpu (extra `tpu`), and the GPU's
with CUDA's libraries (extra `gpu`).
"""

import os
from dataclasses import dataclass
from importlib.util import find_spec

from pepita_jax.errors import require

GIB = 2**30
# The properties by which XLA chooses its kernels, from the maker's data sheet.
H100 = """
platform_name: "CUDA"
device_description_str: "NVIDIA H100 80GB HBM3"
runtime_version { major: 12 minor: 9 patch: 0 }
dnn_version_info { major: 9 minor: 10 patch: 0 }
gpu_device_info {
  cuda_compute_capability { major: 9 minor: 0 }
  core_count: 132
  fpus_per_core: 128
  clock_rate_ghz: 1.98
  memory_bandwidth: 3352320000000
  device_memory_size: 84978434048
  l2_cache_size: 52428800
  shared_memory_per_block: 49152
  shared_memory_per_block_optin: 232448
  shared_memory_per_core: 233472
  registers_per_block_limit: 65536
  registers_per_core_limit: 65536
  threads_per_warp: 32
  threads_per_block_limit: 1024
  threads_per_core_limit: 2048
  block_dim_limit_x: 2147483647
  block_dim_limit_y: 65535
  block_dim_limit_z: 65535
}
"""


@dataclass(frozen=True)
class Chip:
    """One kind of accelerator.

    Attributes:
        platform: JAX's name for it, `tpu` or `cuda`.
        memory: bytes of one chip that a program can use: JAX takes three quarters of a GPU's, and
            a TPU's runtime keeps a quarter of a GiB for itself.
        package: the package that brings its compiler.
        extra: this project's extra with that package.
        topology: arguments of `topologies.get_topology_desc`.
    """

    platform: str
    memory: float
    package: str
    extra: str
    topology: dict


def tpu(name, memory):
    return Chip("tpu", memory, "libtpu", "tpu", {"topology_name": name})


CHIPS = {
    "tpu-v5e": tpu("v5e:2x2", 15.75 * GIB),
    "tpu-v6e": tpu("v6e:2x2", 31.25 * GIB),
    "h100": Chip(
        "cuda",
        0.75 * 80e9,
        "jax_cuda12_plugin",
        "gpu",
        {"topology_name": "h100", "target_config": H100, "topology": "1x1x4"},
    ),
}


def devices(name):
    """Four chips of a kind, which this machine need not have; call it before JAX is used.

    Raises:
        UserError: the compiler is not installed.
    """
    chip = CHIPS[name]
    missing = f"--target={name} needs its compiler: Python 3.12, pip install -e '.[{chip.extra}]'"
    require(find_spec(chip.package) is not None, missing)
    # The libraries must not look for a device, for a cloud, or for other processes that use them.
    os.environ.update(
        ALLOW_MULTIPLE_LIBTPU_LOAD="1",
        TPU_SKIP_MDS_QUERY="1",
        TPU_ACCELERATOR_TYPE="v5litepod-4",
        TPU_WORKER_HOSTNAMES="localhost",
        JAX_SKIP_CUDA_CONSTRAINTS_CHECK="1",
    )
    import jax
    from jax.experimental import topologies

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_compilation_cache", False)  # it needs the device
    found = topologies.get_topology_desc(platform=chip.platform, **chip.topology)
    return list(found.devices)
