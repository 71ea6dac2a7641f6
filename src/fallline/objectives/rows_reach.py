"""How far rows lie from the mean, and by how much a step changes their predictors."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from fallline.data.blocks import Block, Rows
from fallline.data.kernels import compiled
from fallline.data.sparse import is_sparse
from fallline.data.sums import each_block, sum_blocks
from fallline.objectives.rows import RowsObjective

__all__ = ["largest_change", "quick_spreads", "squared_lengths"]


def squared_lengths(rows: Rows, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return each row's squared length in centred columns of unit spread, shape (n,); constant columns do not count.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> squared_lengths(ArrayRows(np.array([[1.0], [3.0]]), np.zeros(2)), np.array([2.0]), np.array([0.5]))
    array([4., 4.])
    """
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0) ** 2

    def lengths(block: Block) -> np.ndarray:
        if block.columns is None:
            return _lengths_kernel()(block.X, centre, scale)
        about = block.X - centre
        return (about * about) @ scale

    return np.concatenate(each_block(rows, lengths))


def quick_spreads(rows: Rows, mean: np.ndarray) -> np.ndarray:
    """Return what `spreads` does of a dense table, each row being read once.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> quick_spreads(ArrayRows(np.array([[1.0, 0.1], [3.0, 0.1]]), np.zeros(2)), np.array([2.0, 0.1]))
    array([1., 0.])
    """

    def squares(block: Block) -> np.ndarray:
        if block.columns is None:
            return _squares_kernel()(block.X, block.weights, mean)
        about = block.X - mean
        return block.weights @ (about * about)

    spread = np.sqrt(sum_blocks(rows, squares) / rows.total)
    return np.where(spread <= 64 * np.finfo(float).eps * np.abs(mean), 0.0, spread)


def largest_change(objective: RowsObjective, step: np.ndarray) -> float:
    """Return the most that a step, shape (size,), changes a row's predictor; of several, their differences.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> rows = ArrayRows(np.array([[1.0], [-3.0]]), np.zeros(2))
    >>> largest_change(RowsObjective(rows, find("logistic", "classification")), np.array([2.0, 1.0]))
    5.0
    """
    w, b = objective.split(step)

    def change(block: Block) -> float:
        if objective.outputs == 1 and block.columns is None and not is_sparse(block.X):
            return float(_change_kernel()(block.X, np.ascontiguousarray(w[0]), float(b[0])))
        z = block.X @ w.T + b
        return float(np.abs(z).max() if objective.outputs == 1 else (z.max(axis=1) - z.min(axis=1)).max())

    return max(each_block(objective.rows, change, objective.threads))


@cache
def _lengths_kernel() -> Callable[..., np.ndarray]:
    def lengths(X: Any, centre: Any, scale: Any) -> Any:
        found = np.empty(len(X))
        for i in range(len(X)):
            row = X[i]
            total = 0.0
            for j in range(len(centre)):
                about = row[j] - centre[j]
                total += about * about * scale[j]
            found[i] = total
        return found

    return compiled(lengths)


@cache
def _squares_kernel() -> Callable[..., np.ndarray]:
    def squares(X: Any, weights: Any, mean: Any) -> Any:
        total = np.zeros(len(mean))
        fours = len(X) // 4 * 4
        for i in range(0, fours, 4):
            x0, x1, x2, x3 = X[i], X[i + 1], X[i + 2], X[i + 3]
            w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
            for j in range(len(mean)):
                a0, a1, a2, a3 = x0[j] - mean[j], x1[j] - mean[j], x2[j] - mean[j], x3[j] - mean[j]
                total[j] += (w0 * a0 * a0 + w1 * a1 * a1) + (w2 * a2 * a2 + w3 * a3 * a3)
        for i in range(fours, len(X)):
            for j in range(len(mean)):
                about = X[i, j] - mean[j]
                total[j] += weights[i] * about * about
        return total

    return compiled(squares)


@cache
def _change_kernel() -> Callable[..., float]:
    def change(X: Any, v: Any, c: float) -> float:
        largest = 0.0
        for i in range(len(X)):
            row = X[i]
            here = c
            for j in range(len(v)):
                here += row[j] * v[j]
            largest = max(largest, abs(here))
        return largest

    return compiled(change)
