"""The demonstration and the preparation of data, as a user runs them."""

import numpy as np
import pytest

import pepita_jax as pj
from experiments import prepare_data
from tests.data import builders
from tests.experiments.commands import assert_refused, command


@pytest.mark.slow  # and `make demo` does the same
def test_the_demonstration_ends_with_a_table_of_both_rules_and_a_plot(tmp_path):
    done = command("demo", f"--workdir={tmp_path}")
    assert done.returncode == 0, done.stderr
    rows = [line.split("|") for line in done.stdout.splitlines() if line.startswith("|")][2:]
    assert [(row[1].strip(), row[4].strip()) for row in rows] == [("bp", "10"), ("pepita", "10")]
    assert str(tmp_path / "demo.png") in done.stdout
    assert (tmp_path / "demo.png").exists()
    for rule in ("bp", "pepita"):
        assert pj.load_run(tmp_path / rule).history["test_accuracy"][:, -1].mean() > 0.85


OWN = ("mnist", "fashion_mnist")
TORCHVISION = ("MNIST/raw", "FashionMNIST/raw")


def write_mnist_and_fashion(folder, num_train, num_test, subfolders=OWN):
    """MNIST all black, Fashion-MNIST all ones, each in its subfolder of `folder`."""
    for subfolder, value in zip(subfolders, (0, 1), strict=True):
        arrays = {
            split: (np.full((count, 28, 28, 1), value, np.uint8), np.full(count, value, np.uint8))
            for split, count in (("train", num_train), ("test", num_test))
        }
        builders.write_mnist(folder / subfolder, arrays, zipped=False)


def assert_prepared(data_dir):
    assert not pj.load_dataset("mnist", data_dir=data_dir).test[0].any()
    assert pj.load_dataset("fashion_mnist", data_dir=data_dir).test[0].all()


@pytest.mark.parametrize("subfolders", [OWN, TORCHVISION])
def test_sets_whose_files_have_the_same_names_come_from_subfolders(
    subfolders, tmp_path, monkeypatch, capsys
):
    sets = ["mnist", "fashion_mnist"]
    for name in sets:
        builders.shrink(monkeypatch, name)
    write_mnist_and_fashion(tmp_path / "originals", 25, 10, subfolders)
    data_dir = str(tmp_path / "tfds")
    prepare_data.prepare_all(sets, str(tmp_path / "originals"), data_dir)
    assert f"mnist is ready in {data_dir}/mnist/" in capsys.readouterr().out
    assert_prepared(data_dir)


def test_a_folder_without_files_is_said_to_lack_them(tmp_path):
    sets = ["mnist", "fashion_mnist"]
    with pytest.raises(pj.UserError, match=r"there is no file train-images.*MNIST/raw"):
        prepare_data.prepare_all(sets, str(tmp_path), str(tmp_path / "tfds"))


@pytest.mark.slow
def test_preparing_sets_of_the_real_sizes_as_a_user_does(tmp_path):
    write_mnist_and_fashion(tmp_path / "originals", 60000, 10000)
    sets = ("mnist", "fashion_mnist")
    folders = (f"--from={tmp_path / 'originals'}", f"--data_dir={tmp_path / 'tfds'}")
    done = command("prepare_data", *sets, *folders)
    assert done.returncode == 0, done.stderr
    assert_prepared(tmp_path / "tfds")


def test_mistakes_in_preparing_are_named(tmp_path):
    assert_refused(command("prepare_data"), "name the sets to prepare")
    assert_refused(command("prepare_data", "imagenet"), "'imagenet'", "valid: cifar10")
    assert_refused(command("prepare_data", "mnist", "digits", f"--from={tmp_path}"), "'digits'")
    assert_refused(command("prepare_data", "mnist", f"--from={tmp_path}"), "no file train-images")
    one_folder = f"--from={tmp_path}"
    (tmp_path / "train-images-idx3-ubyte").touch()
    assert_refused(
        command("prepare_data", "mnist", "fashion_mnist", one_folder), "same names", "subfolder"
    )


def test_help_explains_the_ways_to_prepare():
    done = command("prepare_data", "--help")
    assert done.returncode == 0
    assert "--from" in done.stdout
    assert "IDX" in done.stdout
