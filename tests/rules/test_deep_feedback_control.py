"""Deep feedback control: what the controller does, and the two rules that it lies between."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pepita_jax import UserError, build_network, build_rule
from pepita_jax.networks.jacobians import score_jacobians
from pepita_jax.rules.base import noise_key
from tests.cases import assert_trees_close as assert_same
from tests.cases import make_batch, make_network, make_params
from tests.reference import ACTIVATIONS

pytestmark = pytest.mark.usefixtures("float64")

NAME = "deep_feedback_control"


def make(net_name="mlp, four layers, tanh", name=NAME, **options):
    """A rule, weights, feedback of other weights, a batch, its activity and error."""
    net = make_network(net_name)
    rule, params, batch = build_rule(name, net, **options), make_params(net), make_batch(net)
    Q = rule.init_feedback(jax.random.key(0), make_params(net, key=5))
    activity = net.forward(params, batch.image, net.draw_dropout(batch.key, len(batch.image)))
    return rule, params, Q, batch, activity, activity.h[-1] - net.one_hot(batch.label)


def update(rule, params, F, batch):
    return jax.jit(rule.pseudo_gradients)(params, F, batch)


def transcribed(rule, params, Q, x, e, a, masks):
    """The products dW_l of one sample in NumPy, of a dense network; masks of its hidden layers."""
    s, slope = ACTIVATIONS[rule.net.activation]
    Q, J = [*map(np.asarray, Q), np.eye(len(e))], [np.eye(len(e))]
    for l in reversed(range(len(params) - 1)):
        J.insert(0, J[0] @ np.asarray(params[l + 1]).T * slope(a[l]) * masks[l])
    M = sum(J_l @ Q_l.T for J_l, Q_l in zip(J, Q, strict=True))
    u = np.linalg.solve(M + rule.damping * np.eye(len(e)), -rule.step * e)
    h, products = x, []
    for l, W in enumerate(params):
        activate = (lambda v, l=l: s(v) * masks[l]) if l < len(params) - 1 else lambda v: v
        v = h @ np.asarray(W) + u @ Q[l]
        products.append(-np.outer(h, activate(v) - activate(v - u @ Q[l])) / rule.step)
        h = activate(v)
    return products


@pytest.mark.parametrize(
    "net_name", ["mlp, four layers, tanh", "mlp, sigmoid output", "mlp, three layers"]
)
def test_it_is_its_equations_sample_by_sample(net_name):
    rule, params, Q, batch, activity, e = make(net_name, step=0.3, damping=0.2)
    found, _ = update(rule, params, Q, batch)
    samples = [
        transcribed(rule, params, Q, activity.x[0][k], np.asarray(e[k]),
                    [np.asarray(a[k]) for a in activity.a],
                    [1 if mask is None else np.asarray(mask[k]) for mask in activity.masks[1:]])
        for k in range(len(e))
    ]  # fmt: skip
    assert_same(found, [np.mean(dW, axis=0) for dW in zip(*samples, strict=True)], rtol=1e-9)


def of_one_image(net_name, **options):
    """The same for one image, with its own J_l as feedback, and all J side by side."""
    rule, params, _, batch, _, _ = make(net_name, **options)
    batch = batch._replace(image=batch.image[:1], label=batch.label[:1], key=None)
    activity = rule.net.forward(params, batch.image)
    J = [J_l[:, 0] for J_l in score_jacobians(rule.net, params, activity)]
    e = activity.h[-1] - rule.net.one_hot(batch.label)
    return rule, params, tuple(J[:-1]), batch, activity, e, jnp.concatenate(J, axis=1)


def test_with_the_jacobian_as_feedback_the_changes_are_the_smallest_that_reach_the_target():
    rule, params, Q, _, activity, e, J = of_one_image("mlp, four layers, tanh", damping=0.0)
    u = rule.control(params, Q, activity, e)
    wanted = jnp.linalg.pinv(J) @ (-rule.step * e[0])
    np.testing.assert_allclose(u[0] @ J, wanted, rtol=1e-9, atol=1e-14)


def test_a_linear_network_is_brought_to_the_target_by_any_feedback():
    net = build_network("mlp", input_shape=(6, 6, 2), num_classes=4, hidden=(7, 6), dropout=0.3,
                        bias=True, activation="linear")  # fmt: skip
    rule, params, batch = build_rule(NAME, net, damping=0.0), make_params(net), make_batch(net)
    Q = rule.init_feedback(jax.random.key(0), make_params(net, key=5))
    masks = net.draw_dropout(batch.key, len(batch.image))
    activity = net.forward(params, batch.image, masks)
    e = activity.h[-1] - net.one_hot(batch.label)
    u = rule.control(params, Q, activity, e)
    controlled = net.forward(params, batch.image, masks, noise=[u @ Q_l for Q_l in Q])
    target = activity.a[-1] - rule.step * e
    np.testing.assert_allclose(controlled.a[-1] + u, target, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("net_name", ["mlp, three layers", "mlp, four layers, tanh"])
def test_strong_damping_makes_it_bp_times_the_slope(net_name):
    """The slope is 1 or 0 where s is rectified, and there it is BP itself."""
    rule, params, Q, batch, activity, e, J = of_one_image(net_name, damping=1e7)
    changes = rule.control(params, Q, activity, e) @ J
    np.testing.assert_allclose(1e7 * changes[0], -rule.step * e[0] @ J, rtol=1e-5, atol=1e-9)

    found, _ = update(rule, params, Q, batch)
    *hidden, output = rule.net.backward(activity, params[1:], e)
    slope = ACTIVATIONS[rule.net.activation][1]
    d = [slope(np.asarray(a)) * d_l for a, d_l in zip(activity.a, hidden, strict=False)]
    wanted = rule.net.hebbian(activity.x, (*d, output))
    assert_same([1e7 * dW for dW in found], wanted, rtol=1e-4, atol=1e-6)


def test_the_steady_state_of_the_nonlinear_network_is_near_for_small_steps():
    """Leaky integral control rests where `damping u = target - controlled scores`."""

    def distance(step):
        rule, params, Q, batch, activity, e = make(step=step, damping=0.2)
        linearized = rule.control(params, Q, activity, e)

        def residual(u, image, a, e):
            noise = [(u @ Q_l)[None] for Q_l in Q]
            scores = rule.net.forward(params, image[None], noise=noise).a[-1][0] + u
            return a - step * e - scores - rule.damping * u

        @jax.jit
        @jax.vmap
        def newton(u, *of_sample):
            for _ in range(5):
                J = jax.jacfwd(residual)(u, *of_sample)
                u = u - jnp.linalg.solve(J, residual(u, *of_sample))
            return u

        exact = newton(linearized, batch.image, activity.a[-1], e)
        return jnp.linalg.norm(exact - linearized) / jnp.linalg.norm(exact)

    small, smaller = distance(1e-2), distance(1e-3)
    assert small < 0.05
    np.testing.assert_allclose(smaller / small, 0.1, rtol=0.1)


def test_noise_of_all_signs_teaches_the_jacobian():
    net = build_network("mlp", input_shape=(6, 6, 2), num_classes=4, hidden=(3, 2),
                        activation="tanh", bias=True)  # fmt: skip
    rule = build_rule("deep_feedback_control_learned", net, noise=1e-5, decay=0.5)
    params, image = make_params(net), make_batch(net, size=1).image
    signs = 1.0 - 2 * ((np.arange(32)[:, None] >> np.arange(5)) & 1)
    n = [1e-5 * jnp.asarray(signs[:, :3]), 1e-5 * jnp.asarray(signs[:, 3:])]
    Q = rule.init_feedback(jax.random.key(0), make_params(net, key=5))
    found = jax.jit(rule.learn)(params, Q, jnp.repeat(image, 32, axis=0), n)
    J = [J_l[:, 0] for J_l in score_jacobians(net, params, net.forward(params, image))]
    wanted = [0.5 * Q_l - J_l for Q_l, J_l in zip(Q, J, strict=False)]
    assert_same(found, wanted, rtol=1e-6, atol=1e-8)


def test_learned_feedback_sees_its_own_noise_and_changes_the_weights_as_fixed_feedback_does():
    rule, params, Q, batch, *_ = make("mlp, biases", "deep_feedback_control_learned")
    found, aux = update(rule, params, Q, batch)
    fixed, _ = update(build_rule(NAME, rule.net), params, Q, batch)
    assert_same(found, fixed)
    n = rule.net.draw_noise(noise_key(rule.net, batch), len(batch.image), rule.noise)
    assert_same(aux["feedback"], rule.learn(params, Q, batch.image, n))


def test_it_begins_with_the_product_of_the_weights_above():
    net = make_network("mlp, four layers, tanh")
    params, (Q_1, Q_2, Q_3) = build_rule(NAME, net).init(jax.random.key(0))
    np.testing.assert_allclose(Q_3, params[3].T)
    np.testing.assert_allclose(Q_2, (params[2] @ params[3]).T)
    np.testing.assert_allclose(Q_1, (params[1] @ params[2] @ params[3]).T)


def test_convolutions_are_refused():
    with pytest.raises(UserError, match=r"^DeepFeedbackControl needs dense layers"):
        build_rule(NAME, make_network("conv"))


def test_feedback_cannot_be_drawn_without_the_weights():
    rule = build_rule(NAME, make_network("mlp, two layers"))
    with pytest.raises(UserError, match=r"give init_feedback\(key, params=params\), or take rule"):
        rule.init_feedback(jax.random.key(0))
