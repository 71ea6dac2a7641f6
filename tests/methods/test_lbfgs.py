"""L-BFGS goes the same way whatever the unit of the cost."""

import numpy as np
import pytest

import fallline as fl


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


@pytest.mark.parametrize("unit", [1e-140, 1e-30, 1e-20, 1e100, 1e150, 1e200])
def test_the_unit_of_the_cost_does_not_matter(unit):
    """Also where squares of the slope are beyond floating point: the path is the one in the usual unit."""
    usual = fl.minimize(rosenbrock, [-1.2, 1.0])
    result = fl.minimize(lambda t: unit * rosenbrock(t), [-1.2, 1.0])
    assert result.success and result.reason == "converged"
    assert abs(result.nfev - usual.nfev) <= 5
    np.testing.assert_allclose(result.x, 1, atol=1e-6)
    np.testing.assert_allclose(result.trace.x[:10], usual.trace.x[:10], rtol=1e-6)


def test_squares_beyond_floating_point_at_any_fixed_rate():
    """Plain descent needs no squares to get there."""
    result = fl.minimize(lambda t: 1e200 * (t @ t), [1.0, 2.0], method="gd", learning_rate=1e-201)
    assert result.success
    np.testing.assert_allclose(result.x, 0, atol=1e-6)


@pytest.mark.parametrize("unit", [1e-20, 1e150])
def test_the_unit_of_the_cost_does_not_matter_within_bounds(unit):
    """The faces use the same unit."""
    result = fl.minimize(lambda t: unit * rosenbrock(t), [-1.2, 1.0], bounds=[(-2, 0.5), (-2, 2)])
    np.testing.assert_allclose(result.x, [0.5, 0.25], atol=1e-5)
