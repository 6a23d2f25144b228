"""The files of a run: what is written, what is read back, and that one process holds them."""

import json
import shutil
import subprocess
import sys

import pytest

from pepita_jax import UserError
from pepita_jax.runs.seed_group import SeedGroup
from pepita_jax.runs.workdir import Workdir
from tests.runs.workdirs import CONFIG, group_folder, hold


def test_the_configuration_comes_back_as_it_was_given_with_where_it_ran(tmp_path):
    hold(tmp_path / "a" / "b", epochs=1)
    saved = Workdir(tmp_path / "a" / "b").read()
    assert saved.config == json.loads(json.dumps(CONFIG))
    assert saved.environment["seeds_at_once"] == 1
    assert saved.environment["devices"] == ["cpu", "cpu"]
    assert {"jax", "jaxlib", "python", "commit"} < saved.environment.keys()


def test_where_it_ran_before_is_kept(tmp_path):
    for epochs, chunk in ((1, 1), (2, 1), (3, 2), (3, 4)):
        hold(tmp_path, epochs=epochs, layout={"seeds_at_once": chunk})
    content = json.loads((tmp_path / "config.json").read_text())
    assert content["environment"]["seeds_at_once"] == 2
    assert [e["seeds_at_once"] for e in content["earlier_environments"]] == [1]


def test_files_beside_the_checkpoints_are_written_anew(tmp_path):
    hold(tmp_path, epochs=2)
    names = ("config.json", "metrics.jsonl")
    before = [(tmp_path / name).read_text() for name in names]
    for damage in (lambda text: text[:-9], lambda text: "", lambda text: text.replace("1", "3")):
        for name, text in zip(names, before, strict=True):
            (tmp_path / name).write_text(damage(text))
        hold(tmp_path)
        assert [(tmp_path / name).read_text() for name in names] == before
    (tmp_path / "config.json").unlink()
    hold(tmp_path)
    assert (tmp_path / "config.json").read_text() == before[0]


def test_there_is_nothing_to_read_in_an_empty_or_damaged_folder(tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        Workdir(tmp_path).read()
    hold(tmp_path)
    with pytest.raises(UserError, match="no checkpoint yet"):
        Workdir(tmp_path).read()
    for damaged in ('{"seed": 0', "[]", "{}"):
        (tmp_path / "config.json").write_text(damaged)
        with pytest.raises(UserError, match=r"config\.json is damaged"):
            Workdir(tmp_path).read()
        with pytest.raises(UserError, match=r"config\.json is damaged"):
            hold(tmp_path)


def test_a_reader_beside_a_writer_reads_again(tmp_path, monkeypatch):
    hold(tmp_path, epochs=1)
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


HOLDER = """
import sys, time
from tests.runs.workdirs import CONFIG
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
            hold(tmp_path)
        holder.kill()
    assert hold(tmp_path) == [range(2)]
