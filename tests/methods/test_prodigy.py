"""Prodigy, against its paper; with the correction of bias it is compared with optax in test_methods."""

import numpy as np
import pytest

import fallline as fl

SLOPES, X0 = np.array([2.0, 20.0]), np.array([3.0, 2.0])


def bowl(t):
    return t[0] ** 2 + 10 * t[1] ** 2


def by_hand(steps, d0=1e-6, growth=np.inf):
    """Return the iterates of algorithm 4, with the authors' bound on the growth of d."""
    x, m, v, s, d, largest, r = X0, np.zeros(2), np.zeros(2), np.zeros(2), d0, d0, 0.0
    beta1, beta2, beta3, path = 0.9, 0.999, np.sqrt(0.999), [X0]
    for _ in range(steps):
        g = SLOPES * x
        r = beta3 * r + d / d0 * d * g @ (X0 - x)
        s = beta3 * s + d / d0 * d * g
        m, v = beta1 * m + (1 - beta1) * d * g, beta2 * v + (1 - beta2) * d**2 * g**2
        estimate, lam = r / np.abs(s).sum(), d
        d = max(d, estimate) if d == d0 else d
        largest = max(largest, estimate)
        d = min(largest, growth * d)
        x = x - lam * m / (np.sqrt(v) + d * 1e-8)
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize("growth", [np.inf, 1.05])
def test_it_follows_algorithm_4(growth):
    """A hundred steps are those of the paper's formulas, with and without a bound on the growth."""
    method = fl.methods.Prodigy(growth_rate=growth)
    run = fl.minimize(bowl, X0, method=method, max_iterations=100)
    np.testing.assert_allclose(run.trace.flat_x, by_hand(100, growth=growth), rtol=0, atol=1e-10)


def test_the_first_step_is_worked_out():
    """The first step is d0 * (1-beta1)/sqrt(1-beta2) in each parameter, 3.16 times d0."""
    method = fl.methods.Prodigy(d0=0.1)
    trace = fl.minimize(bowl, X0, method=method, max_iterations=1).trace
    np.testing.assert_allclose(trace.flat_x[1], X0 - 0.1 * 0.1 / np.sqrt(0.001), rtol=1e-8)
