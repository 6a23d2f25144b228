"""Whether two runs pair seed by seed, and what they differ by."""

from experiments.papers.differences import paired_difference
from pepita_jax.errors import require
from pepita_jax.runs.objects import ARRAYS, data_checksum, data_words

PAIRED = ("dataset", "seed", "num_epochs", "validation_fraction", "preprocess", "batch_size")


def compare(report, baseline):
    """The `Difference` of a run to the baseline.

    Raises:
        UserError: their seeds, or what they were trained on, do not pair.
    """
    for field in PAIRED:
        configs = report.config, baseline.config
        one, other = (_paired(config, field) for config in configs)
        shown = [_show(config, field) for config in configs]
        message = f"runs cannot be compared seed by seed: {field} is {' and '.join(shown)}"
        require(one == other, message + _way_out(field, *configs))
    one, other = (r.history["test_accuracy"][:, -1] for r in (report, baseline))
    message = f"runs of {len(one)} and {len(other)} seeds: give --num_seeds to compare the first"
    require(len(one) == len(other), message)
    require(report.seeds == baseline.seeds, f"seeds {report.seeds} do not pair {baseline.seeds}")
    return paired_difference(one, other)


def _paired(config, field):
    """A field's value; of one's own data their checksum, whatever their path."""
    own = config.get("data", {}).get("checksum") if field == "dataset" else None
    return own or config.get(field)


def _show(config, field):
    """A field's value in a message: of one's own data the name and the checksum's beginning."""
    if field != "dataset":
        return repr(config.get(field))
    name, checksum = data_words(config), data_checksum(config)
    return name if name.endswith(checksum) else f"{name} ({checksum})"


def _way_out(field, *configs):
    if field == "num_epochs":
        return f"; give --epoch={min(config[field] for config in configs)}"
    are_arrays = {config.get("dataset") == ARRAYS for config in configs}
    mixed = field == "dataset" and len(are_arrays) == 2
    return "; runs of pj.train pair only with each other" if mixed else ""
