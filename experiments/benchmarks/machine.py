"""What this machine can do at best, through JAX."""

import time

import jax
import jax.numpy as jnp
import numpy as np

SIDE = 2048  # of the matrices
COPIED = 2**26  # floats, 256 MiB


def matrix_peak():
    """Operations per second of a large float32 matrix product, on all cores."""
    x = jax.random.normal(jax.random.key(0), (SIDE, SIDE))
    multiply = jax.jit(lambda x: x @ x)
    return 2 * SIDE**3 / fastest(lambda: multiply(x))


def bandwidth():
    """Bytes per second, read and written, of a pass over a large array."""
    array = [jnp.ones(COPIED)]
    add_one = jax.jit(lambda x: x + 1, donate_argnums=0)  # new memory would cost page faults

    def work():
        array[0] = add_one(array[0])
        return array[0]

    return 2 * array[0].nbytes / fastest(work)


def fastest(work, repeats=10):
    """Seconds of the fastest of several runs; the first, which compiles, does not count."""
    jax.block_until_ready(work())
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(work())
        seconds.append(time.perf_counter() - start)
    return float(np.min(seconds))
