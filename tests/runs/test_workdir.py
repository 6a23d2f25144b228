"""The files of a run, and who may touch them."""

import json
import shutil
import subprocess
import sys

import jax.numpy as jnp
import pytest

from pepita_jax import UserError
from pepita_jax.runs import workdir as workdir_module
from pepita_jax.runs.environment import describe_environment
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir

CONFIG = {
    "rule": {"name": "pepita", "sign": 1}, "seed": 0, "num_seeds": 2, "num_epochs": 5,
    "data_dir": None, "model": {"hidden": (4,), "init": "x"},
}  # fmt: skip
LAYOUT = {"seeds_at_once": 1}


def claim(path, epochs=0, layout=LAYOUT, **fields):
    """Claims a workdir, and trains some epochs in it, so to speak; returns its groups' seeds."""
    workdir = Workdir(path)
    with workdir.hold({**CONFIG, **fields}) as groups:
        for group in groups:
            if group.epoch < epochs:
                workdir.begin(layout)
            for epoch in range(group.epoch + 1, epochs + 1):
                workdir.log(group, "metrics", epoch, {"train_accuracy": 0.5, "test_accuracy": 0.5})
                workdir.save(group, epoch, {"W": jnp.ones(3)})
        return [group.seeds for group in groups]


def test_the_configuration_comes_back_as_it_was_given_with_where_it_ran(tmp_path):
    claim(tmp_path / "a" / "b", epochs=1)
    saved = Workdir(tmp_path / "a" / "b").read()
    assert saved.config == json.loads(json.dumps(CONFIG))
    assert saved.environment["seeds_at_once"] == 1
    assert saved.environment["devices"] == ["cpu", "cpu"]
    assert {"jax", "jaxlib", "python", "commit"} < saved.environment.keys()


def test_where_it_ran_before_is_kept(tmp_path):
    for epochs, chunk in ((1, 1), (2, 1), (3, 2), (3, 4)):
        claim(tmp_path, epochs=epochs, layout={"seeds_at_once": chunk})
    content = json.loads((tmp_path / "config.json").read_text())
    assert content["environment"]["seeds_at_once"] == 2
    assert [e["seeds_at_once"] for e in content["earlier_environments"]] == [1]


@pytest.mark.parametrize(
    "fields", [{}, {"num_epochs": 6}, {"num_seeds": 3}, {"data_dir": "elsewhere"}]
)
def test_the_same_run_may_be_longer_or_read_its_data_elsewhere(fields, tmp_path):
    claim(tmp_path, epochs=1)
    claim(tmp_path, **fields)


def test_seeds_beyond_those_that_are_there_form_a_group(tmp_path):
    assert claim(tmp_path) == [range(2)]
    assert claim(tmp_path, epochs=2, num_seeds=3) == [range(3)]  # nothing had been saved
    assert claim(tmp_path, epochs=1, num_seeds=5) == [range(3), range(3, 5)]
    assert claim(tmp_path, epochs=2, num_seeds=11) == [range(3), range(3, 5), range(5, 11)]
    assert Workdir(tmp_path).read().history("metrics")["test_accuracy"].shape == (11, 2)


def test_seeds_that_have_not_caught_up_are_not_read(tmp_path):
    claim(tmp_path, epochs=2)
    claim(tmp_path, epochs=1, num_seeds=3)
    saved = Workdir(tmp_path).read()
    assert (saved.config["num_seeds"], saved.num_epochs) == (2, 2)
    assert saved.history("metrics")["test_accuracy"].shape == (2, 2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"seed": 1}, "different run: seed was 0, is 1; use another workdir"),
        ({"model": {"hidden": (5,), "init": "x"}}, r"model\.hidden was \[4\], is \[5\]"),
        ({"new": 1}, "new was not set, is 1"),
        ({"num_epochs": 2}, "with num_epochs 3; it can be raised, not lowered"),
        (
            {"rule": {"name": "bp", "scale": 1}},
            "different run: rule.name was 'pepita', is 'bp'; use",
        ),
        ({"num_seeds": 1}, "with num_seeds 2; it can be raised, not lowered"),
    ],
)
def test_another_run_is_refused_and_its_field_named(fields, message, tmp_path):
    claim(tmp_path, epochs=3)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=message):
        claim(tmp_path, **fields)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("left", ["metrics.jsonl", "summary.json"])
def test_results_without_their_configuration_are_left_alone(left, tmp_path):
    (tmp_path / left).write_text("results of another run")
    with pytest.raises(UserError, match=f"has {left} but no config.json"):
        claim(tmp_path)
    assert (tmp_path / left).read_text() == "results of another run"


def test_checkpoints_of_another_version_are_left_alone(tmp_path):
    (tmp_path / "checkpoints" / "5").mkdir(parents=True)
    with pytest.raises(UserError, match="holds 5, which this version has not written"):
        claim(tmp_path)


def group_folder(path, first, last):
    return path / "checkpoints" / f"seeds_{first}-{last}"


def test_a_copy_of_a_group_is_named(tmp_path):
    claim(tmp_path, epochs=1)
    shutil.copytree(group_folder(tmp_path, 0, 1), tmp_path / "checkpoints" / "seeds_0-1.bak")
    with pytest.raises(UserError, match=r"holds seeds_0-1\.bak, which"):
        claim(tmp_path)


def test_seeds_from_another_run_or_there_twice_are_refused(tmp_path):
    claim(tmp_path / "here", epochs=1)
    claim(tmp_path / "there", epochs=1, num_seeds=4, seed=1)
    foreign = group_folder(tmp_path / "here", 2, 3)
    shutil.copytree(group_folder(tmp_path / "there", 0, 3), foreign)
    with pytest.raises(UserError, match=r"seeds_2-3 is of a different run.*: seed was 1, is 0"):
        claim(tmp_path / "here", num_seeds=4)
    shutil.rmtree(foreign)
    shutil.copytree(group_folder(tmp_path / "here", 0, 1), group_folder(tmp_path / "here", 1, 2))
    with pytest.raises(UserError, match="seeds_0-1 and seeds_1-2 have seeds in common"):
        claim(tmp_path / "here", num_seeds=4)


def test_seeds_that_were_removed_are_trained_again(tmp_path):
    claim(tmp_path, epochs=2)
    claim(tmp_path, epochs=2, num_seeds=3)
    claim(tmp_path, epochs=2, num_seeds=4)
    for removed in ((0, 1), (2, 2)):
        shutil.rmtree(group_folder(tmp_path, *removed))
        assert claim(tmp_path, num_seeds=4) == [range(2), range(2, 3), range(3, 4)]
        assert claim(tmp_path, epochs=2, num_seeds=4) == [range(2), range(2, 3), range(3, 4)]
    assert Workdir(tmp_path).read().history("metrics")["test_accuracy"].shape == (4, 2)


def test_only_seeds_after_the_same_epoch_are_read_together(tmp_path):
    claim(tmp_path, epochs=3)
    claim(tmp_path, epochs=3, num_seeds=3)
    next((group_folder(tmp_path, 0, 1) / "3").rglob("record.json")).write_text("{}")
    saved = Workdir(tmp_path).read()
    assert (saved.config["num_seeds"], saved.seeds, saved.num_epochs) == (2, [0, 1], 2)
    shutil.rmtree(group_folder(tmp_path, 0, 1))
    saved = Workdir(tmp_path).read()
    assert (saved.config["num_seeds"], saved.seeds, saved.num_epochs) == (1, [2], 3)
    assert saved.history("metrics")["test_accuracy"].shape == (1, 3)


def test_seeds_that_were_trained_under_other_settings_are_not_read_together(tmp_path, monkeypatch):
    """As if two processes had begun at the same time on two machines."""
    claim(tmp_path / "one", epochs=1)
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    claim(tmp_path / "two", epochs=1, num_seeds=3)
    shutil.copytree(group_folder(tmp_path / "two", 0, 2), group_folder(tmp_path / "one", 2, 4))
    with pytest.raises(UserError, match="seeds_0-1 and seeds_2-4 were trained under different"):
        Workdir(tmp_path / "one").read()


def test_a_run_from_before_settings_were_recorded_can_grow(tmp_path, monkeypatch):
    environment = describe_environment()
    del environment["settings"]
    monkeypatch.setattr(workdir_module, "describe_environment", lambda: environment)
    monkeypatch.setattr(Workdir, "begin", lambda self, layout: None)
    claim(tmp_path, epochs=1)
    monkeypatch.undo()
    claim(tmp_path, epochs=1, num_seeds=4)
    assert Workdir(tmp_path).read().seeds == [0, 1, 2, 3]


def test_what_has_risen_for_some_seeds_cannot_be_lowered(tmp_path):
    claim(tmp_path, epochs=2)
    claim(tmp_path, epochs=2, num_seeds=3)
    workdir = Workdir(tmp_path)
    with workdir.hold({**CONFIG, "num_seeds": 3, "num_epochs": 9}) as groups:
        workdir.begin(LAYOUT)
        workdir.log(groups[0], "metrics", 3, {"train_accuracy": 0.5, "test_accuracy": 0.5})
        workdir.save(groups[0], 3, {"W": jnp.ones(3)})
    with pytest.raises(UserError, match="with num_epochs 3; it can be raised"):
        claim(tmp_path, num_seeds=3, num_epochs=2)
    claim(tmp_path, num_seeds=3, num_epochs=3)  # the six that have not been trained can be left


def test_a_reader_beside_a_writer_reads_again(tmp_path, monkeypatch):
    claim(tmp_path, epochs=1)
    find_all, found = SeedGroup.find_all, []

    def find_and_write(root, states):
        """As if the writer had saved and removed checkpoints since they were listed."""
        found.append(root)
        if len(found) == 1:
            shutil.copytree(group_folder(tmp_path, 0, 1) / "1", group_folder(tmp_path, 0, 1) / "2")
            raise UserError("no checkpoint is intact")
        return find_all(root, states)

    monkeypatch.setattr(SeedGroup, "find_all", find_and_write)
    assert Workdir(tmp_path).read().num_epochs == 2
    monkeypatch.setattr(
        SeedGroup, "find_all", lambda root, states: find_all(root / "nothing", states)
    )
    with pytest.raises(UserError, match="no checkpoint yet"):
        Workdir(tmp_path).read()


def test_there_is_nothing_to_read_in_an_empty_or_damaged_folder(tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        Workdir(tmp_path).read()
    claim(tmp_path)
    with pytest.raises(UserError, match="no checkpoint yet"):
        Workdir(tmp_path).read()
    for damaged in ('{"seed": 0', "[]", "{}"):
        (tmp_path / "config.json").write_text(damaged)
        with pytest.raises(UserError, match=r"config\.json is damaged"):
            Workdir(tmp_path).read()
        with pytest.raises(UserError, match=r"config\.json is damaged"):
            claim(tmp_path)


def test_files_beside_the_checkpoints_are_written_anew(tmp_path):
    claim(tmp_path, epochs=2)
    names = ("config.json", "metrics.jsonl")
    before = [(tmp_path / name).read_text() for name in names]
    for damage in (lambda text: text[:-9], lambda text: "", lambda text: text.replace("1", "3")):
        for name, text in zip(names, before, strict=True):
            (tmp_path / name).write_text(damage(text))
        claim(tmp_path)
        assert [(tmp_path / name).read_text() for name in names] == before
    (tmp_path / "config.json").unlink()
    claim(tmp_path)
    assert (tmp_path / "config.json").read_text() == before[0]


HOLDER = """
import sys, time
from tests.runs.test_workdir import CONFIG
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir
with Workdir(sys.argv[1]).hold(CONFIG):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_refused_until_the_first_is_gone_however_it_went(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="in use by another process"):
            claim(tmp_path)
        holder.kill()
    assert claim(tmp_path) == [range(2)]
