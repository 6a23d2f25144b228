"""A sampler is asked and told; its study file is all that a search knows."""

import json
import sqlite3

import numpy as np
import optuna
import pytest
import sqlalchemy

from pepita_jax import UserError
from pepita_jax.sweep import search as module
from pepita_jax.sweep.axes import read_axes
from pepita_jax.sweep.search import SAMPLERS, Search, check_sampler, examples

AXES = {"x": "uniform:-1:1", "y": "log_uniform:1e-4:1"}


@pytest.fixture(autouse=True, scope="module")
def _no_waiting_for_the_disk():
    hurry = lambda connection, _: connection.execute("PRAGMA synchronous=OFF")
    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", hurry)
    yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "connect", hurry)


def accuracy(setting):
    """Best at x = 0.5, y = 0.01."""
    distance = (setting["x"] - 0.5) ** 2 + (np.log10(setting["y"]) + 2) ** 2 / 8
    return float(np.exp(-2 * distance))


def begin(path, sampler="tpe", axes=AXES, listed=({},), seed=0):
    return Search(path, sampler, read_axes(axes, listed), listed, seed)


def try_rounds(search, sizes):
    """All settings of some rounds."""
    settings = []
    for number, size in enumerate(sizes):
        settings += (asked := search.ask(number, size))
        search.tell(number, list(map(accuracy, asked)))
    return settings


class Killed(BaseException):
    pass


SIZES = {"cmaes": [3, 3, 2], "random": [3, 2], "tpe": [5, 5, 3]}  # it begins to think after ten


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_search_that_is_killed_again_and_again_asks_for_the_same(sampler, tmp_path, monkeypatch):
    wanted = try_rounds(begin(tmp_path / "straight.db", sampler), SIZES[sampler])
    asks, ask = [0], optuna.Study.ask

    def ask_thrice(*arguments):
        asks[0] += 1
        if asks[0] % 4 == 0:
            raise Killed
        return ask(*arguments)

    monkeypatch.setattr(optuna.Study, "ask", ask_thrice)
    for _ in range(9):
        try:
            found = try_rounds(begin(tmp_path / "killed.db", sampler), SIZES[sampler])
            break
        except Killed:
            pass
    assert asks[0] > len(wanted)
    assert found == wanted
    assert len({setting["x"] for setting in wanted}) == sum(SIZES[sampler])


def test_a_setting_of_which_only_a_part_was_asked_is_asked_again(tmp_path, monkeypatch):
    search = begin(tmp_path / "study.db")
    search.ask(0, 2)
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path}/study.db")
    study.ask().suggest_float("x", -1, 1)  # as by a process that ended then
    search.tell(0, [0.5, 0.6])
    asked = begin(tmp_path / "study.db").ask(1, 2)
    assert all(setting.keys() == {"x", "y"} for setting in asked)
    states = [trial.state.name for trial in study.get_trials()]
    assert states == ["COMPLETE", "COMPLETE", "FAIL", "RUNNING", "RUNNING"]


@pytest.mark.parametrize("sampler", ["cmaes", "tpe"])
def test_what_is_told_guides_the_sampler(sampler, tmp_path):
    settings = try_rounds(begin(tmp_path / "study.db", sampler), [8] * 4)
    first, last = (np.mean([accuracy(s) for s in part]) for part in (settings[:8], settings[-8:]))
    assert last > first + 0.2


def test_lists_become_choices_and_the_study_tells_what_was_told(tmp_path):
    axes = {"hidden": "(4,),(4,8)", "name": "bp,fa", "on": "True,False", "rate": "uniform:0:1"}
    listed = [{"optimizer.name": "sgd", "optimizer.momentum": 0.9}, {"optimizer.name": "adam"}]
    search = begin(tmp_path / "study.db", "random", axes, listed)
    asked = search.ask(0, 16)
    search.tell(0, [i / 16 for i in range(16)])
    assert {s["hidden"] for s in asked} == {(4,), (4, 8)}
    assert {s["name"] for s in asked} == {"bp", "fa"}
    assert {repr(s["on"]) for s in asked} == {"True", "False"}
    assert {repr(list(s.items())[4:]) for s in asked} == {repr(list(s.items())) for s in listed}
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path}/study.db")
    assert study.best_trial.number == 15
    assert study.best_value == 15 / 16
    assert study.best_params["rate"] == asked[15]["rate"]
    assert study.best_params["settings"] in map(json.dumps, listed)


def test_a_round_keeps_its_size_and_later_ones_may_have_another(tmp_path):
    asked = begin(tmp_path / "study.db").ask(0, 3)
    search = begin(tmp_path / "study.db")
    assert search.ask(0, 5) == asked
    search.tell(0, [0.1, 0.2, 0.3])
    search.tell(0, [0.1, 0.2, 0.3])  # as after a stop in between
    assert len(search.ask(1, 5)) == 5
    assert begin(tmp_path / "study.db").sizes == [3, 5]


def test_the_seed_decides_what_is_asked(tmp_path):
    asked = [begin(tmp_path / f"{k}.db", seed=k).ask(0, 2) for k in (0, 1)]
    assert asked[0] != asked[1]


@pytest.mark.parametrize("content", [b"not a study", None])
def test_a_file_that_is_no_study_is_named_and_kept(content, tmp_path):
    path = tmp_path / "study.db"
    path.write_bytes(content) if content else path.mkdir()
    with pytest.raises(UserError, match=r"study\.db is damaged, or cannot be used \(.+\)"):
        begin(path).ask(0, 1)
    assert path.is_dir() or path.read_bytes() == content


def test_a_study_that_has_lost_its_trials_is_named(tmp_path):
    search = begin(tmp_path / "study.db")
    other = sqlite3.connect(tmp_path / "study.db")
    other.execute("drop table trials")
    other.close()
    with pytest.raises(UserError, match=r"study\.db is damaged"):
        search.ask(0, 1)


def test_examples_have_every_value_and_both_bounds():
    listed = [{"c": 1}, {"c": 2}]
    assert examples(read_axes({"a": "1,2,3", "b": "uniform:0:1"}), listed) == [
        {"a": 1, "b": 0, "c": 1}, {"a": 2, "b": 1, "c": 2}, {"a": 3, "b": 0, "c": 1},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sampler", "axes", "listed", "message"),
    [
        (
            "cmaes",
            AXES | {"z": "1,2"},
            [{}],
            r"takes uniform: and log_uniform: axes, not --sweep\.z",
        ),
        ("cmaes", AXES, [{"z": 1}], "axes, not --settings"),
        ("cmaes", {"x": "uniform:0:1"}, [{}], "needs two axes or more"),
    ],
)
def test_axes_that_a_sampler_cannot_draw_from_are_named(sampler, axes, listed, message):
    with pytest.raises(UserError, match=message):
        check_sampler(sampler, read_axes(axes, listed), listed)


@pytest.mark.parametrize(("missing", "sampler"), [("optuna", "tpe"), ("cmaes", "cmaes")])
def test_a_missing_extra_is_named(missing, sampler, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == missing else name)
    with pytest.raises(UserError, match=r"--sampler=.* needs the extra: pip install .*\[search\]"):
        check_sampler(sampler, read_axes(AXES), [{}])
