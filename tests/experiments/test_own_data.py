"""One's own data on the command line: trained, resumed, swept, reported, and never confused."""

import json
import shutil

import numpy as np
import pytest

import pepita_jax as pj
from tests.data.test_own import write_images
from tests.experiments.commands import TINY, assert_refused, command, read_rows, train

LABEL = np.arange(300) % 3


@pytest.fixture
def file(tmp_path):
    """Images of three classes that differ in brightness."""
    noise = np.random.default_rng(0).integers(0, 80, (300, 6, 6), np.uint8)
    image = noise + 80 * LABEL[:, None, None].astype(np.uint8)
    path = tmp_path / "my, data.npz"  # of which nothing is split
    split = {"x_train": image[:200], "y_train": LABEL[:200]}
    np.savez(path, **split, x_test=image[200:], y_test=LABEL[200:])
    return path


def test_a_run_resumes_from_another_directory_and_is_read_without_its_data(
    file, tmp_path, monkeypatch
):
    choice, run = f"pepita,mlp,{file}", tmp_path / "run"
    assert train(tmp_path / "whole", *TINY, choice=choice).returncode == 0
    short = (*TINY, "--config.num_epochs=1")
    monkeypatch.chdir(tmp_path)
    done = train(run, *short, choice=choice)
    assert done.returncode == 0, done.stderr
    assert "| my, data.npz |" in done.stdout

    moved = tmp_path / "elsewhere" / "the same.npz"
    moved.parent.mkdir()
    file.rename(moved)
    assert_refused(command("train", f"--workdir={run}"), f"no file or folder {file}")
    loaded = pj.load_run(run)
    assert loaded.net.input_shape == (6, 6, 1)
    assert repr(loaded) == "Run(pepita on my, data.npz, 2 seeds, 1 epoch)"
    assert train(run, *TINY, choice=f"pepita,mlp,{moved}").returncode == 0
    config = json.loads((run / "config.json").read_text())
    assert config["dataset"] == str(moved)
    assert config["data"]["num_train"] == 200
    for one, other in zip(read_rows(run), read_rows(tmp_path / "whole"), strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}

    options = (f"--baseline={tmp_path / 'whole'}", f"--json={tmp_path / 'report.json'}")
    report = command("report", run, *options)
    assert report.returncode == 0, report.stderr
    assert "the same.npz" in report.stdout


@pytest.mark.slow
def test_a_run_does_not_go_on_with_other_data(file, tmp_path):
    choice, run = f"bp,mlp,{file}", tmp_path / "run"
    assert train(run, *TINY, choice=choice).returncode == 0
    with np.load(file) as arrays:
        changed = dict(arrays)
    changed["x_train"][0] ^= 1
    np.savez(file, **changed)
    longer = "--config.num_epochs=3"
    refused = train(run, *TINY, longer, choice=choice)
    assert_refused(refused, "holds a different run: data.checksum was '")
    assert_refused(command("train", f"--workdir={run}", longer), "no longer holds the data")


@pytest.mark.slow
def test_a_sweep_of_one_s_own_images(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (30, 6, 6, 3), np.uint8)
    folder = write_images(tmp_path / "pictures", image)
    done = command(
        "sweep", f"--config=configs/default.py:bp,mlp,{folder}", f"--workdir={tmp_path / 'sweep'}",
        *TINY, "--config.batch_size=5", "--sweep.optimizer.learning_rate=0.01,0.1",
        "--sweep.preprocess=none,standardize",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "8 seeds, in 2 compiled programs" in done.stderr
    assert f":bp,mlp,{folder}" in done.stdout
    shutil.rmtree(folder)
    (best,) = (tmp_path / "sweep").glob("best_*")
    assert pj.load_run(best).net.input_shape == (6, 6, 3)


def test_mistakes_get_one_line(tmp_path):
    np.savez(tmp_path / "mine.npz", x_train=LABEL)
    done = train(tmp_path / "run", choice=f"bp,mlp,{tmp_path / 'mine.npz'}")
    assert_refused(done, "mine.npz: it lacks y_train, x_test, y_test")
    done = train(tmp_path / "run", choice=f"bp,mlp,{tmp_path}")
    assert_refused(done, f"{tmp_path}: it has no folder train: give train/CLASS/")
    done = train(tmp_path / "run", choice="bp,mlp,emnist")
    assert_refused(done, "'emnist' has parts: give emnist/PART, of byclass, bymerge, balanced")
    done = train(tmp_path / "run", choice="bp,mlp,caltech101")
    assert_refused(done, "the images of dataset 'caltech101' have no fixed shape")
    done = train(tmp_path / "run", choice="bp,mlp,kmnist")
    assert_refused(done, "experiments.prepare_data kmnist")
    assert not (tmp_path / "run").exists()
