"""Data sets by name or path, as arrays."""

from pepita_jax.data.info import DatasetInfo
from pepita_jax.data.load import Dataset, dataset_info, load_dataset, load_stored
from pepita_jax.data.sets import DATASETS

__all__ = ["DATASETS", "Dataset", "DatasetInfo", "dataset_info", "load_dataset", "load_stored"]
