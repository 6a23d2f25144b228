"""From what a user writes to settings."""

import numpy as np
import pytest

from pepita_jax import UserError
from pepita_jax.sweep.axes import make_settings, read_settings


def test_a_grid_is_every_combination_in_order():
    settings = make_settings({"a": "1,2.5", "b": "x,y z"})
    assert settings == [
        {"a": 1, "b": "x"}, {"a": 1, "b": "y z"}, {"a": 2.5, "b": "x"}, {"a": 2.5, "b": "y z"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("(4,),(4,8)", [(4,), (4, 8)]),
        ("True,False", [True, False]),
        ("1e-3,-1", [1e-3, -1]),
        ("sgd,adam", ["sgd", "adam"]),
        ("7", [7]),
        ("'conv 6 3, maxpool 2','dense 3'", ["conv 6 3, maxpool 2", "dense 3"]),
        ('"a, (b", c', ["a, (b", "c"]),
    ],
)
def test_values_have_the_types_that_they_look_like(text, values):
    assert [setting["a"] for setting in make_settings({"a": text})] == values


def test_draws_lie_within_their_bounds_as_their_distributions_say():
    axes = {"a": "uniform:-1:3", "b": "log_uniform:1e-4:1e-1"}
    settings = make_settings(axes, num_samples=4000, seed=1)
    a, b = (np.array([setting[field] for setting in settings]) for field in "ab")
    assert -1 <= a.min() < a.max() < 3
    assert 1e-4 <= b.min() < b.max() < 1e-1
    # Deviation of a uniform variable: width / sqrt(12); of the mean of 4000, 0.018 and 0.03.
    assert a.mean() == pytest.approx(1, abs=0.1)
    assert np.log(b).mean() == pytest.approx(np.log([1e-4, 1e-1]).mean(), abs=0.15)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.1
    assert make_settings(axes, num_samples=3, seed=1) == settings[:3]


def test_each_draw_goes_through_the_whole_grid():
    settings = make_settings({"a": "uniform:0:1", "b": "1,2"}, num_samples=3)
    assert [setting["b"] for setting in settings] == [1, 2] * 3
    assert [settings[i]["a"] for i in (0, 2, 4)] == [settings[i]["a"] for i in (1, 3, 5)]
    assert list(settings[0]) == ["a", "b"]


def test_settings_may_come_from_a_file(tmp_path):
    path = tmp_path / "my settings.jsonl"
    path.write_text('{"a": 1, "model.hidden": [4, 8]}\n\n{"b": "x"}\n')
    assert read_settings(path) == [{"a": 1, "model.hidden": (4, 8)}, {"b": "x"}]


@pytest.mark.parametrize(
    ("axes", "num_samples", "message"),
    [
        ({}, 1, "nothing is swept"),
        ({"a": "1,,2"}, 1, "--sweep.a has an empty value"),
        ({"a": ","}, 1, "--sweep.a has an empty value"),
        ({"a": "1,2,1"}, 1, "--sweep.a has a value twice"),
        ({"a": "1,2"}, 3, "num_samples needs an axis such as"),
        ({"a": "uniform:1:2"}, 0, "num_samples must be an integer of at least 1"),
        ({"a": "1", "b": "uniform:1:2"}, None, "b=uniform:1:2 needs --num_samples=N"),
        ({"a": "uniform:2:1"}, 1, "must be uniform:LOW:HIGH with numbers LOW < HIGH"),
        ({"a": "uniform:1"}, 1, "must be uniform:LOW:HIGH"),
        ({"a": "uniform:0:inf"}, 1, "must be uniform:LOW:HIGH"),
        ({"a": "log_uniform:0:1"}, 1, "LOW must be positive"),
    ],
)
def test_bad_axes_are_named(axes, num_samples, message):
    with pytest.raises(UserError, match=message):
        make_settings(axes, num_samples=num_samples)


def test_listed_settings_are_combined_with_the_axes_and_none_may_be_there_twice():
    settings = make_settings({"a": "1,2"}, [{"b": 3}, {"c": 4}])
    assert settings == [{"a": 1, "b": 3}, {"a": 1, "c": 4}, {"a": 2, "b": 3}, {"a": 2, "c": 4}]
    for listed, message in (
        ([{"b": 3}] * 2, "given twice: .*'b': 3"),
        ([{"a": 3}], "a is in the file"),
    ):
        with pytest.raises(UserError, match=message):
            make_settings({"a": "1,2"}, listed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no settings"),
        ("{", "is not made of JSON lines"),
        ("[1]", "must be an object"),
        ("{}", "must be an object"),
        ("\\xff", "is not made of JSON lines"),
    ],
)
def test_bad_files_are_named(text, message, tmp_path):
    (tmp_path / "file").write_bytes(text.encode("latin1"))
    with pytest.raises(UserError, match=message):
        read_settings(tmp_path / "file")
    with pytest.raises(UserError, match="cannot be read"):
        read_settings(tmp_path / "nothing")
