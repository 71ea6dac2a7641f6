"""Sparse tables come in blocks like dense ones, and are never changed."""

import numpy as np
import pytest
from scipy import sparse

from fallline.data.blocks import BLOCK_ROWS, ArrayRows, Thinned
from fallline.data.moments import constant_columns, longest_row, moments
from fallline.data.sparse import SparseRows, by_rows, is_sparse, scaled

RNG = np.random.default_rng(0)
X = RNG.normal(size=(9000, 5)) * (RNG.random((9000, 5)) < [0.05, 0.5, 0.0, 0.02, 0.1])
Y, WEIGHTS = RNG.normal(size=9000), RNG.uniform(0.5, 2.0, 9000)
THIN, FULL = SparseRows(sparse.csr_array(X), Y, WEIGHTS), ArrayRows(X, Y, WEIGHTS)


def test_blocks_are_all_rows_once_and_in_order():
    """The blocks, one after the other, are the table, and share its cells."""
    blocks = [THIN.block(index) for index in range(THIN.blocks)]
    np.testing.assert_array_equal(np.concatenate([block.dense() for block in blocks]), X)
    np.testing.assert_array_equal(np.concatenate([block.y for block in blocks]), Y)
    np.testing.assert_array_equal(np.concatenate([block.weights for block in blocks]), WEIGHTS)
    assert all(np.shares_memory(block.X.data, THIN.X.data) for block in blocks)
    assert (THIN.count, THIN.columns, THIN.blocks) == (9000, 5, 3)
    assert THIN.total == pytest.approx(WEIGHTS.sum())
    assert THIN.cells == np.count_nonzero(X)


def test_a_sample_of_a_sparse_table_is_sparse():
    """Every second block of a sparse table is a table of its own."""
    sample = Thinned(THIN, 2)
    assert (sample.count, sample.crowded) == (BLOCK_ROWS + 9000 - 2 * BLOCK_ROWS, THIN.crowded)
    assert 0 < sample.cells < THIN.cells
    assert is_sparse(sample.block(1).X)


def test_a_table_is_crowded_where_it_or_a_column_of_it_is():
    """A sparse table of many cells, or with a full column, is told."""
    assert not THIN.crowded
    assert SparseRows(sparse.csr_array(np.ones((20, 3))), np.zeros(20)).crowded
    wide = sparse.random_array((50, 40), density=0.01, rng=0, format="lil")
    wide[:, [7]] = np.ones((50, 1))
    assert SparseRows(sparse.csr_array(wide), np.zeros(50)).crowded


def test_moments_are_those_of_the_dense_table():
    """Means, spreads, the longest row and the constant columns do not depend on how a table is kept."""
    mean, spread = moments(FULL)
    np.testing.assert_allclose(moments(THIN)[0], mean, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(moments(THIN)[1], spread, rtol=1e-13)
    assert longest_row(THIN, mean, spread) == pytest.approx(longest_row(FULL, mean, spread), rel=1e-12)
    np.testing.assert_array_equal(constant_columns(THIN, spread), [2])
    np.testing.assert_array_equal(constant_columns(FULL, spread), [2])


@pytest.mark.parametrize("value", [0.1, 1e9 / 3])
def test_a_constant_column_of_a_sparse_table_has_no_spread(value):
    """A column whose cells are all kept and all alike has spread zero exactly."""
    weights = np.random.default_rng(1).uniform(0.5, 2.0, 5001)
    for weight in (None, weights):
        rows = SparseRows(sparse.csr_array(np.full((5001, 1), value)), np.zeros(5001), weight)
        assert moments(rows)[1] == 0
    np.testing.assert_array_equal(constant_columns(rows, moments(rows)[1]), [0])


def test_rows_are_scaled():
    """Each row of a sparse table is multiplied by its own factor."""
    np.testing.assert_allclose(scaled(THIN.X, WEIGHTS).toarray(), X * WEIGHTS[:, None])


@pytest.mark.parametrize(
    "kind", ["csr_array", "csc_array", "coo_array", "dok_array", "lil_array", "bsr_array", "csc_matrix"]
)
def test_every_kind_becomes_rows(kind):
    """Whatever SciPy's storage, the table is the same by rows, in canonical order."""
    table = by_rows(getattr(sparse, kind)(X[:50]))
    assert (table.format, table.has_canonical_format, table.data.dtype) == ("csr", True, np.float64)
    np.testing.assert_array_equal(table.toarray(), X[:50])


def test_cells_given_twice_are_added_and_the_users_table_is_left_alone():
    """Unsorted and repeated cells are put in order in a copy."""
    data, indices, starts = np.array([1.0, 2.0, 4.0]), np.array([2, 0, 2]), np.array([0, 3])
    given = sparse.csr_array((data, indices, starts), shape=(1, 3))
    np.testing.assert_array_equal(by_rows(given).toarray(), [[2.0, 0.0, 5.0]])
    np.testing.assert_array_equal(by_rows(given).indices, [0, 2])
    np.testing.assert_array_equal(data, [1.0, 2.0, 4.0])
    np.testing.assert_array_equal(indices, [2, 0, 2])


def test_long_indices_are_read():
    """64-bit indices make the same table, and are not changed."""
    given = sparse.csr_array(X[:50])
    given.indices, given.indptr = given.indices.astype(np.int64), given.indptr.astype(np.int64)
    np.testing.assert_array_equal(by_rows(given).toarray(), X[:50])
    assert given.indices.dtype == np.int64
