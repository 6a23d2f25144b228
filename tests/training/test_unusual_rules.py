"""What a rule may be beyond `(params, F, batch) -> (pseudo_gradients, aux)`, in training."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import pepita_jax as pj
from pepita_jax.runs.configured import build_configured_optimizer
from pepita_jax.runs.experiment import build_experiment
from pepita_jax.training import one_seed
from tests.cases import assert_trees_close, make_batch
from tests.training.unusual import Unusual

NET = pj.mlp((6, 6, 2), 4, hidden=(7,))
DIGITS_NET = pj.mlp((8, 8, 1), 10, hidden=(16,))
RULE, BP = Unusual(NET), pj.BP(NET)


def test_a_step_is_two_steps_with_projection_after_each():
    optimizer, batch = optax.sgd(0.5), make_batch(NET)
    state = pj.init_state(RULE, optimizer, jax.random.key(0))
    found, aux = pj.train_step(RULE, optimizer, state, batch)
    W_1, W_2 = map(np.asarray, state.params)
    assert W_1.min() == W_2.min() == 0
    np.testing.assert_array_equal(state.feedback, W_2)  # which it begins from

    gradients, wanted_aux = BP.pseudo_gradients(state.params, (), batch)
    W_2 = np.maximum(W_2 - 0.5 * np.asarray(gradients[1]), 0)
    gradients, _ = BP.pseudo_gradients((W_1, W_2), (), batch)
    W_1 = np.maximum(W_1 - 0.5 * np.asarray(gradients[0]), 0)
    assert_trees_close(found.params, (W_1, W_2), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found.feedback, state.params[1], rtol=1e-6)
    assert aux["loss"] == wanted_aux["loss"]  # before both


def test_two_steps_take_a_batch_whole():
    """Pieces would drop other units in the first step than in the second."""
    net = pj.conv((6, 6, 2), 4, channels=(3,), kernel_size=3, hidden=(7,), dropout=0.3)
    rule, optimizer, batch = Unusual(net), optax.sgd(0.5), make_batch(net, 6)
    state = pj.init_state(rule, optimizer, jax.random.key(0))
    whole, _ = pj.train_step(rule, optimizer, state, batch)
    pieces, _ = pj.train_step(rule, optimizer, state, batch, images_at_once=2)
    assert_trees_close(pieces.params, whole.params, rtol=1e-5, atol=1e-7)


def test_feedback_that_is_set_is_a_running_mean():
    optimizer = optax.sgd(0.5)
    state, means = pj.init_state(RULE, optimizer, jax.random.key(0)), None
    for key in range(3):
        W = np.asarray(state.params[1])
        means = W if means is None else 0.9 * means + 0.1 * W
        state, _ = pj.train_step(RULE, optimizer, state, make_batch(NET, key=key))
        np.testing.assert_allclose(state.feedback, means, rtol=1e-5, atol=1e-7)


@pytest.fixture(scope="module")
def digits():
    return pj.load_dataset("digits")


def train(digits, workdir, num_epochs):
    data = {"train": digits.train, "test": digits.test, "progress": False}
    sizes = {"num_seeds": 2, "num_epochs": num_epochs, "batch_size": 128}
    return pj.train(
        DIGITS_NET, Unusual(DIGITS_NET), optax.sgd(0.1), **data, **sizes, workdir=workdir
    )


def test_evaluation_a_saved_run_and_its_continuation_know_of_it(digits, tmp_path):
    whole = train(digits, tmp_path / "whole", 2)
    train(digits, tmp_path / "resumed", 1)
    resumed = train(digits, tmp_path / "resumed", 2)
    for one, other in zip(*map(jax.tree.leaves, (whole.params, resumed.params)), strict=True):
        np.testing.assert_array_equal(one, other)

    run = pj.load_run(tmp_path / "whole", rule=Unusual(DIGITS_NET))
    image, label = digits.test
    for k in range(2):
        params, F = jax.tree.map(lambda x, k=k: x[k], (run.params, run.feedback))
        scores = run.rule.scores(params, F, image), run.net.apply(params, image)
        by_rule, by_network = (np.mean(np.argmax(s, 1) == label) for s in scores)
        assert run.history["test_accuracy"][k, -1] == pytest.approx(by_rule)
        assert by_rule != by_network


def test_alignment_compares_both_steps_with_the_gradient_of_the_rules_scores():
    batch = make_batch(NET, dropout=False)
    params, F = RULE.init(jax.random.key(0))
    angles = pj.analysis.alignment(NET, RULE, params, F, batch).gradient_angle
    assert max(angles) < 0.1  # with F = W_2 the scores are the network's
    F = jax.random.normal(jax.random.key(1), F.shape)
    top = (params[1] + F) / 2
    scores = lambda W_1: jax.nn.relu(batch.image.reshape(5, -1) @ W_1) @ top
    loss = lambda W_1: -jax.nn.log_softmax(scores(W_1))[jnp.arange(5), batch.label].mean()
    wanted = pj.analysis.angle(
        BP.pseudo_gradients(params, (), batch)[0][0], jax.grad(loss)(params[0])
    )
    found = pj.analysis.alignment(NET, RULE, params, F, batch).gradient_angle
    np.testing.assert_allclose(found[0], wanted, rtol=1e-4)


def test_the_schedule_counts_both_steps():
    from configs.default import get_config

    config = get_config(f"{Unusual.__module__}.Unusual,mlp,digits").to_dict()
    experiment = build_experiment(config)
    assert experiment.optimizer.steps_per_epoch == 2 * experiment.steps_per_epoch
    assert build_configured_optimizer(config).steps_per_epoch == 1


def test_a_rule_refuses_a_network_that_does_not_suit_it():
    with pytest.raises(pj.UserError, match=r"^Unusual needs a hidden layer; got Network\("):
        Unusual(pj.mlp((6, 6, 2), 4, hidden=()))


class Three(Unusual):
    steps_per_batch = 3


class Both(Unusual):
    learns_feedback = True


class Fewer(Unusual):
    def pseudo_gradients(self, params, F, batch):
        dW, aux = super().pseudo_gradients(params, F, batch)
        return dW, {**aux, "feedback_value": aux["feedback_value"][:1]}

    def scores(self, params, F, image):
        return super().scores(params, F, image)[:, :1]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Three, "Three.steps_per_batch must be 1 or 2, got 3"),
        (Both, "Both has both learns_feedback and sets_feedback"),
    ],
)
def test_a_rule_that_says_what_cannot_be_is_refused(rule, message):
    with pytest.raises(pj.UserError, match=message):
        rule(NET)


def test_feedback_and_scores_keep_their_shapes(digits):
    rule, optimizer, batch = Fewer(NET), optax.sgd(0.5), make_batch(NET)
    state = pj.init_state(rule, optimizer, jax.random.key(0))
    with pytest.raises(pj.UserError, match=r"aux\['feedback_value'\] .* like the feedback"):
        pj.train_step(rule, optimizer, state, batch)
    rule, data = Fewer(DIGITS_NET), (digits.train[0][:50], digits.train[1][:50])
    with pytest.raises(pj.UserError, match=r"scores have shape \(1, 1\), not \(1, 10\)"):
        one_seed.count_correct(
            Fewer(DIGITS_NET), *Fewer(DIGITS_NET).init(jax.random.key(0)), data, 25
        )
