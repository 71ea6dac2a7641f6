"""Sparse matrices multiply what is followed, from both sides."""

import numpy as np
import pytest
import scipy.sparse

import fallline as fl

TABLE = np.arange(12.0).reshape(3, 4) % 5
MAKERS = [scipy.sparse.csr_matrix, scipy.sparse.csr_array, scipy.sparse.coo_matrix, scipy.sparse.csc_array]
PRODUCTS = [
    (lambda t, M: t @ M, 3),
    (lambda t, M: M @ t, 4),
    (lambda t, M: M.T @ t, 3),
    (lambda t, M: M.dot(np.outer(t, t)).ravel(), 4),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("product", "size"), PRODUCTS)
def test_products_are_compiled_and_right(make, product, size):
    """With vectors and tables, the sparse matrix transposed or not."""
    sparse, x0 = make(TABLE), np.linspace(0.5, 1, size)
    check = fl.minimize(lambda t: np.sum(product(t, sparse) ** 2), x0, max_iterations=0)
    dense = fl.minimize(lambda t: np.sum(product(t, TABLE) ** 2), x0, max_iterations=0)
    assert check.gradient_source == "compiled"
    np.testing.assert_allclose([check.fun, *check.jac], [dense.fun, *dense.jac], rtol=1e-12)
