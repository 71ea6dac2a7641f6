"""Compiled loops over the cells of a dense table, by rows or by columns, each cell read once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from fallline.data.kernels import compiled

__all__ = ["column_length_kernel", "column_moment_kernel", "dense_moment_kernel", "length_kernel"]


@cache
def dense_moment_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(X, weights, pivot)``: weighted sums of ``X - pivot`` and of its square, shape (2, columns)."""

    def kernel(X: Any, weights: Any, pivot: Any) -> Any:
        sums = np.zeros((2, len(pivot)))
        first, second = sums[0], sums[1]
        # four rows at once: the sums are read and written a quarter as often
        fours = len(X) // 4 * 4
        for i in range(0, fours, 4):
            x0, x1, x2, x3 = X[i], X[i + 1], X[i + 2], X[i + 3]
            w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
            for j in range(len(pivot)):
                a0, a1, a2, a3 = x0[j] - pivot[j], x1[j] - pivot[j], x2[j] - pivot[j], x3[j] - pivot[j]
                first[j] += (w0 * a0 + w1 * a1) + (w2 * a2 + w3 * a3)
                second[j] += (w0 * a0 * a0 + w1 * a1 * a1) + (w2 * a2 * a2 + w3 * a3 * a3)
        for i in range(fours, len(X)):
            for j in range(len(pivot)):
                about = X[i, j] - pivot[j]
                first[j] += weights[i] * about
                second[j] += weights[i] * about * about
        return sums

    return compiled(kernel)


@cache
def length_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(X, mean, scale)``: the sums of ``scale·(X - mean)²`` over each row, shape (rows,)."""

    def kernel(X: Any, mean: Any, scale: Any) -> Any:
        found = np.empty(len(X))
        for i in range(len(X)):
            row = X[i]
            total = 0.0
            for j in range(len(mean)):
                about = row[j] - mean[j]
                total += about * about * scale[j]
            found[i] = total
        return found

    return compiled(kernel)


@cache
def column_moment_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(columns, first, weights, pivot)``: what `dense_moment_kernel` sums, over rows from `first` on."""

    def kernel(columns: Any, first: int, weights: Any, pivot: Any) -> Any:
        sums = np.zeros((2, len(pivot)))
        for j in range(len(pivot)):
            column = columns[j, first : first + len(weights)]
            shift = square = 0.0
            for i in range(len(weights)):
                about = column[i] - pivot[j]
                shift += weights[i] * about
                square += weights[i] * about * about
            sums[0, j], sums[1, j] = shift, square
        return sums

    return compiled(kernel)


@cache
def column_length_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(columns, first, count, mean, scale)``: what `length_kernel` sums, of rows from `first` on."""

    def kernel(columns: Any, first: int, count: int, mean: Any, scale: Any) -> Any:
        found = np.zeros(count)
        for j in range(len(mean)):
            column = columns[j, first : first + count]
            for i in range(count):
                about = column[i] - mean[j]
                found[i] += about * about * scale[j]
        return found

    return compiled(kernel)
