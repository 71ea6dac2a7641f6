"""Means and spreads of columns, and how far rows lie from the mean."""

from __future__ import annotations

import numpy as np

from fallline.data.blocks import Block, Rows
from fallline.data.dense_kernels import column_length_kernel, column_moment_kernel, dense_moment_kernel, length_kernel
from fallline.data.kernels import WORTH_A_KERNEL
from fallline.data.sparse import is_sparse, with_cells
from fallline.data.sparse_kernels import moment_kernel
from fallline.data.sums import each_block, sum_blocks

__all__ = ["constant_columns", "longest_row", "moments", "squared_lengths"]

LIGHT = 1e-6
"""Share of the weights up to which the first rows may lie too far from the mean to be reckoned from."""


def moments(rows: Rows, threads: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean and standard deviation of each column, each of shape (d,).

    They are not finite where the column holds such a number; the deviation is exactly 0 where only rounding is left.
    One pass over the rows, summed about the mean of the first block: with a share `s` of the weights that is within
    ``√((1 - s)/s)`` deviations of the mean, so that the squares keep their digits. Where the share is too light for
    that, a pass before finds the mean.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> moments(ArrayRows(np.array([[1.0, 0.1], [3.0, 0.1]]), np.zeros(2)))
    (array([2. , 0.1]), array([1., 0.]))
    """
    first = rows.block(0)
    share = float(first.weights.sum())
    if is_sparse(first.X) or share <= LIGHT * rows.total:
        # sparse sums are formed one cell after the other: what that rounds away is measured about the first result
        pivot = sum_blocks(rows, lambda block: block.weights @ block.X, threads) / rows.total
    else:
        pivot = first.weights @ first.X / share
    if not np.isfinite(pivot).all():
        return pivot, pivot
    shift, squares = sum_blocks(rows, lambda block: _about(block, pivot), threads) / rows.total
    mean = pivot + shift if rows.blocks > 1 or is_sparse(first.X) else pivot
    spread = np.sqrt(np.maximum(squares - shift**2, 0.0))
    return mean, np.where(spread <= 64 * np.finfo(float).eps * np.abs(mean), 0.0, spread)


def longest_row(rows: Rows, mean: np.ndarray, spread: np.ndarray, threads: int | None = None) -> float:
    """Return the largest 2-norm of a row of positive weight, in columns centred and divided by their spread.

    Constant columns do not count.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> longest_row(ArrayRows(np.array([[1.0], [3.0], [5.0]]), np.zeros(3)), np.array([3.0]), np.array([0.5]))
    4.0
    """
    squares, weights = squared_lengths(rows, mean, spread, threads), rows.targets()[1]
    return float(np.sqrt(np.max(squares if weights is None else squares[weights > 0], initial=0.0)))


def squared_lengths(rows: Rows, mean: np.ndarray, spread: np.ndarray, threads: int | None = None) -> np.ndarray:
    """Return the square of each row's length in such columns, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> squared_lengths(ArrayRows(np.array([[1.0], [3.0]]), np.zeros(2)), np.array([2.0]), np.array([0.5]))
    array([4., 4.])
    """
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0) ** 2

    def lengths(block: Block) -> np.ndarray:
        if is_sparse(block.X):
            place = block.X.indices
            above = with_cells(block.X, (block.X.data - 2 * mean[place]) * block.X.data)
            return above @ scale + (mean * scale) @ mean
        if block.X.size < WORTH_A_KERNEL:
            return (block.X - mean) ** 2 @ scale
        if block.columns is None:
            return length_kernel()(block.X, mean, scale)
        return column_length_kernel()(block.columns, block.first, len(block.y), mean, scale)

    return np.concatenate(each_block(rows, lengths, threads))


def _about(block: Block, pivot: np.ndarray) -> np.ndarray:
    """Return the weighted sums over a block of ``X - pivot`` and of its square, shape (2, d)."""
    if is_sparse(block.X):
        return _sparse_about(block, pivot)
    if block.X.size < WORTH_A_KERNEL:
        about = block.X - pivot
        return np.stack([block.weights @ about, block.weights @ (about * about)])
    if block.columns is None:
        return dense_moment_kernel()(block.X, block.weights, pivot)
    return column_moment_kernel()(block.columns, block.first, block.weights, pivot)


def _sparse_about(block: Block, pivot: np.ndarray) -> np.ndarray:
    if block.X.nnz >= WORTH_A_KERNEL:
        return moment_kernel()(block.X.data, block.X.indices, block.X.indptr, block.weights, pivot)
    place, weights = block.X.indices, np.repeat(block.weights, np.diff(block.X.indptr))
    difference, columns = block.X.data - pivot[place], len(pivot)
    full = np.bincount(place, minlength=columns) == len(block.y)
    zeros = np.where(full, 0.0, block.weights.sum() - np.bincount(place, weights, columns))
    first = np.bincount(place, weights * difference, columns) - pivot * zeros
    return np.stack([first, np.bincount(place, weights * difference**2, columns) + pivot**2 * np.maximum(zeros, 0.0)])


def constant_columns(rows: Rows, spread: np.ndarray) -> np.ndarray:
    """Return the numbers of the columns that never vary; only those whose `spread`, shape (d,), is 0 are looked at.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> constant_columns(ArrayRows(np.array([[1.0, 7.0], [3.0, 7.0]]), np.zeros(2)), np.array([1.0, 0.0]))
    array([1])
    """
    columns = np.flatnonzero(spread == 0)
    if rows.count < 2 or not columns.size:
        return np.arange(0)
    if is_sparse(rows.block(0).X):
        parts = [rows.block(index).X[:, columns] for index in range(rows.blocks)]
        low = np.min([part.min(axis=0).toarray().ravel() for part in parts], axis=0)
        high = np.max([part.max(axis=0).toarray().ravel() for part in parts], axis=0)
        return columns[low == high]
    value = rows.block(0).X[0]
    for index in range(rows.blocks):
        columns = columns[(rows.block(index).X[:, columns] == value[columns]).all(axis=0)]
    return columns
