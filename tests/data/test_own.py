"""One's own data: arrays in an `.npz` file, and folders of images."""

import hashlib
import itertools
import math

import numpy as np
import pytest
from PIL import Image

from pepita_jax import UserError, load_dataset
from pepita_jax.data import dataset_info, load_stored
from pepita_jax.data.validation import chance_of_lacking

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 256, (30, 4, 5), np.uint8)
LABEL = np.arange(30) % 3


def save(path, **changes):
    """Writes a small set, of which some arrays are other ones, or left out where None."""
    arrays = {"x_train": IMAGE, "y_train": LABEL, "x_test": IMAGE[:6], "y_test": LABEL[:6]}
    arrays = {name: x for name, x in (arrays | changes).items() if x is not None}
    np.savez(path, **arrays)
    return str(path)


@pytest.mark.parametrize(
    ("image", "label", "stored"),
    [
        (IMAGE, LABEL, IMAGE[..., None]),
        (IMAGE[..., None], LABEL[:, None].astype(np.uint8), IMAGE[..., None]),
        (np.stack([IMAGE] * 3, -1), LABEL.astype(np.uint64), np.stack([IMAGE] * 3, -1)),
        (IMAGE / 255, LABEL, (IMAGE / 255)[..., None].astype(np.float32)),
        (IMAGE.astype(">f4") - 128, LABEL, IMAGE[..., None].astype(np.float32) - 128),
    ],
)
def test_arrays_are_read_as_keras_has_them(image, label, stored, tmp_path):
    path = save(tmp_path / "mine.npz", x_train=image, y_train=label, x_test=image[:6])
    data = load_stored(path)
    np.testing.assert_array_equal(data.train[0], stored)
    np.testing.assert_array_equal(data.test[0], stored[:6])
    np.testing.assert_array_equal(data.train[1], LABEL)
    assert {split[1].dtype for split in (data.train, data.test)} == {np.dtype(np.int32)}
    assert load_dataset(path).train[0].dtype == np.float32


def test_what_a_file_is_like_is_known_with_its_checksum(tmp_path, monkeypatch):
    path = tmp_path / "mine.npz"
    record = {"image_shape": (4, 5, 1), "num_classes": 3, "num_train": 30, "num_test": 6}
    record["checksum"] = hashlib.sha256(open(save(path), "rb").read()).hexdigest()
    monkeypatch.chdir(tmp_path)
    for name in (str(path), path, "mine.npz", "./mine.npz", "../" + tmp_path.name + "/mine.npz"):
        assert dataset_info(name).record() == record
    save(path, x_test=IMAGE[:6] + 1)  # as many bytes
    assert dataset_info("mine.npz").checksum != record["checksum"]


OBJECTS = np.array([None] * 30)
ARRAYS = {
    "pickled": ({"x_train": OBJECTS}, "it holds pickled objects, which are not read"),
    "missing": ({"x_test": None, "y_test": None},
                "lacks x_test, y_test; it holds x_train, y_train$"),
    "skipped": ({"y_train": LABEL * 2}, "labels go up to 4, .* of class 1, 3: number the classes"),
    "from 1": ({"y_train": LABEL + 1, "y_test": LABEL[:6] + 1}, "up to 3, .* is of class 0:"),
    "huge": ({"y_train": LABEL * 10**9}, "of class 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and .* more:"),
    "no int32": ({"y_train": LABEL * 10**10}, "y_train holds 20000000000: classes are numbered"),
    "of no training": ({"y_test": LABEL[:6] + 1}, "up to 3, .* class 3: number the classes"),
    "one": ({"y_train": 0 * LABEL, "y_test": 0 * LABEL[:6]}, "all images are of one class"),
    "negative": ({"y_train": LABEL - 1}, "y_train holds -1: classes are numbered from 0"),
    "floats": ({"y_test": LABEL[:6] / 1}, "y_test holds float64: give class numbers, which are"),
    "truths": ({"y_test": LABEL[:6] > 0}, "y_test holds bool"),
    "one-hot": ({"y_train": np.eye(30)}, r"y_train has shape \(30, 30\): give one class number"),
    "few": ({"y_train": LABEL[:7]}, "y_train has 7 labels for 30 images"),
    "NaN": ({"x_train": np.where(IMAGE > 250, np.nan, IMAGE / 255)}, "x_train image .* holds NaN"),
    "unscaled": ({"x_test": IMAGE[:6] / 1}, "x_test images are floats from 0 to .*: scale them"),
    "integers": ({"x_train": IMAGE.astype(int)}, "x_train holds int64: give uint8, or floats in"),
    "text": ({"x_train": IMAGE.astype(str)}, "x_train holds <U3"),
    "shapes": ({"x_test": IMAGE[:6, 1:]}, r"shape \(4, 5, 1\), test images \(3, 5, 1\)"),
    "kinds": ({"x_test": np.stack([IMAGE[:6]] * 3, 3)}, r"\(4, 5, 1\), test images \(4, 5, 3\)"),
    "flat": ({"x_train": IMAGE.reshape(30, -1)}, r"x_train has shape \(30, 20\): give \[N, H, W\]"),
    "empty": ({"x_test": IMAGE[:0], "y_test": LABEL[:0]}, r"x_test is empty: .* \(0, 4, 5\)"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", ARRAYS)
def test_arrays_that_cannot_be_meant_are_refused(mistake, tmp_path):
    changes, message = ARRAYS[mistake]
    path = save(tmp_path / "mine.npz", **changes)
    with pytest.raises(UserError, match=f"^{path}: .*{message}"):
        load_stored(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: b"", "not an .npz file, or it is damaged"),
        (lambda content: b"\x93NUMPY" + content, "damaged"),
        (lambda content: content[:-50], "not an .npz file, or it is damaged"),
        (lambda content: content[:300] + b"\0" * 9 + content[309:], "damaged"),
    ],
)
def test_a_damaged_file_is_named(damage, message, tmp_path):
    path = tmp_path / "mine.npz"
    save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=f"^{path}: it is {message}"):
        load_stored(str(path))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=f"there is no file or folder {tmp_path}/none.npz"):
        load_stored(str(tmp_path / "none.npz"))


def test_a_validation_split_that_takes_a_whole_class_is_refused(tmp_path):
    path = save(tmp_path / "mine.npz", y_train=np.sort(LABEL))
    assert len(load_stored(path, validation_fraction=0.3).validation[0]) == 9
    message = (
        "the last 10 training images, has all images of class 2: put the training set in a random"
    )
    with pytest.raises(UserError, match=message):
        load_stored(path, validation_fraction=1 / 3)


def chance_of_all(counts, size):
    """How probable it is that a random split of each class's images has them all, by counting."""
    labels = np.repeat(np.arange(len(counts)), counts)
    splits = [set(labels[list(of)]) for of in itertools.combinations(range(len(labels)), size)]
    return lambda classes: np.mean([not split & set(classes) for split in splits])


@pytest.mark.parametrize(("counts", "size"), [((3, 3, 3), 3), ((2, 4, 5), 4)])
@pytest.mark.parametrize("classes", [(), (1,), (0, 1), (0, 2)])
def test_the_chance_that_a_split_lacks_classes_is_that_of_counting_all_splits(
    counts, size, classes
):
    counted = chance_of_lacking(np.array(classes), np.repeat(range(3), counts), size)
    choices = math.comb(3, len(classes))
    expected = choices * chance_of_all(counts, size)(classes)
    assert counted == pytest.approx(min(1, expected), rel=1e-12)


@pytest.mark.parametrize("num_classes", [2, 3, 4, 8, 9, 10, 20])
def test_sorted_classes_are_refused_before_a_split_is_made(num_classes, tmp_path):
    label = np.arange(600) * num_classes // 600
    arrays = {"x_train": np.zeros((600, 2, 2), np.uint8), "y_test": label[::100]}
    test = np.zeros((6, 2, 2), np.uint8)
    path = save(tmp_path / "sorted.npz", y_train=label, x_test=test, **arrays)
    with pytest.raises(UserError, match=r"the last 60 training images, has .* in a random order"):
        load_stored(path, validation_fraction=0.1)
    assert load_stored(path).validation is None
    path = save(tmp_path / "turns.npz", y_train=np.arange(600) % num_classes, x_test=test, **arrays)
    assert len(load_stored(path, validation_fraction=0.1).validation[0]) == 60


def test_a_split_that_lacks_a_class_by_chance_is_taken(tmp_path):
    rare = np.where(np.arange(30) == 4, 2, LABEL % 2)  # one image of class 2, in training
    path = save(tmp_path / "mine.npz", y_train=rare, y_test=LABEL[:6] % 2)
    assert 2 not in load_stored(path, validation_fraction=0.2).validation[1]


def write_images(folder, image=IMAGE, suffix="png", names="abc"):
    """`FOLDER/{train,test}/CLASS/NUMBER.png`, of the classes in turn."""
    for split, number in (("train", 30), ("test", 6)):
        for i in range(number):
            path = folder / split / names[LABEL[i]] / f"{i}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[i]).save(path)
    return str(folder)


def number_of(image, images):
    """Which of the images it is."""
    (found,) = np.flatnonzero((images == image).all((1, 2, 3)))
    return found


@pytest.mark.parametrize("channels", [1, 3])
def test_a_folder_s_images_get_the_labels_of_their_folders(channels, tmp_path):
    image = IMAGE if channels == 1 else RANDOM.integers(0, 256, (30, 4, 5, 3), np.uint8)
    data = load_stored(write_images(tmp_path / "mine", image))
    wanted = image.reshape(30, 4, 5, channels)
    found = [number_of(x, wanted) for x in data.train[0]]
    assert sorted(found) == list(range(30))
    np.testing.assert_array_equal(data.train[1], LABEL[found])
    assert sorted(number_of(x, wanted) for x in data.test[0]) == list(range(6))
    assert set(data.train[1][-8:]) == {0, 1, 2}  # whatever becomes the validation split


def test_a_folder_s_checksum_is_of_its_images_wherever_they_lie(tmp_path, monkeypatch):
    first = dataset_info(write_images(tmp_path / "mine"))
    (tmp_path / "mine" / "train" / "a" / ".hidden.png").write_text("")
    (tmp_path / "mine" / "train" / "a" / "notes.txt").write_text("")
    (tmp_path / "mine").rename(tmp_path / "there")
    monkeypatch.chdir(tmp_path)
    assert dataset_info("there").record() == first.record()
    again = dataset_info("there/")  # from the cache
    assert again.checksum == first.checksum
    (tmp_path / "there" / "train" / "a" / "0.png").rename(tmp_path / "there/train/b/0.png")
    assert dataset_info("there").checksum != first.checksum


def test_classes_that_are_numbers_come_in_their_order(tmp_path):
    data = load_stored(write_images(tmp_path / "mine", names=["10", "9", "0"]))
    found = [number_of(x, IMAGE[..., None]) for x in data.test[0]]
    np.testing.assert_array_equal(data.test[1], 2 - LABEL[found])


def empty(folder):
    for path in [*folder.rglob("*.png")]:
        path.unlink()


def lose_test(folder):
    (folder / "test").rename(folder / "tests")


def lose_classes(folder):
    for path in [*folder.glob("train/*")]:
        path.rename(folder / path.name)


def add_class(folder):
    (folder / "test" / "a").rename(folder / "test" / "d")


def mix_colours(folder):
    Image.new("RGB", (5, 4)).save(folder / "train" / "b" / "1.png")


def mix_sizes(folder):
    Image.new("L", (6, 4)).save(folder / "test" / "a" / "0.png")


def truncate(folder):
    path = folder / "train" / "b" / "1.png"
    path.write_bytes(path.read_bytes()[:60])


def write_text(folder):
    (folder / "train" / "b" / "1.png").write_text("no image")


def add_alpha(folder):
    Image.new("RGBA", (5, 4)).save(folder / "train" / "b" / "1.png")


FOLDERS = {
    empty: "train/a has no .png or .jpg file",
    lose_test: "it has no folder test: give test/CLASS/",
    lose_classes: "train has no folder per class: give train/CLASS/",
    add_class: "test has the class d, but train has not",
    mix_colours: r"(is grey and train/b/1.png is coloured|b/1.png is coloured and .* is grey)",
    mix_sizes: r"5x4 pixels large and test/a/0.png 6x4: give images of one size",
    truncate: r"train/b/1.png cannot be read as an image \(.*truncated",
    write_text: r"train/b/1.png cannot be read as an image \(unknown format\)",
    add_alpha: "train/b/1.png is of Pillow's mode RGBA; valid: 1, L, P, RGB",
}


@pytest.mark.parametrize("damage", FOLDERS)
def test_a_folder_that_cannot_be_used_gets_one_line(damage, tmp_path):
    path = write_images(tmp_path / "mine")
    damage(tmp_path / "mine")
    with pytest.raises(UserError, match=f"^{path}: .*{FOLDERS[damage]}"):
        load_stored(path)


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(UserError, match=f"^{tmp_path}: it has no folder train"):
        load_stored(str(tmp_path))
