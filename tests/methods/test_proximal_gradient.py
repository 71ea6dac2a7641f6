"""FISTA with restart, worked out by hand and against its papers."""

import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputTypeError

CURVATURES = np.geomspace(1, 1e3, 10)


def valley(t):
    return np.sum(CURVATURES * t**2) / 2


def test_the_first_steps_are_worked_out():
    """On theta² with rate 0.1 the points are 3, 2.4 (no momentum yet) and 1.92 - 0.28175 * 0.48."""
    trace = fl.minimize(lambda t: t**2, 3.0, method="fista", learning_rate=0.1, max_iterations=2).trace
    np.testing.assert_allclose(trace.x, [3, 2.4, 1.92 - (np.sqrt(5) - 1) / (1 + np.sqrt(7 + 2 * np.sqrt(5))) * 0.48])


def test_it_follows_the_papers_with_a_fixed_rate():
    """Two hundred steps are Beck and Teboulle's, begun anew as O'Donoghue and Candès say."""
    rate, x, y, t, path, restarts = 1e-3, np.ones(10), np.ones(10), 1.0, [np.ones(10)], 0
    for _ in range(200):
        there = y - rate * CURVATURES * y
        if (CURVATURES * y) @ (there - x) > 0:
            t, y, restarts = 1.0, there, restarts + 1
        else:
            following = (1 + np.sqrt(1 + 4 * t**2)) / 2
            y, t = there + (t - 1) / following * (there - x), following
        x = there
        path.append(y)
    run = fl.minimize(valley, np.ones(10), method="fista", learning_rate=rate, max_iterations=200)
    np.testing.assert_allclose(run.trace.flat_x, path, rtol=0, atol=1e-10)
    assert restarts > 0


def test_it_needs_no_rate():
    """Without a rate it searches for one, and solves a valley of condition 1,000 in a tenth of plain steps."""
    run = fl.minimize(valley, np.ones(10), method=fl.methods.ProximalGradient())
    plain = fl.minimize(valley, np.ones(10), method="gd", learning_rate=1e-3)
    assert run.success and plain.success and run.nit < plain.nit / 10
    assert np.nanmax(run.trace.learning_rate) <= 1.0 and np.nanmin(run.trace.learning_rate[1:100]) > 0


def test_methods_that_go_their_own_way_take_no_step_rule():
    """A step rule measures FISTA's rate, but is refused where the rate is not one along the gradient."""
    rule = fl.steps.Backtracking(c=0.5)
    assert fl.minimize(valley, np.ones(10), method="fista", learning_rate=rule).success
    with pytest.raises(InputTypeError, match="learning_rate must be a number or a schedule with Prodigy"):
        fl.minimize(valley, np.ones(10), method="prodigy", learning_rate=rule)
