"""Files that are not as they were written: noticed, and never a wrong result."""

import shutil

import numpy as np
import pytest

import pepita_jax as pj
from pepita_jax.data import cache
from pepita_jax.runs.run import run
from tests.cases import slow_after
from tests.data import builders
from tests.reliability.runs import assert_same_run, make_config


def truncate(content, _):
    return content[: len(content) // 2]


def empty(content, _):
    return b""


def flip(content, random):
    flipped = bytearray(content)
    flipped[random.integers(len(content))] ^= 1 << random.integers(8)
    return bytes(flipped)


DAMAGES = (truncate, empty, flip)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("runs") / "whole"
    run(make_config(), workdir)
    return workdir


def copy(whole, tmp_path):
    workdir = tmp_path / "copy"
    shutil.rmtree(workdir, ignore_errors=True)
    return shutil.copytree(whole, workdir)


def files_below(folder):
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.stat().st_size)


@pytest.mark.parametrize("damage", slow_after(1, (flip, empty, truncate)))
def test_any_file_of_the_newest_checkpoint(damage, whole, tmp_path, capsys):
    random, newest = np.random.default_rng(0), "checkpoints/seeds_0-1/3"
    for path in files_below(whole / newest)[:: 2 if damage is flip else 4]:
        workdir = copy(whole, tmp_path)
        damaged = workdir / path.relative_to(whole)
        damaged.write_bytes(damage(damaged.read_bytes(), random))
        assert pj.load_run(workdir).history["seconds"].shape == (2, 2)
        run(make_config(), workdir)
        assert (
            "the checkpoint of epoch 3 is damaged; going on from epoch 2" in capsys.readouterr().err
        )
        assert_same_run(workdir, whole)


def test_all_checkpoints(whole, tmp_path):
    workdir = copy(whole, tmp_path)
    for epoch in ("2", "3"):
        (workdir / "checkpoints" / "seeds_0-1" / epoch / "record.json").unlink()
    before = {path: path.read_bytes() for path in files_below(workdir)}
    for use in (lambda: run(make_config(), workdir), lambda: pj.load_run(workdir)):
        with pytest.raises(pj.UserError, match=r"no checkpoint in .* is intact"):
            use()
    assert {path: path.read_bytes() for path in files_below(workdir)} == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_files_beside_the_checkpoints(damage, whole, tmp_path):
    random, workdir = np.random.default_rng(0), copy(whole, tmp_path)
    for path in whole.iterdir():
        if path.is_file() and path.stat().st_size:
            damaged = workdir / path.name
            damaged.write_bytes(damage(path.read_bytes(), random))
    np.testing.assert_array_equal(*(pj.load_run(w).history["train_loss"] for w in (workdir, whole)))
    run(make_config(), workdir)
    for path in whole.glob("*.json*"):
        assert (workdir / path.name).read_bytes() == path.read_bytes(), path.name


def assert_whole_or_refused(first):
    """The small MNIST loads as it was, or with one line."""
    try:
        again = pj.load_dataset("mnist")
    except pj.UserError:
        return False
    for one, other in zip(first[:2], again[:2], strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
    return True


@pytest.mark.parametrize("tries", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_the_data_cache(tries, tmp_path, monkeypatch):
    builders.prepare_small_mnist(monkeypatch, tmp_path)
    first, random = pj.load_dataset("mnist"), np.random.default_rng(0)
    (path,) = cache.cache_folder().iterdir()
    good = path.read_bytes()
    for i in range(tries):
        path.write_bytes(DAMAGES[i % 3 if i < 9 else 2](good, random))
        assert assert_whole_or_refused(first)


@pytest.mark.parametrize("tries", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_prepared_data_set(tries, tmp_path, monkeypatch):
    _, folder = builders.prepare_small_mnist(monkeypatch, tmp_path)
    first, random = pj.load_dataset("mnist"), np.random.default_rng(0)
    paths, refused = files_below(folder), 0
    for i in range(tries):
        shutil.rmtree(cache.cache_folder(), ignore_errors=True)
        path = paths[random.integers(len(paths))]
        good = path.read_bytes()
        path.write_bytes(DAMAGES[i % 3 if i < 9 else 2](good, random))
        refused += not assert_whole_or_refused(first)
        path.write_bytes(good)
    assert refused > 0
