"""Training from a notebook, with one's own arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import pepita_jax as pj
from pepita_jax.data import Dataset
from pepita_jax.data.images import to_float
from pepita_jax.training.many_seeds import SeedTrainer, seed_keys
from pepita_jax.training.one_seed import Batching


def make_data(count, seed=0):
    """Two classes, told apart by the brighter half."""
    rng = np.random.default_rng(seed)
    image = rng.random((count, 4, 4, 1), np.float32)
    label = (image[:, :2].mean((1, 2, 3)) > image[:, 2:].mean((1, 2, 3))).astype(int)
    return image, label


NET = pj.build_network("mlp", input_shape=(4, 4, 1), num_classes=2, hidden=(16,))
BP, SGD = pj.build_rule("bp", NET), optax.sgd(0.5)
KP = pj.build_rule("kolen_pollack", NET)


def train(train_data=None, test_data=None, optimizer=SGD, rule=BP, **options):
    options = {"num_seeds": 3, "num_epochs": 2, "batch_size": 10, "progress": False, **options}
    train_data, test_data = train_data or make_data(205), test_data or make_data(50, seed=1)
    splits = {"train": train_data, "test": test_data}
    return pj.train(NET, rule, optimizer, **(splits | options))


def test_results_have_the_seed_axis_first():
    result = train(num_epochs=8)
    assert [W.shape for W in result.params] == [(3, 16, 16), (3, 16, 2)]
    assert result.feedback == ()
    for name in ("train_loss", "train_accuracy", "test_accuracy"):
        assert result.history[name].shape == (3, 8)
    assert result.history["test_accuracy"][:, -1].mean() > 0.9


def test_the_reported_accuracy_is_that_of_the_returned_weights():
    result, (image, label) = train(), make_data(50, seed=1)
    for k in range(3):
        scores = NET.apply(tuple(W[k] for W in result.params), image)
        correct = np.mean(np.argmax(scores, -1) == label)
        assert result.history["test_accuracy"][k, -1] == pytest.approx(correct)


def test_the_same_seed_gives_the_same_training_and_another_one_does_not():
    first, again, other = train(), train(), train(seed=1)
    np.testing.assert_array_equal(first.params[0], again.params[0])
    assert not np.array_equal(first.params[0], other.params[0])


IMAGE, LABEL = make_data(20)
BY_LAYER = optax.multi_transform({"sgd": SGD, "adam": optax.adam(0.1)}, ("sgd", "adam"))
BAD = np.where(np.arange(20) == 7, np.nan, 0).reshape(-1, 1, 1, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_data": (IMAGE[..., 0], LABEL)}, r"train images have shape \(4, 4\)"),
        ({"train_data": (IMAGE, LABEL[:-1])}, "train has 20 images and 19 labels"),
        ({"train_data": (IMAGE, np.eye(2)[LABEL])}, r"labels have shape \(20, 2\): give one class"),
        ({"train_data": (255 * IMAGE, LABEL)}, "are floats from .* to .*: scale them to"),
        ({"test_data": (IMAGE + BAD, LABEL)}, "test image 7 holds NaN or infinite values"),
        ({"train_data": (IMAGE,)}, r"train must be a pair \(image, label\), such as .*\.train$"),
        ({"train": None}, r"train must be a pair"),
        ({"test": None}, r"test must be a pair \(image, label\), such as .*\.test$"),
        ({"train": Dataset((IMAGE, LABEL), (IMAGE, LABEL))}, "train must be a pair"),
        ({"train": ((9 * IMAGE).astype(int), LABEL)}, "train images must be uint8 or floats"),
        ({"optimizer": 0.05}, r"optimizer must be one of optax's, such as .*, got 0\.05"),
        ({"optimizer": "sgd"}, "optimizer must be one of optax's, such as .*, got 'sgd'"),
        ({"optimizer": optax.lbfgs()}, "pseudo-gradients and weights alone: .*'value_fn'"),
        ({"optimizer": optax.sgd("0.1")}, "cannot be used with pseudo-gradients and weights"),
        ({"optimizer": optax.masked(optax.sgd(0.1), {"a": True})}, "cannot be used with"),
        ({"train_data": ([[1, 2], [3]], LABEL)}, "train images and labels must be arrays"),
        ({"rule": "pepita"}, "rule must be a rule, as from .*, got 'pepita'"),
        ({"test_data": (IMAGE, LABEL + 1)}, r"test labels must be integers in 0\.\.\.1"),
        ({"test_data": (IMAGE, LABEL + 0.5)}, "test labels must be integers"),
        ({"train_data": ((255 * IMAGE).astype(int), LABEL)}, "must be uint8 or floats, got int64"),
        ({"seed": -1}, "seed must be an integer of at least 0"),
        ({"test_data": (IMAGE[:0], LABEL[:0])}, "test has 0 images"),
        ({"train_data": (IMAGE, LABEL), "batch_size": 21}, "batch_size 21 is larger than the"),
        ({"num_seeds": 0}, "num_seeds must be"),
        ({"feedback_optimizer": SGD}, "feedback that learns; that of BP does not"),
        ({"rule": KP, "feedback_optimizer": 0.1}, "feedback_optimizer must be one of optax's"),
        (
            {"rule": KP, "optimizer": BY_LAYER},
            "without feedback_optimizer, optimizer cannot be",
        ),
        (
            {"rule": pj.Pepita(NET, feedback_scale=jnp.array(0.1))},
            "must be plain numbers and words",
        ),
        ({"augment": True}, r"augment must be a pj\.Augment, got True"),
        ({"shuffle": "no"}, "shuffle must be True or False, got 'no'"),
        ({"drop_last": 1}, "drop_last must be True or False, got 1"),
        ({"augment": pj.Augment(crop=4)}, "less than the side of the 4x4 images"),
        ({"num_epochs": 0}, "num_epochs must be"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(pj.UserError, match=message):
        train(**options)


def test_the_options_of_training_reach_the_trainer():
    augment, of_feedback = pj.Augment(flip=True, crop=1), optax.sgd(0.1)
    found = train(
        rule=KP, num_epochs=1, feedback_optimizer=of_feedback, shuffle=False, drop_last=False,
        augment=augment,
    )  # fmt: skip
    trainer = SeedTrainer(
        KP, SGD, make_data(205), 10, seed_keys(0, 3), feedback_optimizer=of_feedback,
        batching=Batching(shuffle=False, drop_last=False, augment=augment),
    )  # fmt: skip
    states, _ = trainer.train_epoch(trainer.init(), 1)
    wanted = trainer.gather(states)
    np.testing.assert_array_equal(found.params[0], wanted.params[0])
    np.testing.assert_array_equal(found.feedback[0], wanted.feedback[0])


def test_a_rule_of_another_network_is_refused():
    nets = [pj.build_network("mlp", input_shape=(4, 4, 1), num_classes=n) for n in (2, 3)]
    with pytest.raises(pj.UserError, match="another network"):
        pj.train(nets[0], pj.build_rule("bp", nets[1]), optax.sgd(0.1),
                 train=(IMAGE, LABEL), test=(IMAGE, LABEL))  # fmt: skip


def test_images_that_are_standardised_may_be_below_zero_and_far_above():
    image, label = make_data(205)
    image[0, 0, 0] = 40.0  # a pixel that is black nearly everywhere
    train((image - image.mean(0), label))


def test_an_optimizer_s_state_may_hold_plain_numbers():
    halve = optax.GradientTransformation(
        lambda params: 0, lambda g, n, params=None: (jax.tree.map(lambda x: -x / 2, g), n + 1)
    )
    found, wanted = (train(optimizer=o, num_epochs=1) for o in (halve, optax.sgd(0.5)))
    np.testing.assert_allclose(found.params[0], wanted.params[0], rtol=1e-5, atol=1e-6)


def test_floats_that_only_float64_can_hold_are_refused():
    image, label = make_data(205)
    image = image.astype(float)
    image[3] = -1e300
    with pytest.raises(pj.UserError, match="train image 3 holds NaN or infinite"):
        train((image, label))


@pytest.mark.parametrize(("rule", "tolerance"), [("bp", 0), ("pepita", 1e-6)])
def test_bytes_train_like_their_floats_to_the_bit_unless_the_rule_adds_to_the_image(
    rule, tolerance
):
    image, label = make_data(205)
    stored, rule = np.round(255 * image).astype(np.uint8), pj.build_rule(rule, NET)
    options = {"rule": rule, "optimizer": optax.sgd(0.1)}
    found, wanted = (train((x, label), **options).params[0] for x in (stored, to_float(stored)))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance)


def test_an_optimizer_s_noise_is_each_seed_s_own():
    noisy = {"optimizer": optax.noisy_sgd(0.1, eta=1.0, key=1), "num_epochs": 1}
    plain = {"optimizer": optax.sgd(0.1), "num_epochs": 1}
    noise = [a - b for a, b in zip(train(**noisy).params, train(**plain).params, strict=True)]
    for k in (1, 2):
        similarity = np.corrcoef(noise[0][0].ravel(), noise[0][k].ravel())[0, 1]
        assert abs(similarity) < 0.3  # 256 numbers: five deviations
    alone = train(num_seeds=1, **noisy)
    np.testing.assert_allclose(alone.params[0][0], train(**noisy).params[0][0], rtol=1e-5)
