"""TensorBoard event files, through the optional package tensorboardX."""

from pathlib import Path

from pepita_jax.errors import UserError


def open_tensorboard(path, wanted):
    """A function that writes the rows of an epoch; it does nothing unless `wanted`.

    Raises:
        UserError: wanted, but tensorboardX is not installed.
    """
    if not wanted:
        return lambda rows: None
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        message = "tensorboard=True needs the extra: pip install 'pepita_jax[tensorboard]'"
        raise UserError(message) from error

    writers = {}

    def write(rows):
        for row in rows:
            seed, epoch = row["seed"], row["epoch"]
            if seed not in writers:
                folder = Path(path).expanduser() / "tensorboard" / f"seed_{seed}"
                writers[seed] = SummaryWriter(str(folder))
            for name in row.keys() - {"seed", "epoch"}:
                writers[seed].add_scalar(name, row[name], epoch)
            writers[seed].flush()

    return write
