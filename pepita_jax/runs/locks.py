"""Locks for who may train which seeds; the system frees them however their process ends."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pepita_jax.errors import UserError
from pepita_jax.runs.seeds import name_of_seeds, overlap, seeds_of_name

PATIENCE = 300  # seconds; many processes may begin or end one after another


@contextmanager
def alone(path: Path, patience: float = PATIENCE) -> Generator[None]:
    """Waits until no other process begins or ends work in a workdir, and then keeps others waiting.

    Args:
        path: the workdir.
        patience: seconds to wait.

    Raises:
        UserError: the workdir is still in use after that time.
    """
    with _locked(path / ".lock", f"{path} is in use by another process", patience):
        yield


def hold_seeds(path: Path, ranges: list[range]) -> ExitStack:
    """Holds ranges of a workdir's seeds for this process; call it inside `alone`.

    Returns:
        A context manager, which frees the seeds at its exit.

    Raises:
        UserError: another process holds one of these seeds.
    """
    folder = path / ".locks"
    folder.mkdir(exist_ok=True)
    others = {seeds_of_name(lock.name): lock for lock in folder.iterdir()}
    for seeds, lock in others.items():
        if seeds and seeds not in ranges and any(overlap(seeds, mine) for mine in ranges):
            with _locked(lock, _in_use(path, seeds)):
                lock.unlink()  # left by a process that is gone
    with ExitStack() as held:
        for seeds in ranges:
            held.enter_context(_locked(folder / name_of_seeds(seeds), _in_use(path, seeds)))
        return held.pop_all()


def _in_use(path, seeds):
    return f"{path} is in use by another process (seeds {seeds.start} to {seeds.stop - 1})"


@contextmanager
def _locked(path, message, timeout=0):
    # A soft lock would outlive a process that is killed.
    lock = FileLock(path, timeout=timeout, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise UserError(message) from error
    try:
        yield
    finally:
        lock.release()
