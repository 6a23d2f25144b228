"""What identifies the data of a run, so that it can be read back, and goes on with those alone."""

from pepita_jax.data import DATASETS, DatasetInfo, dataset_info
from pepita_jax.data.own import own_path
from pepita_jax.errors import require


def with_data(config: dict) -> dict:
    """The configuration with what identifies its data, as field `data`.

    This is known of the sets in `DATASETS`. Of others it is found out, and of one's own data it
    includes a checksum. A run can then be read back where they are not there.

    Raises:
        UserError: the data are not there or not usable.
    """
    name = config["dataset"]
    if name in DATASETS or "data" in config:
        return config
    info = dataset_info(name, config.get("data_dir"))
    return config | {"dataset": own_path(name), "data": info.record()}


def configured_dataset(config: dict) -> DatasetInfo:
    """What the configured data set is like, as recorded when the run began, or as it is now."""
    if "data" in config:
        return DatasetInfo.of_record(config["data"])
    return dataset_info(config["dataset"], config.get("data_dir"))


def require_same_data(config: dict) -> None:
    """Raises a `UserError` if the configured data are not those that were recorded."""
    if "data" in config:
        now = dataset_info(config["dataset"], config["data_dir"]).record()
        message = f"{config['dataset']} holds other data than those that the run began with"
        require(now == configured_dataset(config).record(), f"{message}: put them back")
