"""Bytes and floats are the same images at every door; what cannot be images is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import Batch, UserError, analysis, load_dataset
from tests.cases import (
    UNLIKE_NETWORKS,
    make_batch,
    make_network,
    make_params,
    make_rule,
    slow_after,
)
from tests.data import builders

NETWORKS = ("mlp, two layers", "conv")
BYTES = np.random.default_rng(0).integers(0, 256, (5, 6, 6, 2), np.uint8)
FLOATS = BYTES.astype(np.float32) / np.float32(255)
LABEL = np.arange(5) % 4


def of_network(net, image):
    return net.apply(make_params(net), image)


def of_rule(net, image):
    """PEPITA's: its second pass also moves the image."""
    rule = make_rule("pepita", net)
    F = rule.init_feedback(jax.random.key(3))
    return rule.pseudo_gradients(make_params(net), F, Batch(jnp.asarray(image), LABEL))


def of_analysis(net, image):
    rule = make_rule("pepita", net)
    F = rule.init_feedback(jax.random.key(3))
    return analysis.alignment(net, rule, make_params(net), F, Batch(jnp.asarray(image), LABEL))


@pytest.mark.parametrize("door", [of_network, of_rule, of_analysis])
@pytest.mark.parametrize("network", slow_after(2, [*UNLIKE_NETWORKS[1:4], UNLIKE_NETWORKS[0]]))
def test_bytes_are_scaled_at_every_door(door, network):
    found, wanted = (door(make_network(network), image) for image in (BYTES, FLOATS))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), found, wanted)


@pytest.mark.parametrize("door", [of_network, of_rule, of_analysis])
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (FLOATS[0], r"images have shape \(6, 6, 2\), the network takes \[B, 6, 6, 2\]"),
        (FLOATS.reshape(5, -1), r"images have shape \(5, 72\)"),
        (FLOATS[..., :1], r"images have shape \(5, 6, 6, 1\)"),
        (BYTES.astype(np.int32), "images must be uint8 or floats, got int32"),
    ],
)
def test_what_cannot_be_images_is_refused_at_every_door(door, image, message):
    with pytest.raises(UserError, match=message):
        door(make_network("mlp, two layers"), image)


@pytest.mark.parametrize("variant", ["bp", "pepita", "drtp", "shallow", "local_error"])
@pytest.mark.parametrize(
    "label", [np.eye(4)[LABEL], LABEL.astype(float), np.eye(4, dtype=int)[LABEL]]
)
def test_labels_that_are_no_class_numbers_are_refused(label, variant):
    net = make_network("mlp, two layers")
    rule = make_rule(variant, net)
    F = rule.init_feedback(jax.random.key(0))
    with pytest.raises(UserError, match=r"labels must be integers \[B\], got"):
        rule.pseudo_gradients(make_params(net), F, make_batch(net)._replace(label=label))


@pytest.mark.parametrize("variant", ["bp", "pepita", "shallow"])
def test_one_label_for_several_images_is_refused(variant):
    net = make_network("mlp, two layers")
    rule = make_rule(variant, net)
    F = rule.init_feedback(jax.random.key(0))
    with pytest.raises(UserError, match="there are 5 images and 1 labels"):
        rule.pseudo_gradients(make_params(net), F, make_batch(net)._replace(label=LABEL[:1]))


def test_an_image_that_gives_nan_guesses_nothing():
    net = make_network("mlp, two layers")
    params, image = make_params(net), FLOATS.copy()
    label = net.apply(params, image).argmax(-1)
    image[label == label[0]] = np.nan  # whose first score is then the highest for NumPy
    scores = net.apply(params, image)
    for given in (label, jnp.zeros_like(label)):
        guessed = net.is_correct(scores, given)
        assert not guessed[label == label[0]].any()
        np.testing.assert_array_equal(
            guessed[label != label[0]], (given == label)[label != label[0]]
        )
        assert net.measure(scores, given)["accuracy"] == guessed.mean()


def test_all_data_sets_are_floats_of_one_unit(tmp_path, monkeypatch):
    builders.prepare_small_mnist(monkeypatch, tmp_path)
    for name in ("digits", "mnist"):
        for image, _ in load_dataset(name, validation_fraction=0.2)[:3]:
            assert image.dtype == np.float32
            assert image.min() == 0
            assert 0.9 < image.max() <= 1
