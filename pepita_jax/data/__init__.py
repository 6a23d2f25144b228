"""Data sets by name, as arrays."""

from pepita_jax.data.load import Dataset, load_dataset, load_stored
from pepita_jax.data.sets import DATASETS

__all__ = ["DATASETS", "Dataset", "load_dataset", "load_stored"]
