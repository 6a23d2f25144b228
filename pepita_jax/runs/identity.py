"""Identifies the data of a run, so that it can be read back, and resumes with those data alone."""

from pepita_jax.data import DATASETS, DatasetInfo, dataset_info
from pepita_jax.data.own import own_path
from pepita_jax.errors import require


def with_data(config: dict) -> dict:
    """Adds a field `data`, which identifies the data, to a configuration.

    Sets in `DATASETS` need no such field. Other sets are looked at; for your own data the field
    includes a checksum. A run can then be read back on a machine that lacks its data.

    Raises:
        UserError: the data are missing or not usable.
    """
    name = config["dataset"]
    if name in DATASETS or "data" in config:
        return config
    info = dataset_info(name, config.get("data_dir"))
    return config | {"dataset": own_path(name), "data": info.record()}


def configured_dataset(config: dict) -> DatasetInfo:
    """What the configured data set is like: as recorded when the run began, or as it is now."""
    if "data" in config:
        return DatasetInfo.of_record(config["data"])
    return dataset_info(config["dataset"], config.get("data_dir"))


def require_same_data(config: dict) -> None:
    """Raises a `UserError` if the configured data are not those that were recorded."""
    if "data" in config:
        now = dataset_info(config["dataset"], config["data_dir"]).record()
        message = f"{config['dataset']} no longer holds the data that the run began with"
        require(now == configured_dataset(config).record(), f"{message}: put them back")
