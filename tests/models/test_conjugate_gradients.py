"""Conjugate gradients solve what they are told to, and nothing else."""

import numpy as np
import pytest

from fallline.models.conjugate_gradients import conjugate_gradients


@pytest.mark.parametrize("share", [0.3, 1e-3, 1e-5])
def test_what_is_left_is_as_small_as_wanted(share):
    """In the length of the scaled gradient."""
    rng = np.random.default_rng(0)
    root = rng.normal(size=(40, 20)) * np.logspace(-2, 2, 20)
    H, gradient = root.T @ root, rng.normal(size=20)
    scale = 1 / np.diag(H)
    wanted = share * float(np.sqrt(gradient @ (scale * gradient)))
    direction, told, done = conjugate_gradients(lambda v: H @ v, lambda v: scale * v, gradient, wanted)
    left = gradient - H @ direction
    assert done
    assert np.sqrt(left @ (scale * left)) <= 1.001 * wanted
    np.testing.assert_allclose(told, left, atol=1e-9 * np.abs(gradient).max())


def test_few_products_are_told_to_be_too_few():
    """What is left of the gradient is what a search with a better preconditioner goes on from."""
    rng = np.random.default_rng(0)
    root = rng.normal(size=(40, 20)) * np.logspace(-2, 2, 20)
    H, gradient = root.T @ root, rng.normal(size=20)
    direction, left, done = conjugate_gradients(lambda v: H @ v, lambda v: v, gradient, 1e-9, most=3)
    more, _, finished = conjugate_gradients(lambda v: H @ v, lambda v: np.linalg.solve(H, v), left, 1e-9)
    assert not done
    assert finished
    np.testing.assert_allclose(H @ (direction + more), gradient, rtol=1e-6, atol=1e-6)


def test_parameters_of_no_scale_stay():
    """The others are solved as if these were not there."""
    H, gradient = np.array([[2.0, 1.0, 1.0], [1.0, 2.0, 0.0], [1.0, 0.0, 4.0]]), np.array([3.0, 5.0, 3.0])
    direction = conjugate_gradients(lambda v: H @ v, lambda v: np.array([0.5, 0.0, 0.25]) * v, gradient, 1e-12)[0]
    assert direction[1] == 0
    np.testing.assert_allclose(H[np.ix_([0, 2], [0, 2])] @ direction[[0, 2]], gradient[[0, 2]])


def test_where_nothing_bends_nothing_is_done():
    """A product of zero ends the search before it is divided by."""
    assert not conjugate_gradients(np.zeros_like, np.copy, np.ones(2), 1e-9)[0].any()
