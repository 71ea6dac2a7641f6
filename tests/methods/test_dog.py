"""DoG's answer; its steps are compared with optax in test_methods."""

import numpy as np
import pytest

import fallline as fl


@pytest.mark.parametrize("gamma", [0.0, 8.0])
@pytest.mark.parametrize("steps", [1, 2, 30])
def test_the_answer_is_the_polynomially_weighted_average(gamma, steps):
    """The answer averages the points after the start, late ones more; with gamma 0 it is their mean."""
    method = fl.methods.DoG(gamma=gamma, reps_rel=0.1)
    run = fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method=method, max_iterations=steps)
    average = run.trace.flat_x[0]
    for t, x in enumerate(run.trace.flat_x[1:], 1):
        share = (gamma + 1) / (gamma + t)
        average = (1 - share) * average + share * x
    np.testing.assert_allclose(run.x, average, rtol=1e-12)
    if gamma == 0:
        np.testing.assert_allclose(run.x, run.trace.flat_x[1:].mean(0), rtol=1e-12)


def test_the_first_step_is_as_long_as_the_first_distance():
    """From (3, 4) the first step has the length reps_rel * (1 + 5), against the gradient."""
    method = fl.methods.DoG(reps_rel=0.01)
    trace = fl.minimize(lambda t: t[0] ** 2 + t[1] ** 2, [3.0, 4.0], method=method, max_iterations=1).trace
    np.testing.assert_allclose(trace.flat_x[1], np.array([3.0, 4.0]) * (1 - 0.06 / 5), rtol=1e-9)


def test_a_point_found_optimal_is_not_averaged_away():
    """A run that converges answers with the point that was found optimal."""
    run = fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method="dog")
    assert run.success and run.reason is fl.StopReason.CONVERGED
    np.testing.assert_array_equal(run.x, run.trace.flat_x[-1])
