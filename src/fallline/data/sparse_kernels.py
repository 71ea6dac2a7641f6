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

    def kernel(indices: Any, starts: Any, last: Any) -> bool:
        for row in range(len(starts) - 1):
            for k in range(whole(starts[row]), whole(starts[row + 1])):
                j = whole(indices[k])
                if last[j] == row:
                    return True
                last[j] = row
        return False

    run = compiled(kernel)

    def repeats(indices: Any, starts: Any, columns: int) -> bool:
        return run(indices, starts, np.full(columns, -1))

    return repeats


@cache
def moment_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(data, indices, starts, weights, mean)``: sums over the rows for each column, shape (2, columns).

    They are the weighted sums of ``X - mean`` and of its square.
    """

    def kernel(
        data: Any, indices: Any, starts: Any, weights: Any, mean: Any, held: Any, filled: Any, sums: Any
    ) -> None:
        rows, total = len(starts) - 1, 0.0
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
        for j in range(len(mean)):
            if filled[j] < rows:
                zeros = max(total - held[j], 0.0)
                sums[0, j] -= mean[j] * zeros
                sums[1, j] += mean[j] * mean[j] * zeros

    run = compiled(kernel)

    def moments(data: Any, indices: Any, starts: Any, weights: Any, mean: Any) -> np.ndarray:
        sums = np.zeros((2, len(mean)))
        run(data, indices, starts, weights, mean, np.zeros(len(mean)), np.zeros(len(mean), np.int64), sums)
        return sums

    return moments


@cache
def gram_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(data, indices, starts, weights, columns) -> X.T @ diag(weights) @ X``, shape (columns, columns).

    It costs the square of each row's count of cells.
    """

    def kernel(data: Any, indices: Any, starts: Any, weights: Any, products: Any) -> None:
        for row in range(len(starts) - 1):
            first, last = whole(starts[row]), whole(starts[row + 1])
            for k in range(first, last):
                heavy, j = weights[row] * data[k], whole(indices[k])
                for m in range(first, k + 1):
                    # rows need not be in order: the half of the matrix is settled by the columns' numbers
                    i = whole(indices[m])
                    products[max(i, j), min(i, j)] += heavy * data[m]

    run = compiled(kernel)

    def gram(data: Any, indices: Any, starts: Any, weights: Any, columns: int) -> np.ndarray:
        products = np.zeros((columns, columns))
        run(data, indices, starts, weights, products)
        return products + np.tril(products, -1).T

    return gram
