"""What is set outside a run does not change what is drawn, or is recorded and refused later."""

import json
from contextlib import contextmanager
from functools import partial

import jax
import numpy as np
import optax
import pytest

import pepita_jax as pj
from pepita_jax.jax_settings import RECORDED, recorded_settings
from pepita_jax.runs.run import run
from pepita_jax.training.many_seeds import seed_keys
from tests.cases import make_batch, make_network, make_weights, pairs, slow_after
from tests.reliability.runs import assert_same_results, make_config
from tests.training.test_loop import NET, make_data

KEY = jax.random.key(3)


@contextmanager
def setting(name, value):
    before = jax.config.values[name]
    jax.config.update(name, value)
    try:
        yield
    finally:
        jax.config.update(name, before)


DRAWING = {
    "rbg": lambda: jax.default_prng_impl("rbg"),
    "unsafe_rbg": lambda: jax.default_prng_impl("unsafe_rbg"),
    "threefry": lambda: jax.threefry_partitionable(False),
    "offset": lambda: setting("jax_random_seed_offset", 3),
    "promotion": lambda: jax.numpy_dtype_promotion("strict"),
}


DRAWN = make_config(num_epochs=1, **{"model.dropout": 0.2})


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    path = tmp_path_factory.mktemp("usual")
    run(DRAWN, path)
    return path


@pytest.mark.parametrize("name", DRAWING)
def test_settings_that_would_draw_other_numbers_change_nothing(name, usual, tmp_path):
    """Dropout, the weights, F and the order of the examples are all drawn."""
    with DRAWING[name]():
        run(DRAWN, tmp_path)
    assert_same_results(tmp_path, usual)


@pytest.mark.parametrize("name", slow_after(2, DRAWING))
def test_nor_from_a_notebook_where_seeds_depend_on_nothing_but_their_number(name):
    def train(num_seeds):
        data = {"train": make_data(50), "test": make_data(20)}
        options = {"num_epochs": 1, "batch_size": 10, "progress": False, "num_seeds": num_seeds}
        return pj.train(NET, pj.build_rule("pepita", NET), optax.sgd(0.1), **data, **options)

    usual = train(3)
    with DRAWING[name]():
        for num_seeds in (1, 3):
            found = train(num_seeds)
            np.testing.assert_allclose(found.params[0], usual.params[0][:num_seeds], rtol=1e-5)


@pytest.mark.parametrize("name", pj.RULES)
def test_a_rule_alone_runs_under_strict_promotion(name):
    ((_, net_name),) = pairs([name], "mlp, two layers")
    rule = pj.build_rule(name, make_network(net_name))
    weights, batch = make_weights(rule), make_batch(rule.net)
    with jax.numpy_dtype_promotion("strict"):
        jax.eval_shape(partial(pj.analysis.alignment, rule.net, rule), *weights, batch)


def test_by_default_keys_are_jax_s_own():
    wanted = [jax.random.fold_in(KEY, k) for k in range(2)]
    np.testing.assert_array_equal(
        jax.random.key_data(seed_keys(3, 2)), [jax.random.key_data(key) for key in wanted]
    )


@pytest.mark.parametrize("name", [name for name in RECORDED if name in jax.config.values])
def test_every_setting_is_recorded_where_it_is_set(name):
    others = {bool: True, float: 0.5, type(None): "high", str: "O1"}
    usual = RECORDED[name]
    value = False if jax.config.values[name] != usual else others[type(usual)]
    with setting(name, value):
        now = jax.config.values[name]  # as JAX understands the value
        assert recorded_settings().get(name, usual) == now
        assert (name in recorded_settings()) == (now != usual)


def refused(config, path):
    with pytest.raises(pj.UserError) as caught:
        run(config, path)
    return str(caught.value)


def test_a_run_does_not_go_on_under_another_precision(tmp_path):
    run(make_config(num_epochs=1), tmp_path)
    with jax.enable_x64(True):
        said = refused(make_config(num_epochs=2), tmp_path)
    assert "other JAX settings: jax_enable_x64 was not set, is True; set them as they were" in said
    run(make_config(num_epochs=2), tmp_path)


@pytest.mark.slow
def test_nor_without_one_that_it_began_under(tmp_path):
    with jax.enable_x64(True):
        run(make_config(num_epochs=1), tmp_path)
        run(make_config(num_epochs=2), tmp_path)
    content = json.loads((tmp_path / "config.json").read_text())
    assert content["environment"]["settings"]["jax_enable_x64"] is True
    said = refused(make_config(num_epochs=3), tmp_path)
    assert "jax_enable_x64 was True, is not set" in said


def test_nor_under_other_flags_of_the_compiler_but_those_that_only_watch(tmp_path, monkeypatch):
    usual = "--xla_cpu_enable_fast_min_max=false"
    monkeypatch.setenv("XLA_FLAGS", usual)
    run(make_config(num_epochs=1), tmp_path)
    monkeypatch.setenv("XLA_FLAGS", f"--xla_dump_to=/nowhere {usual}")
    run(make_config(num_epochs=2), tmp_path)
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    said = refused(make_config(num_epochs=3), tmp_path)
    assert f"XLA_FLAGS was '{usual}', is '--xla_cpu_enable_fast_math=true'" in said


def test_a_zero_update_s_angle_is_nan_where_nan_is_an_error(tmp_path):
    with jax.debug_nans(True):
        run(make_config("shallow,mlp,digits", num_epochs=1), tmp_path)
    angles = pj.load_run(tmp_path).alignment["gradient_angle"]
    assert np.isnan(angles[..., 0]).all()
    assert np.isfinite(angles[..., 1]).all()
