"""Products of centred columns are the same for dense and for sparse blocks."""

import numpy as np
import pytest
from scipy import sparse

from fallline.data.blocks import Block
from fallline.objectives.rows_gram import gram, sparse_gram


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
