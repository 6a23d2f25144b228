"""The studies' files of settings, and the rule that one of them is about."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pepita_jax as pj
from configs.settings import Chosen, make_config
from experiments.studies.filters import holding_norms
from experiments.studies.scaled_filters import MirroredScaledFilters, ScaledFilters
from pepita_jax.options import flatten
from pepita_jax.rules.pepita_mirrored import PepitaMirrored
from pepita_jax.sweep.axes import read_settings
from pepita_jax.training.optimizers import build_optimizer
from tests.cases import make_batch, make_params

STUDIES = Path(__file__).parents[3] / "experiments" / "studies"
CHOSEN = {
    "drtp": ("drtp", "mlp", "cifar10"),
    "drtp_mnist": ("drtp", "mlp", "mnist"),
    "drtp_conv": ("drtp", "conv", "cifar10"),
    "fa_conv": ("fa", "conv", "cifar10"),
    "bp_conv": ("bp", "conv", "cifar10"),
    "forward_forward": ("forward_forward", "mlp", "mnist"),
    "gevb": ("gevb", "mlp", "mnist"),
    "filters": ("pepita", "conv", "cifar10"),
    "whitening": ("pepita", "mlp", "mnist"),
}
PROGRAM = ("drtp", "drtp_mnist", "drtp_conv", "fa_conv", "bp_conv")
NET = pj.conv((8, 8, 2), 3, channels=(4,), kernel_size=3)
RULES = [(ScaledFilters, pj.Pepita), (MirroredScaledFilters, PepitaMirrored)]


def configs_of(name):
    """The configuration of each line of a file; raises a `UserError` if one is not valid."""
    settings = read_settings(STUDIES / f"{name}.jsonl")
    return settings, [flatten(make_config(Chosen(CHOSEN[name], {}), line)) for line in settings]


def test_every_file_of_settings_is_tested():
    assert sorted(path.stem for path in STUDIES.glob("*.jsonl")) == sorted(CHOSEN)


@pytest.mark.parametrize("name", CHOSEN)
def test_every_line_is_a_valid_configuration_of_its_own(name):
    settings, configs = configs_of(name)
    for setting, config in zip(settings, configs, strict=True):
        assert setting.items() <= config.items()
    assert len({repr(sorted(config.items())) for config in configs}) == len(configs)


@pytest.mark.parametrize("name", PROGRAM)
def test_one_line_has_all_changes_of_the_program_together(name):
    """The first line is the network as the paper describes it; a summed loss is no such change."""
    (_, *others), (described, *_) = configs_of(name)
    alone = [line for line in others if len(line) == 1 and "rule.output_reduction" not in line]
    (together,) = (line for line in others if len(line) > 1)
    assert together == {field: value for line in alone for field, value in line.items()}
    plain = flatten(make_config(Chosen(CHOSEN[name], {}), {}))
    assert described == plain


def test_random_filters_and_scaled_ones_learn_at_pepita_s_learning_rate():
    wanted = make_config(Chosen(CHOSEN["filters"], {}), {})["optimizer"]["learning_rate"]
    assert {config["optimizer.learning_rate"] for config in configs_of("filters")[1]} == {wanted}


def updates_of(rule, size=5):
    batch, params = make_batch(rule.net, size), make_params(rule.net)
    F = rule.init_feedback(jax.random.key(2))
    return jax.jit(rule.pseudo_gradients)(params, F, batch)[0]


@pytest.mark.parametrize(("changed", "rule"), RULES)
def test_only_the_filters_update_is_scaled(changed, rule):
    filters, dense = updates_of(rule(NET))
    scaled, same = updates_of(changed(NET, filter_scale=-2))
    assert np.abs(filters).max() > 0
    np.testing.assert_array_equal(scaled, -2 * filters)
    np.testing.assert_array_equal(same, dense)


@pytest.mark.usefixtures("float64")
def test_winners_are_the_largest_of_each_window():
    """One image, whose first filter's differences are summed over the winners alone, by hand."""
    net = pj.conv((5, 5, 1), 3, channels=(1,), kernel_size=2, activation="tanh")
    batch, params = make_batch(net, size=1), make_params(net)
    F = ScaledFilters(net).init_feedback(jax.random.key(2))
    forward = jax.jit(net.forward)
    h = forward(params, batch.image)
    Fe = jnp.tensordot(h.h[-1] - net.one_hot(batch.label), F, 1)
    h_err = forward(params, batch.image + Fe)
    wanted = np.zeros((2, 2))
    for i in (0, 2):
        for j in (0, 2):
            window = np.asarray(h.h[0])[0, i : i + 2, j : j + 2, 0]
            y, x = np.add(np.unravel_index(window.argmax(), (2, 2)), (i, j))
            patch = np.asarray(h_err.x[0]).reshape(1, 5, 5)[0, y : y + 2, x : x + 2]
            wanted += (h.h[0] - h_err.h[0])[0, y, x, 0] * patch / 16
    filters, _ = updates_of(ScaledFilters(net, positions="winners"), size=1)
    np.testing.assert_allclose(filters[..., 0, 0], wanted, rtol=1e-9)


def test_held_filters_keep_their_norms_and_turn_as_without():
    params, updates = make_params(NET), updates_of(ScaledFilters(NET))
    free = build_optimizer("sgd", 100.0)
    moved, held = (
        o.update(updates, o.init(params), params)[0] for o in (free, holding_norms(free))
    )
    norm = lambda W: np.sqrt((np.asarray(W) ** 2).sum((0, 1, 2)))  # of each filter
    there, here = (np.asarray(params[0] + change[0]) for change in (moved, held))
    assert np.abs(norm(there) / norm(params[0]) - 1).max() > 0.01
    np.testing.assert_allclose(norm(here), norm(params[0]), rtol=1e-5)
    np.testing.assert_allclose(here / norm(here), there / norm(there), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(held[1], moved[1])
