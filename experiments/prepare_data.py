"""Prepares data sets with TensorFlow Datasets, without TensorFlow.

    python -m experiments.prepare_data mnist fashion_mnist cifar10 cifar100

This downloads the sets. Without a network connection, put the original files in a folder and add
--from=FOLDER. For MNIST and Fashion-MNIST these are the four IDX files (gz or not); for CIFAR the
binary or the Python archive, or the files that it unpacks to. The files of MNIST and Fashion-MNIST
have the same names, so FOLDER may have a subfolder per set, such as FOLDER/mnist. FOLDER may also
be torchvision's (FOLDER/MNIST/raw). A set that is already prepared and readable is left unchanged.
"""

from absl import flags

from experiments.command_line import cli
from pepita_jax.data.prepare import PREPARABLE, prepare
from pepita_jax.data.sources import find_originals
from pepita_jax.errors import require, require_name

SOURCE = flags.DEFINE_string("from", None, "folder with the original files; default: download")
DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "where to prepare; default: $TFDS_DATA_DIR or ~/tensorflow_datasets"
)


def main(names):
    require(names, f"name the sets to prepare; valid: {', '.join(PREPARABLE)}")
    for name in names:
        require_name("dataset to prepare", name, PREPARABLE)
    prepare_all(names, SOURCE.value, DATA_DIR.value)


def prepare_all(names, source, data_dir):
    """Prepares each set."""
    alike = ("mnist", "fashion_mnist")
    if source and set(alike) <= set(names):
        first, second = (find_originals(name, source)[0] for name in alike)
        message = f"the files of {' and '.join(alike)} have the same names: give each a subfolder"
        require(not first or first != second, f"{message} of {source}")
    for name in names:
        print(f"{name}: {prepare(name, data_dir, source)}")


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")
