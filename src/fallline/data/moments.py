"""Means and spreads of columns, in two passes over the rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fallline.data.blocks import Block, Rows
from fallline.data.sums import sum_blocks

__all__ = ["Moments", "moments"]


class Moments(NamedTuple):
    """Weighted `mean` and standard deviation `spread` of each column, shape (d,); a constant one's is exactly 0."""

    mean: np.ndarray
    spread: np.ndarray


def moments(rows: Rows, threads: int | None = None) -> Moments:
    """Return the columns' moments.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> moments(ArrayRows(np.array([[1.0, 7.0], [3.0, 7.0]]), np.zeros(2)))
    Moments(mean=array([2., 7.]), spread=array([1., 0.]))
    """
    # about a row of the table, so that large offsets cost no digits and a constant column gives exact zeros
    start = rows.block(0).X[0].astype(np.float64)
    mean = start + sum_blocks(rows, lambda block: block.weights @ (block.X - start), threads) / rows.total

    def squares(block: Block) -> np.ndarray:
        about = block.X - mean
        return block.weights @ (about * about)

    return Moments(mean, np.sqrt(sum_blocks(rows, squares, threads) / rows.total))
