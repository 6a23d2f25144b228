"""What is known of a data set before its images are read."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Split = tuple[np.ndarray, np.ndarray]  # images [N, H, W, C], uint8 or float32, and labels [N]


class DatasetInfo(NamedTuple):
    """What a data set is like, and where it is read from.

    Attributes:
        image_shape: `(H, W, C)` of an image.
        num_classes: number of classes; all labels are below it.
        num_train, num_test: number of images in each split.
        checksum: SHA-256 of your own data, in hexadecimal digits; None for a set by name.
        load: `() -> (train, test)`; None: TensorFlow Datasets has the set.
    """

    image_shape: tuple[int, int, int]
    num_classes: int
    num_train: int
    num_test: int
    checksum: str | None = None
    load: Callable[[], tuple[Split, Split]] | None = None

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> "DatasetInfo":
        """Rebuilds the info from its `record()`, which may have been read from a file."""
        return cls(**record)._replace(image_shape=tuple(record["image_shape"]))

    def record(self) -> dict:
        """What `config.json` keeps of the info; `of_record` rebuilds it, without `load`."""
        shape = tuple(int(size) for size in self.image_shape)
        fields = self._asdict() | {"image_shape": shape}
        return {n: value for n, value in fields.items() if n != "load" and value is not None}
