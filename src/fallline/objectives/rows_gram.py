"""The products of a block's centred columns with each other, each row by its weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.data.blocks import Block
from fallline.data.kernels import WORTH_A_KERNEL
from fallline.data.sparse import scaled
from fallline.data.sparse_kernels import gram_kernel

__all__ = ["gram", "sparse_gram"]


def gram(block: Block, others: np.ndarray, weights: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return ``A.T @ diag(weights) @ A`` where the columns of A are those of ``X - centre``, then `others`.

    Parameters
    ----------
    block : Block
    others : array, shape (m, k)
    weights : array, shape (m,)
    centre : array, shape (d,)

    Examples
    --------
    >>> block = Block(np.array([[1.0], [3.0]]), np.zeros(2), np.ones(2))
    >>> gram(block, np.ones((2, 1)), np.ones(2), np.array([2.0]))
    array([[2., 0.],
           [0., 2.]])
    """
    columns = np.column_stack([block.dense() - centre, others])
    return (columns * weights[:, None]).T @ columns


def sparse_gram(block: Block, others: np.ndarray, weights: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return the same of a sparse block, whose columns are centred in the product: none is made dense.

    A column of more non-zero cells than zeros that hardly varies loses digits by it.

    Examples
    --------
    >>> import scipy.sparse
    >>> block = Block(scipy.sparse.csr_array([[0.0], [4.0]]), np.zeros(2), np.ones(2))
    >>> sparse_gram(block, np.ones((2, 1)), np.ones(2), np.array([2.0]))
    array([[8., 0.],
           [0., 2.]])
    """
    columns = block.X.shape[1]
    total = np.empty((columns + others.shape[1], columns + others.shape[1]))
    sums, across = weights @ block.X, block.X.T @ (others * weights[:, None])
    total[:columns, :columns] = _products(block.X, weights)
    total[:columns, :columns] -= np.outer(sums, centre) + np.outer(centre, sums - weights.sum() * centre)
    total[:columns, columns:] = across - np.outer(centre, weights @ others)
    total[columns:, :columns] = total[:columns, columns:].T
    total[columns:, columns:] = (others * weights[:, None]).T @ others
    return total


def _products(X: Any, weights: np.ndarray) -> np.ndarray:
    """Return ``X.T @ diag(weights) @ X`` of a sparse table, shape (d, d)."""
    if X.nnz < WORTH_A_KERNEL:
        return (scaled(X, weights).T @ X).toarray()
    return gram_kernel()(X.data, X.indices, X.indptr, weights, X.shape[1])
