"""The products of a block's centred columns with each other, each row by its weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.data.blocks import Block
from fallline.data.kernels import WORTH_A_KERNEL
from fallline.data.sparse import scaled
from fallline.data.sparse_kernels import gram_kernel
from fallline.losses.multinomial import rest_of

__all__ = ["centred", "gram", "softmax_gram", "sparse_gram", "square_gram"]

STRIP = 1024
"""Rows that are multiplied at a time, which bounds the memory that their columns, once for each class, take."""


def centred(block: Block, centre: np.ndarray, intercept: bool) -> np.ndarray:
    """Return the block's columns less their `centre`, and one of ones for an `intercept`, shape (m, d or d+1)."""
    columns = block.dense() - centre
    return np.column_stack([columns, np.ones(len(columns))]) if intercept else columns


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
    return square_gram(np.column_stack([block.dense() - centre, others]), weights)


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


def softmax_gram(columns: np.ndarray, weights: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Return the curvature of softmax losses, shape (K·width, K·width), by class, then by column.

    That of two classes is the sum of ``-p_k·p_m`` times the products of a row's columns with each other, so that one
    product of all columns times all chances tells all such at once. Within a class it is ``p·(1 - p)``, which keeps its
    digits where `p` is near to one.

    Parameters
    ----------
    columns : array, shape (m, width)
        Their precision is that of the products.
    weights : array, shape (m,)
    chances : array, shape (m, K)
        Of the classes.

    Examples
    --------
    >>> softmax_gram(np.array([[-1.0], [1.0]]), np.ones(2), np.full((2, 2), 0.5))
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    """
    (rows, width), classes, number = columns.shape, chances.shape[1], columns.dtype
    root = (np.sqrt(weights)[:, None] * chances).astype(number, order="C")
    within = (weights[:, None] * chances * rest_of(chances)).astype(number, order="C")
    across = np.zeros((classes * width, classes * width), number)
    own = np.zeros((classes * width, width), number)
    products = np.empty((min(STRIP, rows), classes, width), number)
    for first in range(0, rows, STRIP):
        strip = slice(first, min(first + STRIP, rows))
        here, times = columns[strip], products[: min(STRIP, rows - first)]
        flat = times.reshape(len(here), -1)
        np.multiply(root[strip, :, None], here[:, None], out=times)
        across -= flat.T @ flat
        np.multiply(within[strip, :, None], here[:, None], out=times)
        own += flat.T @ here
    for k in range(classes):
        place = slice(k * width, (k + 1) * width)
        across[place, place] = own[place]
    return across


def square_gram(columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return ``columns.T @ diag(weights) @ columns`` in the precision of the columns, which are multiplied in place.

    Examples
    --------
    >>> square_gram(np.array([[1.0, 2.0]]), np.array([3.0]))
    array([[ 3.,  6.],
           [ 6., 12.]])
    """
    columns *= np.sqrt(weights).astype(columns.dtype)[:, None]
    return columns.T @ columns


def _products(X: Any, weights: np.ndarray) -> np.ndarray:
    """Return ``X.T @ diag(weights) @ X`` of a sparse table, shape (d, d)."""
    if X.nnz < WORTH_A_KERNEL:
        return (scaled(X, weights).T @ X).toarray()
    return gram_kernel()(X.data, X.indices, X.indptr, weights, X.shape[1])
