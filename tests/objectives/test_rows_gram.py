"""Products of centred columns are the same for dense and for sparse blocks."""

import numpy as np
import pytest
from scipy import sparse

from fallline.data.blocks import Block
from fallline.objectives.rows_gram import gram, softmax_gram, sparse_gram


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_and_dense_are_the_same(dtype):
    """Centring in the product gives what centring the columns gives."""
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(50, 6)) * (rng.random((50, 6)) < 0.2)).astype(dtype)
    others, weights, centre = rng.normal(size=(50, 2)), rng.uniform(size=50), rng.normal(size=6)
    dense = gram(Block(X, np.zeros(50), weights), others, weights, centre)
    thin = sparse_gram(Block(sparse.csr_array(X), np.zeros(50), weights), others, weights, centre)
    columns = np.column_stack([X - centre, others])
    np.testing.assert_allclose(dense, (columns.T * weights) @ columns, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(thin, dense, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("dtype", "within"), [(np.float32, 1e-4), (np.float64, 1e-12)])
def test_softmax_curvature_is_the_sum_over_rows(dtype, within):
    """Strips and blocks put together give each row's ``diag(p) - p·pᵀ`` times the products of its columns."""
    rng = np.random.default_rng(0)
    columns, weights = rng.normal(size=(700, 3)), rng.uniform(size=700)
    chances = rng.dirichlet(np.ones(4), size=700)
    bends = weights[:, None, None] * (np.eye(4) * chances[:, None] - chances[:, :, None] * chances[:, None])
    wanted = np.einsum("nkm,ni,nj->kimj", bends, columns, columns).reshape(12, 12)
    found = softmax_gram(columns.astype(dtype), weights, chances)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, rtol=within, atol=within * np.abs(wanted).max())


def test_curvature_within_a_class_keeps_its_digits():
    """Where a chance is one but for 1e-12, ``p - p²`` in single precision would be nothing at all."""
    found = softmax_gram(np.ones((1, 1), np.float32), np.ones(1), np.array([[1 - 1e-12, 1e-12]]))
    np.testing.assert_allclose(np.diag(found), 1e-12, rtol=1e-3)
