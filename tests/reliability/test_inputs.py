"""Whatever a user gives, it trains or gets one clear line."""

import json
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ml_collections import ConfigDict

import pepita_jax as pj
from configs.default import get_config
from pepita_jax.data.originals import read_originals
from tests.cases import slow_after
from tests.data import builders
from tests.experiments.commands import command

COMMON = {
    "deadline": None, "derandomize": True, "database": None,
    "suppress_health_check": list(HealthCheck),
}  # fmt: skip


def train(arguments):
    """Runs the training command; returns its exit status and standard error."""
    done = command("train", *arguments)
    return done.returncode, done.stderr


def flatten(config, prefix=""):
    for name, value in config.items():
        yield from (
            flatten(value, f"{prefix}{name}.")
            if isinstance(value, ConfigDict)
            else [f"{prefix}{name}"]
        )


SMALL = ("--config.num_epochs=1", "--config.num_seeds=1", "--config.model.hidden=(4,)")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
NUMBERS = st.integers(-3, 70) | st.sampled_from([2**31, -(2**31), 10**12, 10**30]) | st.floats()
WORDS = st.sampled_from(
    ["True", "False", "None", "", "()", "(1,)", "(2,3)", "(0,)", "(-1,)", "(1.5,)", "('a',)", "[4]",
     "1e-3", "sgd", "adam", "lion", "tanh", "sigmoid", "linear", "he_normal", "hebbian",
     "standard", "modulated", "bfloat16", "/", "a b", "ünï"]
)  # fmt: skip
VALUES = NUMBERS.map(str) | WORDS | TEXT
CHOICES = st.tuples(
    st.sampled_from(["pepita", "bp", "drtp", "weight_mirror"]), st.sampled_from(["mlp", "conv"])
)


@st.composite
def arguments(draw):
    """A command line with a few fields changed; it may be right or wrong."""
    choice = f"{','.join(draw(CHOICES))},digits"
    fields = [*flatten(get_config(choice)), "nothing", "model.nothing"]
    # More epochs or seeds than a few would be right, and take for ever.
    few = {"num_epochs": st.integers(-2, 3).map(str), "num_seeds": st.integers(-2, 3).map(str)}
    names = draw(st.lists(st.sampled_from(fields), min_size=1, max_size=3))
    changes = [f"--config.{name}={draw(few.get(name, VALUES))}" for name in names]
    return [f"--config=configs/default.py:{choice}", *SMALL, *changes]


def check_command(arguments, workdir):
    status, stderr = train([*arguments, f"--workdir={workdir}"])
    said = (arguments, stderr)
    assert status in (0, 2, 3), said
    assert "Traceback" not in stderr, said
    if status == 0:
        assert json.loads((workdir / "summary.json").read_text())["num_seeds"] >= 1
    else:
        assert stderr.strip().splitlines()[-1].startswith("error: "), said
    return status


@pytest.mark.parametrize("examples", [3, pytest.param(1000, marks=pytest.mark.slow)])
def test_any_field_with_any_value(examples, tmp_path_factory):
    root, statuses, numbers = tmp_path_factory.mktemp("runs"), [], count()

    @settings(max_examples=examples, **COMMON)
    @given(arguments())
    def check(given_arguments):
        statuses.append(check_command(given_arguments, root / str(next(numbers))))

    check()
    assert {0, 2} <= set(statuses)
    print(f"{len(statuses)} command lines, {statuses.count(0)} of them right")


@pytest.mark.parametrize("name", slow_after(3, ["läufe/ü 1", "-", "x" * 200, "a b", "日本語"]))
def test_any_path(name, tmp_path):
    check_command(["--config=configs/default.py:bp,mlp,digits", *SMALL], tmp_path / name)
    assert (tmp_path / name / "curves.png").exists()


@pytest.mark.parametrize("words", [["--workdir"], ["--config"], ["--config=configs/default.py:"],
                                   ["--config.num_epochs"], ["--config=.:bp"], ["-x"], ["--"],
                                   ["--config=/dev/null:a,b,c"], ["--seed=3"], [""]])  # fmt: skip
def test_any_flag(words):
    status, stderr = train([*words, *SMALL])
    assert status == 2, stderr
    assert len(stderr.strip().splitlines()) == 1, stderr


def originals(folder, monkeypatch):
    """Small original files of every kind, `{data set: {file name: content}}`."""
    mnist = builders.mnist_files(builders.make_arrays(builders.shrink(monkeypatch, "mnist")))
    arrays = builders.make_arrays(builders.shrink(monkeypatch, "cifar10", 5, 2))
    batches = builders.cifar10_batches(arrays)
    packed = {"cifar-10-batches-bin/" + k + ".bin": builders.binary(*v) for k, v in batches.items()}
    archive = folder / "cifar-10-binary.tar.gz"
    builders.write_tar(archive, packed)
    python = {k: builders.pickled(image, labels=label) for k, (image, label) in batches.items()}
    return {
        "idx": ("mnist", mnist),
        "archive": ("cifar10", {archive.name: archive.read_bytes()}),
        "pickle": ("cifar10", python),
    }


EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["flip", "cut", "insert"]), st.binary(max_size=6)),
    min_size=1, max_size=4,
)  # fmt: skip


def edit(content, edits):
    for place, what, new in edits:
        at = int(place * len(content))
        if what == "cut":
            content = content[:at] + content[at + len(new) + 1 :]
        else:
            content = content[:at] + new + content[at + (len(new) if what == "flip" else 0) :]
    return content


@pytest.mark.parametrize("examples", [100, pytest.param(3000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["idx", "archive", "pickle"])
def test_any_damage_to_original_files(kind, examples, tmp_path, monkeypatch):
    name, files = originals(tmp_path, monkeypatch)[kind]
    folder = tmp_path / "damaged"
    folder.mkdir()

    @settings(max_examples=examples, **COMMON)
    @given(st.sampled_from(sorted(files)), EDITS)
    def check(chosen, edits):
        for file, content in files.items():
            (folder / file).write_bytes(edit(content, edits) if file == chosen else content)
        try:
            parsed = read_originals(name, folder)
        except pj.UserError:
            return
        assert {"image", "label"} <= parsed["train"].keys()

    check()
