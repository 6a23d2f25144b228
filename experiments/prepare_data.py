"""Prepares data sets with TensorFlow Datasets, without TensorFlow.

    python -m experiments.prepare_data mnist fashion_mnist cifar10 cifar100

downloads them. Without network, put the original files in a folder and add --from=FOLDER:
MNIST's or Fashion-MNIST's four IDX files (gz or not), CIFAR's binary or Python archive. Files of
the same names, as those of MNIST and Fashion-MNIST, go into FOLDER/mnist and
FOLDER/fashion_mnist. A set that is there and readable is left alone.
"""

from pathlib import Path

from absl import flags

from experiments import cli
from pepita_jax.data.prepare import PREPARABLE, prepare
from pepita_jax.errors import require

SOURCE = flags.DEFINE_string("from", None, "folder with the original files; else downloads")
DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "where to prepare; else $TFDS_DATA_DIR, ~/tensorflow_datasets"
)


def main(names):
    require(names, f"name the sets to prepare; valid: {', '.join(PREPARABLE)}")
    alike = [name for name in names if "mnist" in name and find_source(name) == SOURCE.value]
    message = f"the files of {', '.join(alike)} have the same names: give each a subfolder"
    require(SOURCE.value is None or len(alike) < 2, f"{message} of {SOURCE.value}")
    for name in names:
        print(f"{name}: {prepare(name, DATA_DIR.value, find_source(name))}")


def find_source(name):
    """FOLDER/name where that is a folder, else FOLDER."""
    if SOURCE.value is None:
        return None
    own = Path(SOURCE.value).expanduser() / name
    return own if own.is_dir() else SOURCE.value


if __name__ == "__main__":
    cli.start(main, lambda: f"{__doc__}\n{cli.describe_flags(__name__)}")
