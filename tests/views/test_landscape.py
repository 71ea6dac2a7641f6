"""The function's values on a line or a grid."""

import numpy as np

from fallline.views.landscape import grid, heights, levels
from tests.views.runs import rosenbrock, square


def test_heights_are_the_function():
    """The curve is the user's own function, with gaps where it is not finite."""
    run = square()
    np.testing.assert_allclose(heights(run, np.array([[2.0], [3.0]])), [4, 9])
    np.testing.assert_array_equal(heights(run, np.array([[2.0], [1e200]])), [4, np.nan])


def test_a_lost_function_has_no_heights():
    """A run whose function is gone, or nowhere finite, is drawn without it."""
    assert heights(square(remembers=False), np.ones((3, 1))) is None
    assert heights(square(), np.full((3, 1), 1e200)) is None


def test_the_grid_covers_the_box():
    """Contours are drawn from values over the whole window."""
    first, second, costs = grid(rosenbrock(steps=2), np.array([[0.0, 0.0], [1.0, 2.0]]))
    assert costs.shape == (101, 101)
    assert (first[0, 0], second[-1, 0]) == (0.0, 2.0)
    np.testing.assert_allclose(costs[0, -1], 100.0)


def test_levels_are_close_in_the_logarithm():
    """Contour levels are round numbers above the lowest cost, by factors of about three."""
    costs = np.linspace(0, 1, 101)[:, None] ** 2 * 1000
    chosen = levels(costs, 0.0)
    assert 4 <= len(chosen) <= 14
    ratios = chosen[1:] / chosen[:-1]
    assert (ratios > 2.9).all()
    assert (ratios < 10.1).all()
    np.testing.assert_allclose(levels(costs + 5, 5.0), chosen + 5)


def test_a_flat_function_has_no_levels():
    """Where the cost is the same everywhere there is no contour."""
    assert levels(np.ones((5, 5)), 1.0).size == 0
