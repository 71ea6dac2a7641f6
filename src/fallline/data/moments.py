"""Means and spreads of columns."""

from __future__ import annotations

import numpy as np

from fallline.data.blocks import Block, Rows
from fallline.data.sums import each_block, sum_blocks

__all__ = ["longest_row", "means", "spreads"]


def means(rows: Rows, threads: int | None = None) -> np.ndarray:
    """Return the weighted mean of each column, shape (d,); not finite where the column holds such a number.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> means(ArrayRows(np.array([[1.0, 7.0], [3.0, 7.0]]), np.zeros(2)))
    array([2., 7.])
    """
    return sum_blocks(rows, lambda block: block.weights @ block.X, threads) / rows.total


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
        squares = ((block.X - mean) ** 2) @ scale**2
        return float(np.max(squares[block.weights > 0], initial=0.0))

    return float(np.sqrt(max(each_block(rows, longest, threads))))
