"""Prepares data sets with TensorFlow Datasets, without TensorFlow.

    python -m experiments.prepare_data mnist

downloads MNIST and prepares it. Several sets can be named at once:

    python -m experiments.prepare_data fashion_mnist cifar10 cifar100 emnist/balanced svhn_cropped

These are names of TensorFlow Datasets. Any of its sets of labelled images can be named, unless its
builder needs TensorFlow. A set that is already prepared and readable is left unchanged.

Without a network connection, put the original files in a folder and add --from=FOLDER:

    MNIST, Fashion-MNIST, KMNIST    the four IDX files, with or without .gz
    EMNIST                          the IDX files of the named part, or gzip.zip
    SVHN                            train_32x32.mat and test_32x32.mat
    CIFAR-10, CIFAR-100             the binary or the Python archive, or its unpacked files
    any other set                   the files that TensorFlow Datasets would download

FOLDER may have a subfolder per set, such as FOLDER/mnist, because files of several sets have the
same names. FOLDER may also be torchvision's (FOLDER/MNIST/raw).
"""

import itertools

from absl import flags

from experiments.command_line import cli
from pepita_jax.data.prepare import check_preparable, prepare
from pepita_jax.data.sources import find_originals
from pepita_jax.errors import require

SOURCE = flags.DEFINE_string("from", None, "folder with the original files; default: download")
DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "folder for the sets; default: $TFDS_DATA_DIR, or else ~/tensorflow_datasets"
)
ALIKE = ("mnist", "fashion_mnist", "kmnist")  # their files have the same names


def main(names):
    require(names, "name the sets to prepare, such as mnist or emnist/balanced")
    for name in names:
        check_preparable(name)
    prepare_all(names, SOURCE.value, DATA_DIR.value)


def prepare_all(names, source, data_dir):
    """Prepares each set."""
    alike = [name for name in ALIKE if source and name in names]
    for one, other in itertools.combinations(alike, 2):
        first, second = (find_originals(name, source)[0] for name in (one, other))
        message = f"the files of {one} and {other} have the same names: give each a subfolder"
        require(not first or first != second, f"{message} of {source}")
    for name in names:
        print(f"{name} is ready in {prepare(name, data_dir, source)}")


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")
