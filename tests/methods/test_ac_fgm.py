"""AC-FGM, worked out by hand and against its paper."""

import numpy as np
import pytest

import fallline as fl

HESSIAN = np.diag([2.0, 20.0, 6.0])


def bowl(t):
    return t[0] ** 2 + 10 * t[1] ** 2 + 3 * t[2] ** 2


BETA = 1 - np.sqrt(6) / 3


def by_hand(x, steps, restart, alpha=0.1, beta=BETA):
    """Return the iterates of the paper's algorithm 1, the first step from the curvature along the gradient."""

    def f(x):
        return x @ HESSIAN @ x / 2

    path, g = [x], HESSIAN @ x
    first = eta = 2 ** np.round(np.log2(np.linalg.norm(g) / np.linalg.norm(HESSIAN @ g))) / 2.5
    before, x = x, x - eta * g
    y, tau_before, tau = before, 0.0, 1.0
    path.append(x)
    for t in range(2, steps + 1):
        g, g_before = HESSIAN @ x, HESSIAN @ before
        if t == 2:
            curvature = np.linalg.norm(g - g_before) / np.linalg.norm(x - before)
            eta = min((1 - beta) * eta, 1 / (4 * curvature))
        else:
            curvature = np.sum((g - g_before) ** 2) / (2 * (f(before) - f(x) - g @ (before - x)))
            if restart and f(x) > f(before):
                eta, tau_before, tau, y = first, 0.0, 1.0, x
            eta = min(4 / 3 * eta, (tau_before + 1) / tau * eta, tau / (4 * curvature))
            tau_before, tau = tau, tau + 2 * (1 - alpha) * eta * curvature / tau + alpha / 2
        z = y - eta * g
        y = (1 - beta) * y + beta * z
        before, x = x, (z + tau * x) / (1 + tau)
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize(("restart", "third"), [(True, 0.6525), (False, None)])
def test_the_first_steps_on_a_parabola(restart, third):
    """On theta² the points are 0.6 and 0.725 of the start, and, begun anew because the cost rose, 0.6525."""
    method = fl.methods.ACFGM(restart=restart)
    x = fl.minimize(lambda theta: theta**2, 3.0, method=method, max_iterations=3).trace.x / 3
    third = third or (1 - 0.15 * BETA - 0.25 * 0.725 + 1.5 * 0.725) / 2.5
    np.testing.assert_allclose(x, [1, 0.6, 0.725, third], rtol=1e-12)


@pytest.mark.parametrize("restart", [True, False])
def test_it_follows_algorithm_1(restart):
    """Thirty steps are the paper's, from the first curvature rounded to a power of two."""
    x0 = np.array([3.0, 2.0, -1.0])
    run = fl.minimize(bowl, x0, method=fl.methods.ACFGM(restart=restart), max_iterations=30)
    np.testing.assert_allclose(run.trace.flat_x, by_hand(x0, 30, restart), rtol=0, atol=1e-10)


def test_it_is_faster_than_plain_descent_on_a_long_valley():
    """On a convex valley of condition 10,000 it needs a tenth of plain descent's steps."""
    curvatures = np.geomspace(1, 1e4, 20)

    def valley(t):
        return np.sum(curvatures * t**2) / 2

    fast = fl.minimize(valley, np.ones(20), method="ac-fgm", max_iterations=3000)
    plain = fl.minimize(valley, np.ones(20), method="gd", learning_rate=1e-4, max_iterations=30_000)
    assert fast.success and fast.fun < 1e-3 * plain.fun
