"""A sample stands for its table: surely for what is rare, and by its weights for the rest."""

import numpy as np

from fallline.data.blocks import ArrayRows
from fallline.models.sampling import sample_of


def test_rare_rows_are_always_there():
    """Every row with a rare level is in the sample, with its own weight; the weights add up to the table's."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=30_000), np.zeros(30_000)])
    X[[5, 9000, 29_999], 1] = 1.0
    rows = ArrayRows(X, rng.normal(size=30_000), rng.random(30_000))
    sample = sample_of(rows, X.mean(axis=0), X.std(axis=0), 1000)
    assert sample.rows.X[:, 1].sum() == 3
    np.testing.assert_allclose(sample.rows.total, rows.total)
    assert sample.plain.total < rows.total
    place = sample.rows.X[:, 1] == 1
    np.testing.assert_array_equal(sample.rows.weights[place], sample.plain.weights[place])
    assert len(sample.rows.y) < 1500


def test_the_longest_row_is_that_of_the_whole_table():
    """It is measured over all rows, in columns of unit spread."""
    X = np.random.default_rng(0).normal(size=(5000, 3))
    X[4321] = 50.0
    mean, spread = X.mean(axis=0), X.std(axis=0)
    sample = sample_of(ArrayRows(X, np.zeros(5000)), mean, spread, 200)
    np.testing.assert_allclose(sample.longest, np.linalg.norm((X[4321] - mean) / spread))


def test_where_no_rows_are_far_all_of_the_sample_is_common():
    """A table without rows far from the mean has as many rows in its sample as were asked for."""
    X = np.random.default_rng(0).uniform(-1, 1, size=(50_000, 4))
    sample = sample_of(ArrayRows(X, np.zeros(50_000)), X.mean(axis=0), X.std(axis=0), 8000)
    assert 8000 <= len(sample.rows.y) <= 8000 + 13
    lengths = ((sample.far.X - X.mean(axis=0)) ** 2 / X.var(axis=0)).sum(axis=1)
    of_all = ((sample.rows.X - X.mean(axis=0)) ** 2 / X.var(axis=0)).sum(axis=1)
    np.testing.assert_allclose(np.sort(lengths), np.sort(of_all)[-1024:])
