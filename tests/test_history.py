"""A history is a mapping from names to arrays, and can be cut along both of its axes."""

import jax
import numpy as np
import pytest

from pepita_jax.history import History

ACCURACY = np.array([[0.1, 0.2, 0.3], [0.4, np.nan, np.nan]])


def make():
    return History({"test_accuracy": ACCURACY, "angle": np.zeros((2, 3, 4))}, (3, 7))


def test_it_is_read_like_a_dict():
    history = make()
    assert list(history) == ["test_accuracy", "angle"]
    assert {**history}.keys() == {"test_accuracy", "angle"}
    np.testing.assert_array_equal(history["test_accuracy"], ACCURACY)
    with pytest.raises(KeyError):
        history["loss"]
    assert repr(history) == "History(test_accuracy, angle: 2 seeds, 3 epochs)"


@pytest.mark.parametrize("first_epoch", [0, 1])
def test_it_is_cut_by_the_number_of_an_epoch(first_epoch):
    history = History({"x": ACCURACY}, (3, 7), first_epoch)
    np.testing.assert_array_equal(history.until(1)["x"], ACCURACY[:, : 2 - first_epoch])
    assert history.until(1).first_epoch == first_epoch


def test_its_first_seeds_keep_their_numbers():
    first = make().of_first(1)
    assert (first.seeds, first["angle"].shape) == ((3,), (1, 3, 4))
    np.testing.assert_array_equal(make().final("test_accuracy"), [0.3, np.nan])


def test_a_seed_has_diverged_in_the_first_epoch_without_accuracy():
    assert make().diverged() == {1: 2}
    assert make().until(1).diverged() == {}
    assert History({"test_accuracy": np.full((1, 2), np.nan)}, [0]).diverged() == {0: 1}


def test_jax_maps_over_its_figures():
    doubled = jax.tree.map(lambda x: 2 * x, make())
    np.testing.assert_array_equal(doubled["test_accuracy"], 2 * ACCURACY)
    assert doubled.seeds == (3, 7)


def test_it_is_stacked_from_epochs():
    epochs = [{"loss": np.array([1.0, 2.0])}, {"loss": np.array([3.0, 4.0])}]
    history = History.stack(epochs, range(2))
    np.testing.assert_array_equal(history["loss"], [[1, 3], [2, 4]])
    assert (history.num_epochs, len(History({}, [0]))) == (2, 0)
