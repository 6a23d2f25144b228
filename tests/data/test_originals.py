"""The files that the sets' authors published are found and parsed, as they are handed around."""

import pytest

from pepita_jax.data.prepare import prepare
from tests.data import builders
from tests.data.builders import assert_loads


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_files(name, zipped, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, name))
    prepare(name, source=builders.write_mnist(tmp_path / "originals", arrays, zipped))
    assert_loads(name, arrays)


@pytest.mark.parametrize(
    "layout", ["{0}/{0}", "{1}/{0}", "{1}/{1}", "mnist/{0}/{0}", "MNIST/raw/{0}"]
)
def test_idx_files_as_archives_and_other_programs_lay_them_out(layout, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "mnist"))
    for name, content in builders.mnist_files(arrays).items():
        path = tmp_path / "originals" / layout.format(name, name.replace("-idx", ".idx"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    prepare("mnist", source=tmp_path / "originals")
    assert_loads("mnist", arrays)


@pytest.mark.parametrize("version", ["binary", "python"])
def test_cifar10_archives(version, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10"))
    archive = tmp_path / "originals" / f"cifar-10-{version}.tar.gz"
    members = builders.cifar10_members(arrays, version)
    prepare("cifar10", source=builders.write_tar(archive, members))
    assert_loads("cifar10", arrays)


@pytest.mark.parametrize("version", ["binary", "python"])
def test_cifar100_archives_give_the_fine_labels(version, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar100"))
    members = {}
    for split, (image, label) in arrays.items():
        coarse = label // 5
        if version == "binary":
            members[f"cifar-100-binary/{split}.bin"] = builders.binary(image, coarse, label)
        else:
            content = builders.pickled(image, fine_labels=label, coarse_labels=coarse)
            members[f"cifar-100-python/{split}"] = content
    archive = tmp_path / "originals" / f"cifar-100-{version}.tar.gz"
    prepare("cifar100", source=builders.write_tar(archive, members))
    assert_loads("cifar100", arrays)


@pytest.mark.parametrize("version", ["binary", "python"])
def test_an_unpacked_cifar_archive(version, tmp_path, monkeypatch):
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10"))
    prepare("cifar10", source=builders.unpack_cifar10(tmp_path / "originals", arrays, version))
    assert_loads("cifar10", arrays)
