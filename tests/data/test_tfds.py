"""Any set of images by class of TensorFlow Datasets: prepared from its originals, and read."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from configs.default import as_plain, get_config
from pepita_jax import UserError
from pepita_jax.data import DatasetInfo, dataset_info, load_stored
from pepita_jax.data.prepare import prepare
from pepita_jax.runs.configured import build_rule_on_network
from tests.data import builders
from tests.data.builders import assert_loads

GREY, COLOUR = DatasetInfo((28, 28, 1), 10, 25, 10), DatasetInfo((32, 32, 3), 10, 25, 10)


def emnist_files(arrays):
    """`{file name: content}` of the configuration `balanced`."""
    parts = {"train": "emnist-balanced-train", "t10k": "emnist-balanced-test"}
    files = builders.mnist_files(arrays)
    for old, new in parts.items():
        files = {name.replace(old, new): content for name, content in files.items()}
    return files


def write_emnist(folder, arrays):
    for name, content in emnist_files(arrays).items():
        (folder / name).write_bytes(content)


def write_emnist_zip(folder, arrays):
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for name, content in emnist_files(arrays).items():
            archive.writestr(f"gzip/{name}", content)
            archive.writestr(f"gzip/{name.replace('balanced', 'letters')}", b"")


def write_svhn(folder, arrays):
    for split, (image, label) in arrays.items():
        label = np.where(label == 0, 10, label)[:, None]
        content = {"X": image.transpose(1, 2, 3, 0), "y": label}
        savemat(folder / f"{split}_32x32.mat", content, do_compression=True)


SETS = {
    "kmnist": ("kmnist", GREY, builders.write_mnist, "mnist"),
    "files": ("emnist/balanced", GREY._replace(num_classes=47), write_emnist, "mnist"),
    "zip": ("emnist/balanced", GREY._replace(num_classes=47), write_emnist_zip, "mnist"),
    "svhn": ("svhn_cropped", COLOUR, write_svhn, "cifar10"),
}


@pytest.mark.parametrize("case", SETS)
def test_a_set_is_prepared_from_its_originals_and_known_by_its_description(case, tmp_path):
    name, info, write, like = SETS[case]
    arrays = builders.make_arrays(info)
    write(tmp_path, arrays)
    config = get_config(f"bp,mlp,{name}")  # also before it is there
    with pytest.raises(UserError, match=f"prepare it with: .*prepare_data {name}$"):
        as_plain(config, [])
    folder = prepare(name, source=tmp_path)
    assert folder.parent == Path(os.environ["TFDS_DATA_DIR"]) / name
    assert_loads(name, arrays)
    assert dataset_info(name).record() == info.record()
    assert config.optimizer.learning_rate == get_config(f"bp,mlp,{like}").optimizer.learning_rate
    config = as_plain(config, [])
    assert config["data"] == info.record()
    config["data_dir"] = "nowhere"  # what a run has recorded is enough to read it back
    assert build_rule_on_network(config).net.input_shape == info.image_shape
    assert "tensorflow" not in sys.modules


def test_a_damaged_matlab_file_is_named(tmp_path):
    write_svhn(tmp_path, builders.make_arrays(COLOUR))
    path = tmp_path / "test_32x32.mat"
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(UserError, match=f"^{path} is damaged"):
        prepare("svhn_cropped", source=tmp_path)
    savemat(path, {"X": np.zeros(3)})
    with pytest.raises(UserError, match=r"is damaged \(it lacks images X or labels y"):
        prepare("svhn_cropped", source=tmp_path)


BUILDER = '''
import numpy as np
import tensorflow_datasets as tfds

class PepitaToy(tfds.core.GeneratorBasedBuilder):
    """Arrays in the training set, an archive of PNGs in the test set."""
    VERSION = tfds.core.Version("1.0.0")
    def _info(self):
        label = tfds.features.ClassLabel(num_classes=2)
        features = {"picture": tfds.features.Image(shape=(4, 5, 3)), "kind": label}
        keys = ("picture", "kind")
        features = tfds.features.FeaturesDict(features)
        return tfds.core.DatasetInfo(builder=self, features=features, supervised_keys=keys)
    def _split_generators(self, manager):
        paths = manager.download({"train": "http://127.0.0.1:9/images.npy"})
        test = manager.download_and_extract("http://127.0.0.1:9/test.zip")
        of_test = ((file.stem, {"picture": file, "kind": 1}) for file in test.glob("*.png"))
        return {SPLIT: self._generate_examples(paths["train"]), "test": of_test}
    def _generate_examples(self, path):
        for i, image in enumerate(np.load(path)):
            yield i, {"picture": image, "kind": i % 2}
'''


@pytest.mark.parametrize("split", ["train", "learning"])
def test_another_set_is_prepared_by_its_own_builder(split, tmp_path):
    """In a process of its own: TFDS would know the builder ever after."""
    originals = tmp_path / "originals"
    originals.mkdir()
    image = np.random.default_rng(0).integers(0, 256, (7, 4, 5, 3), np.uint8)
    np.save(originals / "images.npy", image[:6])
    with zipfile.ZipFile(originals / "test.zip", "w") as archive:
        Image.fromarray(image[6]).save(tmp_path / "6.png")
        archive.write(tmp_path / "6.png", "6.png")
    (tmp_path / "toy.py").write_text(
        f"SPLIT = {split!r}\n{BUILDER}\n"
        "from pepita_jax.data.prepare import prepare\n"
        f"prepare('pepita_toy', source={str(originals)!r})\n"
    )
    done = subprocess.run([sys.executable, tmp_path / "toy.py"], capture_output=True, text=True)
    if split == "learning":
        assert "'pepita_toy' has no split 'train'; it has learning, test" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    arrays = {"train": (image[:6], np.arange(6) % 2), "test": (image[6:], [1])}
    assert_loads("pepita_toy", arrays)  # which needs no builder
    assert dataset_info("pepita_toy").record() == DatasetInfo((4, 5, 3), 2, 6, 1).record()
    assert load_stored("pepita_toy", validation_fraction=0.5).validation[0].shape == (3, 4, 5, 3)
    assert get_config("bp,mlp,pepita_toy").batch_size == 64
