"""Means and spreads of columns."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.data.moments import means, spreads


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_moments_are_numpys(offset):
    """Weighted means and standard deviations are exact, far from zero too."""
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(10_000, 3)) + offset, rng.uniform(0.5, 2.0, 10_000)
    rows = ArrayRows(X, np.zeros(10_000), weights)
    mean = means(rows)
    np.testing.assert_allclose(mean, np.average(X, axis=0, weights=weights), rtol=1e-14, atol=1e-14)
    about = X - np.average(X, axis=0, weights=weights)
    np.testing.assert_allclose(spreads(rows, mean), np.sqrt(np.average(about**2, axis=0, weights=weights)), rtol=1e-7)


@pytest.mark.parametrize("value", [0.1, 17.0, 1e9 / 3])
def test_a_constant_column_has_no_spread(value):
    """A column that never varies has spread zero exactly, whatever rounding says."""
    rows = ArrayRows(np.full((10_001, 1), value), np.zeros(10_001))
    assert spreads(rows, means(rows)) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_column_with_a_hole_has_no_mean(bad):
    """A missing or infinite cell shows in the mean of its column alone."""
    X = np.ones((5000, 2))
    X[4321, 1] = bad
    assert list(np.isfinite(means(ArrayRows(X, np.zeros(5000))))) == [True, False]
