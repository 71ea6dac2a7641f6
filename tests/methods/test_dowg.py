"""DoWG's answer; its steps are compared with optax in test_methods."""

import numpy as np
import pytest

import fallline as fl


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_the_answer_is_the_average_by_squared_distance(steps):
    """The answer weighs each point by the largest squared distance from the start until then."""
    run = fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method="dowg", max_iterations=steps)
    points = run.trace.flat_x
    weights = np.maximum.accumulate(np.maximum(1e-4, ((points - points[0]) ** 2).sum(1)))
    np.testing.assert_allclose(run.x, np.average(points, axis=0, weights=weights), rtol=1e-12)


def test_the_first_step_is_worked_out():
    """With eps = 0.04 the first step on theta² from 3 is 0.04 / (0.2*6 + 0.04) * 6."""
    trace = fl.minimize(lambda t: t**2, 3.0, method=fl.methods.DoWG(eps=0.04), max_iterations=1).trace
    np.testing.assert_allclose(trace.x, [3.0, 3.0 - 0.24 / 1.24], rtol=1e-12)
