"""Compiled loops over sparse cells give what NumPy gives."""

import numpy as np
import pytest
from scipy import sparse

from fallline.data.sparse_kernels import gram_kernel, moment_kernel, repeat_kernel


def table(dtype=np.float64, index=np.int32):
    rng = np.random.default_rng(0)
    X = sparse.csr_array((rng.normal(size=(60, 7)) * (rng.random((60, 7)) < 0.3)).astype(dtype))
    X.indices, X.indptr = X.indices.astype(index), X.indptr.astype(index)
    return X


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_and_moments_are_numpys(dtype, index):
    """Weighted products of the columns and sums about the mean, whatever the cells and indices."""
    X, weights = table(dtype, index), np.random.default_rng(1).random(60)
    dense = X.toarray().astype(float)
    products = gram_kernel()(X.data, X.indices, X.indptr, weights, 7)
    np.testing.assert_allclose(products, (dense.T * weights) @ dense, rtol=1e-12)
    mean = dense.mean(axis=0)
    first, second = moment_kernel()(X.data, X.indices, X.indptr, weights, mean)
    np.testing.assert_allclose(first, weights @ (dense - mean), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(second, weights @ (dense - mean) ** 2, rtol=1e-12)


def test_rows_need_be_in_no_order():
    """Turning each row round changes no product."""
    X = table()
    turned = X[:, ::-1].copy()
    turned.indices = 6 - turned.indices
    products = [gram_kernel()(part.data, part.indices, part.indptr, np.ones(60), 7) for part in (X, turned)]
    np.testing.assert_allclose(*products, rtol=1e-13)


def test_cells_twice_are_seen():
    """A cell is twice where its row has it twice, not where two rows have the column."""
    starts = np.array([0, 2, 4], np.int32)
    assert not repeat_kernel()(np.array([2, 0, 2, 0], np.int32), starts, 3)
    assert repeat_kernel()(np.array([2, 0, 1, 1], np.int32), starts, 3)
