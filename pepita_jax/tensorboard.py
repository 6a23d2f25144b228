"""TensorBoard event files, through the optional package tensorboardX."""

import shutil
from contextlib import contextmanager

from pepita_jax.errors import UserError
from pepita_jax.storage.files import user_path


@contextmanager
def tensorboard(path, wanted):
    """Gives a function that writes rows, one folder a seed; all is closed after.

    A seed's first row removes what is there of that seed: a process that ends early leaves events
    out. Unless `wanted`, the function does nothing.

    Raises:
        UserError: wanted, but tensorboardX is not installed.
    """
    if not wanted:
        yield lambda rows: None
        return
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        message = "tensorboard=True needs the extra: pip install -e '.[tensorboard]'"
        raise UserError(message) from error

    folder, writers = user_path(path) / "tensorboard", {}

    def write(rows):
        for row in rows:
            seed, epoch = row["seed"], row["epoch"]
            if seed not in writers:
                shutil.rmtree(folder / f"seed_{seed}", ignore_errors=True)
                writers[seed] = SummaryWriter(str(folder / f"seed_{seed}"), flush_secs=10)
            for name in row.keys() - {"seed", "epoch"}:
                if row[name] is not None:  # it is not a number
                    writers[seed].add_scalar(name, row[name], epoch)

    try:
        yield write
    finally:
        for writer in writers.values():
            writer.close()
