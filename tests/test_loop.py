"""Training from a notebook, with one's own arrays."""

import re
from pathlib import Path

import numpy as np
import optax
import pytest

import pepita_jax as pj

README = Path(__file__).parents[1] / "README.md"


def make_data(count, seed=0):
    """Two classes, told apart by the brighter half."""
    rng = np.random.default_rng(seed)
    image = rng.random((count, 4, 4, 1), np.float32)
    label = (image[:, :2].mean((1, 2, 3)) > image[:, 2:].mean((1, 2, 3))).astype(int)
    return image, label


def train(train_data=None, test_data=None, **options):
    net = pj.build_network("mlp", input_shape=(4, 4, 1), num_classes=2, hidden=(16,))
    rule = pj.build_rule("bp", net)
    options = {"num_seeds": 3, "num_epochs": 2, "batch_size": 10, "progress": False, **options}
    train_data, test_data = train_data or make_data(205), test_data or make_data(50, seed=1)
    return pj.train(net, rule, optax.sgd(0.5), train=train_data, test=test_data, **options)


def test_results_have_the_seed_axis_first():
    result = train(num_epochs=8)
    assert [W.shape for W in result.params] == [(3, 16, 16), (3, 16, 2)]
    assert result.feedback == ()
    for name in ("train_loss", "train_accuracy", "test_accuracy"):
        assert result.history[name].shape == (3, 8)
    assert result.history["test_accuracy"][:, -1].mean() > 0.9


def test_the_reported_accuracy_is_that_of_the_returned_weights():
    result, (image, label) = train(), make_data(50, seed=1)
    net = pj.build_network("mlp", input_shape=(4, 4, 1), num_classes=2, hidden=(16,))
    for k in range(3):
        scores = net.apply(tuple(W[k] for W in result.params), image)
        correct = np.mean(np.argmax(scores, -1) == label)
        assert result.history["test_accuracy"][k, -1] == pytest.approx(correct)


def test_the_same_seed_gives_the_same_training_and_another_one_does_not():
    first, again, other = train(), train(), train(seed=1)
    np.testing.assert_array_equal(first.params[0], again.params[0])
    assert not np.array_equal(first.params[0], other.params[0])


IMAGE, LABEL = make_data(20)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_data": (IMAGE[..., 0], LABEL)}, r"train images have shape \(4, 4\)"),
        ({"train_data": (IMAGE, LABEL[:-1])}, "train has 20 images and labels of shape"),
        ({"test_data": (IMAGE, LABEL + 1)}, r"test labels must be integers in 0\.\.\.1"),
        ({"test_data": (IMAGE, LABEL + 0.5)}, "test labels must be integers"),
        ({"train_data": ((255 * IMAGE).astype(int), LABEL)}, "must be uint8 or floats, got int64"),
        ({"seed": -1}, "seed must be an integer of at least 0"),
        ({"test_data": (IMAGE[:0], LABEL[:0])}, "test has 0 images"),
        ({"train_data": (IMAGE, LABEL), "batch_size": 21}, "batch_size 21 is larger than the"),
        ({"num_seeds": 0}, "num_seeds must be"),
        ({"num_epochs": 0}, "num_epochs must be"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(pj.UserError, match=message):
        train(**options)


def test_a_rule_of_another_network_is_refused():
    nets = [pj.build_network("mlp", input_shape=(4, 4, 1), num_classes=n) for n in (2, 3)]
    with pytest.raises(pj.UserError, match="another network"):
        pj.train(nets[0], pj.build_rule("bp", nets[1]), optax.sgd(0.1),
                 train=(IMAGE, LABEL), test=(IMAGE, LABEL))  # fmt: skip


def test_the_example_of_the_readme_runs(capsys):
    (example,) = re.findall(r"```python\n(import optax.*?)```", README.read_text(), re.S)
    assert len(example.strip().splitlines()) <= 15
    variables = {}
    exec(example, variables)
    assert variables["result"].history["test_accuracy"].shape == (10, 5)
    assert "%" in capsys.readouterr().out
