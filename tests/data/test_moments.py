"""Means and spreads of columns, and lengths of rows."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.data.moments import longest_row, moments, squared_lengths

RNG = np.random.default_rng(0)
X = RNG.normal(size=(10_003, 5)) * [1.0, 10.0, 0.1, 0.0, 3.0]
WEIGHTS = RNG.uniform(0.5, 2.0, 10_003)
LAYOUTS = {"rows": X, "columns": np.asfortranarray(X), "single": X.astype(np.float32), "few": X[:1000]}


@pytest.mark.parametrize("offset", [0.0, 1e9])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_moments_are_numpys(layout, offset):
    """Weighted means and standard deviations are exact, far from zero too, however a table lies."""
    table = LAYOUTS[layout] + LAYOUTS[layout].dtype.type(offset)
    weights = WEIGHTS[: len(table)]
    mean, spread = moments(ArrayRows(table, np.zeros(len(table)), weights))
    expected = np.average(table.astype(float), axis=0, weights=weights)
    np.testing.assert_allclose(mean, expected, rtol=1e-14, atol=1e-14)
    about = table.astype(float) - expected
    deviation = np.sqrt(np.average(about**2, axis=0, weights=weights))
    np.testing.assert_allclose(spread, np.where(np.ptp(table, axis=0) > 0, deviation, 0.0), rtol=1e-7)


def test_rows_far_from_the_first_ones_keep_their_digits():
    """A table whose first rows lie far out has the spread of all rows to rounding."""
    rows = np.concatenate([np.full(4096, 1e6), RNG.normal(size=200_000)])[:, None]
    spread = moments(ArrayRows(rows, np.zeros(len(rows))))[1]
    np.testing.assert_allclose(spread, rows.std(axis=0), rtol=1e-12)


def test_first_rows_of_hardly_any_weight_do_not_spoil_the_others():
    """Where the first rows lie far out and weigh next to nothing, the spread is that of the others."""
    rows = np.concatenate([np.full(4096, 1e9), RNG.normal(size=20_000)])[:, None]
    weights = np.concatenate([np.full(4096, 1e-30), np.ones(20_000)])
    mean, spread = moments(ArrayRows(rows, np.zeros(len(rows)), weights))
    np.testing.assert_allclose(mean, rows[4096:].mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(spread, rows[4096:].std(axis=0), rtol=1e-10)


def test_rows_of_no_weight_count_for_nothing():
    """Where the first rows have no weight, the mean is that of the others."""
    weights = np.where(np.arange(10_003) < 5000, 0.0, 1.0)
    mean, spread = moments(ArrayRows(X, np.zeros(10_003), weights))
    np.testing.assert_allclose(mean, X[5000:].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(spread, X[5000:].std(axis=0), rtol=1e-12)
    far = np.where(weights[:, None] > 0, X, 1e9)
    longest = longest_row(ArrayRows(far, np.zeros(10_003), weights), mean, spread)
    assert longest == longest_row(ArrayRows(X[5000:], np.zeros(5003)), mean, spread)


@pytest.mark.parametrize("value", [0.1, 17.0, 1e9 / 3])
def test_a_constant_column_has_no_spread(value):
    """A column that never varies has spread zero exactly, whatever rounding says."""
    rows = ArrayRows(np.full((10_001, 1), value), np.zeros(10_001))
    assert moments(rows)[1] == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("row", [7, 4999])
def test_a_column_with_a_hole_has_no_mean(bad, row):
    """A missing or infinite cell shows in the mean of its column alone."""
    table = np.ones((5000, 2))
    table[row, 1] = bad
    with np.errstate(invalid="ignore"):
        assert list(np.isfinite(moments(ArrayRows(table, np.zeros(5000)))[0])) == [True, False]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_lengths(layout):
    """Lengths of rows are those in centred columns of unit spread; constant columns count for nothing."""
    table = LAYOUTS[layout]
    rows = ArrayRows(table, np.zeros(len(table)))
    mean, spread = moments(rows)
    scale = np.divide(1.0, spread, out=np.zeros(5), where=spread > 0)
    expected = (((table - mean) * scale) ** 2).sum(axis=1)
    np.testing.assert_allclose(squared_lengths(rows, mean, spread), expected)
    np.testing.assert_allclose(longest_row(rows, mean, spread), np.sqrt(expected.max()))
