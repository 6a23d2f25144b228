"""The limits of two models that are no rules here: see docs/explanation/other_models.md."""

from itertools import pairwise

import numpy as np
import pytest

SIZES = (5, 7, 6, 4)


def tanh_slope(h):
    return 1 - h**2


@pytest.fixture
def random():
    return np.random.default_rng(0)


def settle(x, W, B, t, nudge, num_steps=200):
    """The dendritic microcircuit at rest, where interneurons predict all but the top-down error.

    Returns each layer's potential u, and v, which its basal dendrite alone predicts.
    """
    u = None
    for _ in range(num_steps):
        h, v = x, []
        for l, W_l in enumerate(W):
            v.append(h @ W_l)
            h = np.tanh(v[l] if u is None else u[l])
        rate = np.tanh(v[-1])
        u = [np.arctanh(rate - nudge * (rate - t))]
        for l in reversed(range(len(W) - 1)):
            u.insert(0, v[l] + (np.tanh(u[0]) - np.tanh(v[l + 1])) @ B[l + 1].T)
    return u, v


@pytest.mark.parametrize("feedback", ["random", "symmetric"])
def test_the_dendritic_microcircuit_at_rest_is_feedback_alignment(random, feedback):
    """With weak nudging. The error is within a factor of the nudge, which falls with it."""
    shapes = list(pairwise(SIZES))
    W = [random.normal(size=shape) / np.sqrt(shape[0]) for shape in shapes]
    B = W if feedback == "symmetric" else [random.normal(size=s) / np.sqrt(s[0]) for s in shapes]
    x, t = random.normal(size=(3, SIZES[0])), random.uniform(-0.5, 0.5, (3, SIZES[-1]))

    h = [x]
    for W_l in W:
        h.append(np.tanh(h[-1] @ W_l))
    d = [h[-1] - t]  # at activities, as the difference of rates is
    for l in (2, 1):
        d.insert(0, (d[0] @ B[l].T) * tanh_slope(h[l]))

    errors = []
    for nudge in (1e-2, 1e-3):
        u, v = settle(x, W, B, t, nudge)
        found = [(np.tanh(a) - np.tanh(b)) / nudge for a, b in zip(u, v, strict=True)]
        pairs = list(zip(found, d, strict=True))
        errors.append(max(np.abs(f + d_l).max() for f, d_l in pairs))
    assert errors[1] < 0.01
    assert errors[1] < 0.15 * errors[0]


def test_similarity_matching_rests_on_the_principal_subspace(random):
    """`dW = W - <y, x>` and `dM = M - <y, y>`, with y = M^-1 W x, vanish there."""
    x = random.normal(size=(500, 6)) @ random.normal(size=(6, 6))
    C = x.T @ x / len(x)
    _, vectors = np.linalg.eigh(C)
    principal = vectors[:, -3:].T  # [3, 6]
    rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
    y_of = rotation @ principal  # any basis of it
    W, M = y_of @ C, y_of @ C @ y_of.T
    np.testing.assert_allclose(np.linalg.solve(M, W), y_of, rtol=1e-9, atol=1e-12)
    y = x @ np.linalg.solve(M, W).T
    np.testing.assert_allclose(W - y.T @ x / len(x), 0, atol=1e-12)
    np.testing.assert_allclose(M - y.T @ y / len(x), 0, atol=1e-12)

    other = rotation @ vectors[:, :3].T + 0.1 * principal  # no invariant subspace: no rest
    W, M = other @ C, other @ C @ other.T
    y = x @ np.linalg.solve(M, W).T
    assert np.abs(W - y.T @ x / len(x)).max() > 1e-3
