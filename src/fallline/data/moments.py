"""Means and spreads of columns."""

from __future__ import annotations

import numpy as np

from fallline.data.blocks import Block, Rows
from fallline.data.kernels import WORTH_A_KERNEL
from fallline.data.sparse import is_sparse, narrow, with_cells
from fallline.data.sparse_kernels import moment_kernel
from fallline.data.sums import each_block, sum_blocks

__all__ = ["constant_columns", "longest_row", "means", "spreads"]

SAMPLE = 64
"""Rows that settle most columns."""


def means(rows: Rows, threads: int | None = None) -> np.ndarray:
    """Return the weighted mean of each column, shape (d,); not finite where the column holds such a number.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> means(ArrayRows(np.array([[1.0, 7.0], [3.0, 7.0]]), np.zeros(2)))
    array([2., 7.])
    """
    mean = sum_blocks(rows, lambda block: block.weights @ block.X, threads) / rows.total
    if not is_sparse(rows.block(0).X) or not np.isfinite(mean).all():
        return mean
    # sparse sums are formed one cell after the other: what that rounds away is measured about the first result
    return mean + sum_blocks(rows, lambda block: _about(block, mean)[0], threads) / rows.total


def spreads(rows: Rows, mean: np.ndarray, threads: int | None = None) -> np.ndarray:
    """Return the weighted standard deviation of each column, shape (d,); exactly 0 where only rounding is left.

    Parameters
    ----------
    rows : Rows
    mean : array, shape (d,)
        From `means`.
    threads : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> spreads(ArrayRows(np.array([[1.0, 0.1], [3.0, 0.1]]), np.zeros(2)), np.array([2.0, 0.1]))
    array([1., 0.])
    """

    def squares(block: Block) -> np.ndarray:
        if is_sparse(block.X):
            return _about(block, mean)[1]
        about = block.X - mean
        return block.weights @ (about * about)

    spread = np.sqrt(sum_blocks(rows, squares, threads) / rows.total)
    return np.where(spread <= 64 * np.finfo(float).eps * np.abs(mean), 0.0, spread)


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
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)

    def longest(block: Block) -> float:
        if is_sparse(block.X):
            place = block.X.indices
            above = with_cells(block.X, (block.X.data - 2 * mean[place]) * block.X.data)
            squares = above @ scale**2 + (mean * scale) @ (mean * scale)
        else:
            squares = ((block.X - mean) ** 2) @ scale**2
        return float(np.max(squares[block.weights > 0], initial=0.0))

    return float(np.sqrt(max(each_block(rows, longest, threads))))


def _about(block: Block, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted sums over a sparse block of ``X - mean`` and of its square, each of shape (d,)."""
    if block.X.nnz >= WORTH_A_KERNEL:
        first, second = moment_kernel()(block.X.data, block.X.indices, block.X.indptr, block.weights, mean)
        return first, second
    place, weights = block.X.indices, np.repeat(block.weights, np.diff(block.X.indptr))
    difference, columns = block.X.data - mean[place], len(mean)
    full = np.bincount(place, minlength=columns) == len(block.y)
    zeros = np.where(full, 0.0, block.weights.sum() - np.bincount(place, weights, columns))
    first = np.bincount(place, weights * difference, columns) - mean * zeros
    return first, np.bincount(place, weights * difference**2, columns) + mean**2 * np.maximum(zeros, 0.0)


def constant_columns(rows: Rows) -> np.ndarray:
    """Return the numbers of the columns that never vary, looking at all rows of only those that do not over a few.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> constant_columns(ArrayRows(np.array([[1.0, 7.0], [3.0, 7.0]]), np.zeros(2)))
    array([1])
    """
    if rows.count < 2:
        return np.arange(0)
    first = rows.block(0).X
    if is_sparse(first):
        return _constant_sparse(rows)
    some = first[np.linspace(0, len(first) - 1, SAMPLE).astype(int)]
    columns = np.flatnonzero((some == some[0]).all(axis=0))
    for index in range(rows.blocks):
        if columns.size == 0:
            break
        columns = columns[(rows.block(index).X[:, columns] == first[0, columns]).all(axis=0)]
    return columns


def _constant_sparse(rows: Rows) -> np.ndarray:
    parts = [rows.block(index).X for index in range(rows.blocks)]
    columns = narrow(parts[0], 0.0)
    for part in parts[1:]:
        if columns.size == 0:
            break
        columns = np.intersect1d(columns, narrow(part, 0.0), assume_unique=True)
    if columns.size == 0:
        return columns
    low = np.min([part[:, columns].min(axis=0).toarray().ravel() for part in parts], axis=0)
    high = np.max([part[:, columns].max(axis=0).toarray().ravel() for part in parts], axis=0)
    return columns[low == high]
