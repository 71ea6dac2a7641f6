"""Compiled loops over the cells of a sparse table, each cell read once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from fallline.data.kernels import compiled, whole

__all__ = ["gram_kernel", "moment_kernel", "repeat_kernel"]


@cache
def repeat_kernel() -> Callable[..., bool]:
    """Return ``kernel(indices, starts, columns)``: whether a row has a cell twice."""

    def kernel(indices: Any, starts: Any, columns: int) -> bool:
        last = np.full(columns, -1, np.int64)
        for row in range(len(starts) - 1):
            for k in range(whole(starts[row]), whole(starts[row + 1])):
                j = whole(indices[k])
                if last[j] == row:
                    return True
                last[j] = row
        return False

    return compiled(kernel)


@cache
def moment_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(data, indices, starts, weights, mean)``: sums over the rows for each column, shape (2, columns).

    They are the weighted sums of ``X - mean`` and of its square.
    """

    def kernel(data: Any, indices: Any, starts: Any, weights: Any, mean: Any) -> Any:
        columns, rows = len(mean), len(starts) - 1
        sums = np.zeros((2, columns))
        held, filled = np.zeros(columns), np.zeros(columns, np.int64)
        total = 0.0
        for row in range(rows):
            weight = weights[row]
            total += weight
            for k in range(whole(starts[row]), whole(starts[row + 1])):
                j = whole(indices[k])
                about = data[k] - mean[j]
                sums[0, j] += weight * about
                sums[1, j] += weight * about * about
                held[j] += weight
                filled[j] += 1
        for j in range(columns):
            if filled[j] < rows:
                zeros = max(total - held[j], 0.0)
                sums[0, j] -= mean[j] * zeros
                sums[1, j] += mean[j] * mean[j] * zeros
        return sums

    return compiled(kernel)


@cache
def gram_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(data, indices, starts, weights, columns) -> X.T @ diag(weights) @ X``, shape (columns, columns).

    It costs the square of each row's count of cells.
    """

    def kernel(data: Any, indices: Any, starts: Any, weights: Any, columns: int) -> Any:
        products = np.zeros((columns, columns))
        for row in range(len(starts) - 1):
            first, last = whole(starts[row]), whole(starts[row + 1])
            for k in range(first, last):
                heavy, j = weights[row] * data[k], whole(indices[k])
                for m in range(first, k + 1):
                    # rows need not be in order: the half of the matrix is settled by the columns' numbers
                    i = whole(indices[m])
                    products[max(i, j), min(i, j)] += heavy * data[m]
        for j in range(columns):
            for i in range(j):
                products[i, j] = products[j, i]
        return products

    return compiled(kernel)
