"""The minimum of a quadratic with absolute values is exact."""

import numpy as np
import pytest

from fallline.models.faces import minimise_kinked


def problem(rows, columns, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(rows, columns)) * np.geomspace(1, 1e3, columns)
    return A.T @ A / rows, A.T @ rng.normal(size=rows) / rows


@pytest.mark.parametrize(("rows", "columns"), [(50, 5), (50, 40), (20, 60), (3, 30)])
@pytest.mark.parametrize("share", [0.01, 0.3, 2.0])
def test_the_minimum_is_where_no_way_leads_down(rows, columns, share):
    """What is not zero has no slope, and the slope of what is zero is held by the absolute value."""
    hessian, gradient = problem(rows, columns)
    strength = np.full(columns, share * np.abs(gradient).max())
    strength[0] = 0.0
    x = minimise_kinked(hessian, gradient, strength, np.zeros(columns))
    slope = gradient + hessian @ x
    rounding = 1e-10 * (np.abs(gradient) + np.abs(hessian) @ np.abs(x))
    moving = (x != 0) | (strength == 0)
    assert (np.abs(slope + strength * np.sign(x)) <= rounding)[moving].all()
    assert (np.abs(slope) <= strength + rounding).all()


def test_the_start_does_not_matter():
    """From a start with other signs the same minimum is reached."""
    hessian, gradient = problem(80, 12)
    strength = np.full(12, 0.2 * np.abs(gradient).max())
    x = minimise_kinked(hessian, gradient, strength, np.zeros(12))
    start = np.random.default_rng(1).normal(size=12)
    again = minimise_kinked(hessian, gradient + hessian @ start, strength, start)
    np.testing.assert_allclose(again, x, rtol=1e-8, atol=1e-12)
    np.testing.assert_array_equal(again == 0, x == 0)


def test_what_has_no_curvature_is_left_or_dropped():
    """A parameter that nothing depends on stays where it is, or at zero where it is penalised."""
    hessian = np.diag([1.0, 0.0, 0.0])
    x = minimise_kinked(hessian, np.array([-2.0, 0.0, 0.0]), np.array([0.5, 0.5, 0.0]), np.ones(3))
    np.testing.assert_allclose(x, [2.5, 0.0, 1.0])
