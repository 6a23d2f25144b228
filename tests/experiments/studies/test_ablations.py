"""Networks that differ from the paper's description, and the split that judges them."""

import jax
import numpy as np
import pytest

import pepita_jax as pj
from experiments.studies.ablation_runs import (
    PREPARED,
    SETS,
    TABLES,
    Ablation,
    OtherDRTP,
    ablations_on,
    config_of,
    rule_of,
)
from experiments.studies.images import load_images
from pepita_jax.rules.drtp import DRTP
from pepita_jax.rules.pepita import Pepita
from tests.experiments.commands import assert_refused, command
from tests.experiments.papers.pepita.planted import rows_of

NET = pj.build_network("mlp", input_shape=(10, 10, 1), num_classes=3, hidden=(8,))


def table_of(*arguments):
    done = command(
        "studies.ablations", *arguments, "--dataset=digits", "--epochs=2", "--num_seeds=2"
    )
    assert done.returncode == 0, done.stderr
    return rows_of(done.stdout)


def test_the_rows_of_a_table_are_the_networks():
    rows = table_of("drtp")
    assert [name for name, *_ in rows] == list(ablations_on("digits", "drtp"))
    accuracy = [float(last.partition("±")[0]) for *_, last in rows]
    assert all(20 < a <= 100 for a in accuracy)  # chance is 10 %
    assert len({tuple(figures) for _, *figures in rows}) == len(rows)  # each does something


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ("whitening:*, learning rate 0.1", [f"{i}, learning rate 0.1" for i in PREPARED]),
        ("fa_conv:*pixels*", ["two pixels of padding"]),
        ("drtp_conv:loss*", ["loss summed over the classes"]),
        ("filters:*-1", ["update times -1"]),
    ],
)
def test_some_networks_can_be_chosen(chosen, names):
    rows = table_of(chosen)
    assert [name for name, *_ in rows] == names
    assert len({tuple(figures) for _, *figures in rows}) == len(rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["drtp", "--dataset=imagenet"], ("imagenet", "cifar10")),
        (["weather"], ("weather", "whitening")),
        ([], ("drtp, drtp_conv, fa_conv, bp_conv, filters, whitening",)),
        (["drtp:biases"], ("no network 'biases'", "as described; ")),
    ],
)
def test_what_is_not_there_is_refused(arguments, words):
    assert_refused(command("studies.ablations", *arguments), *words)


@pytest.mark.parametrize("dataset", SETS)
def test_a_learning_rate_that_is_named_is_the_one_trained_with(dataset):
    for name, ablation in TABLES["whitening"].items():
        found = config_of(dataset, ablation)["optimizer"]["learning_rate"]
        assert name.endswith(f", learning rate {found}")


def test_only_cifar_is_standardized():
    for dataset in ("cifar10", "cifar100"):
        assert ablations_on(dataset, "drtp") == TABLES["drtp"]
    on_mnist = ablations_on("mnist", "drtp").values()
    assert all(ablation.images == "plain" for ablation in on_mnist)
    assert len(set(on_mnist)) == 6


def test_a_dropped_pixel_s_weights_are_left_alone():
    """Of one white image, the rows of dW_1 that are zero are those of the dropped pixels."""
    batch = pj.Batch(np.ones((1, 10, 10, 1), np.float32), np.array([1]), jax.random.key(0))
    rule = OtherDRTP(NET, input_dropout=0.3)
    params, F = NET.init(jax.random.key(1)), rule.init_feedback(jax.random.key(2))
    (dW, _), _ = rule.pseudo_gradients(params, F, batch)
    share = (dW == 0).all(1).mean()
    assert abs(share - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 100)


def test_without_dropped_inputs_it_is_drtp():
    batch = pj.Batch(np.ones((2, 10, 10, 1), np.float32), np.array([1, 2]), jax.random.key(0))
    params, F = NET.init(jax.random.key(1)), DRTP(NET).init_feedback(jax.random.key(2))
    found, expected = (r.pseudo_gradients(params, F, batch) for r in (OtherDRTP(NET), DRTP(NET)))
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_a_summed_loss_s_gradient_is_as_many_times_larger_as_there_are_classes():
    rule = rule_of(DRTP(NET), Ablation("drtp", summed_loss=True))
    batch = pj.Batch(np.ones((2, 10, 10, 1), np.float32), np.array([1, 2]), jax.random.key(0))
    params, F = NET.init(jax.random.key(1)), rule.init_feedback(jax.random.key(2))
    ((hidden, output), _), ((same, of_mean), _) = (
        r.pseudo_gradients(params, F, batch) for r in (rule, DRTP(NET))
    )
    np.testing.assert_array_equal(hidden, same)
    np.testing.assert_allclose(output, NET.num_classes * of_mean, rtol=1e-6)


def test_only_the_filters_update_is_scaled():
    net = pj.build_network(
        "conv", input_shape=(8, 8, 1), num_classes=3, channels=(4,), kernel_size=3
    )
    batch = pj.Batch(np.ones((2, 8, 8, 1), np.float32), np.array([1, 2]), jax.random.key(0))
    params, F = net.init(jax.random.key(1)), Pepita(net).init_feedback(jax.random.key(2))
    (filters, dense), _ = Pepita(net).pseudo_gradients(params, F, batch)
    changed = rule_of(Pepita(net), Ablation("pepita", "conv", filter_scale=-2))
    (scaled, same), _ = changed.pseudo_gradients(params, F, batch)
    assert np.abs(filters).max() > 0
    np.testing.assert_array_equal(scaled, -2 * filters)
    np.testing.assert_array_equal(same, dense)


def test_the_end_of_the_training_set_is_for_validation():
    train, validation = load_images("digits")
    image, label = pj.load_dataset("digits").train
    np.testing.assert_array_equal(np.concatenate([train[0], validation[0]]), image)
    np.testing.assert_array_equal(validation[1], label[-144:])
