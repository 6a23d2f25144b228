"""The data sets that the project knows without reading them.

To add one: write a file such as `digits.py`, and give its `DatasetInfo` a line here. A set of
TensorFlow Datasets needs no line, but it must then be prepared before anything is known of it.
"""

from pepita_jax.data.digits import DIGITS
from pepita_jax.data.info import DatasetInfo

DATASETS = {
    "digits": DIGITS,
    "mnist": DatasetInfo((28, 28, 1), 10, 60000, 10000),
    "fashion_mnist": DatasetInfo((28, 28, 1), 10, 60000, 10000),
    "cifar10": DatasetInfo((32, 32, 3), 10, 50000, 10000),
    "cifar100": DatasetInfo((32, 32, 3), 100, 50000, 10000),
}
