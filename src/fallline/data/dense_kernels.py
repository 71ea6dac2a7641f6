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

    def kernel(X: Any, weights: Any, pivot: Any, first: Any, second: Any) -> None:
        # four rows at once: the sums are read and written a quarter as often
        fours = len(X) // 4 * 4
        for i in range(0, fours, 4):
            w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
            for j in range(len(pivot)):
                here = pivot[j]
                a0, a1, a2, a3 = X[i, j] - here, X[i + 1, j] - here, X[i + 2, j] - here, X[i + 3, j] - here
                first[j] += (w0 * a0 + w1 * a1) + (w2 * a2 + w3 * a3)
                second[j] += (w0 * a0 * a0 + w1 * a1 * a1) + (w2 * a2 * a2 + w3 * a3 * a3)
        for i in range(fours, len(X)):
            for j in range(len(pivot)):
                about = X[i, j] - pivot[j]
                first[j] += weights[i] * about
                second[j] += weights[i] * about * about

    run = compiled(kernel)

    def moments(X: Any, weights: Any, pivot: Any) -> np.ndarray:
        sums = np.zeros((2, len(pivot)))
        run(X, weights, pivot, sums[0], sums[1])
        return sums

    return moments


@cache
def length_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(X, mean, scale)``: the sums of ``scale·(X - mean)²`` over each row, shape (rows,)."""

    def kernel(X: Any, mean: Any, scale: Any, found: Any) -> None:
        for i in range(len(X)):
            total = 0.0
            for j in range(len(mean)):
                about = X[i, j] - mean[j]
                total += about * about * scale[j]
            found[i] = total

    run = compiled(kernel)

    def lengths(X: Any, mean: Any, scale: Any) -> np.ndarray:
        found = np.empty(len(X))
        run(X, mean, scale, found)
        return found

    return lengths


@cache
def column_moment_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(columns, first, weights, pivot)``: what `dense_moment_kernel` sums, over rows from `first` on."""

    def kernel(columns: Any, first: int, weights: Any, pivot: Any, sums: Any) -> None:
        for j in range(len(pivot)):
            column = columns[j, first : first + len(weights)]
            shift = square = 0.0
            for i in range(len(weights)):
                about = column[i] - pivot[j]
                shift += weights[i] * about
                square += weights[i] * about * about
            sums[0, j], sums[1, j] = shift, square

    run = compiled(kernel)

    def moments(columns: Any, first: int, weights: Any, pivot: Any) -> np.ndarray:
        sums = np.empty((2, len(pivot)))
        run(columns, first, weights, pivot, sums)
        return sums

    return moments


@cache
def column_length_kernel() -> Callable[..., np.ndarray]:
    """Return ``kernel(columns, first, count, mean, scale)``: what `length_kernel` sums, of rows from `first` on."""

    def kernel(columns: Any, first: int, mean: Any, scale: Any, found: Any) -> None:
        for j in range(len(mean)):
            column = columns[j, first : first + len(found)]
            for i in range(len(found)):
                about = column[i] - mean[j]
                found[i] += about * about * scale[j]

    run = compiled(kernel)

    def lengths(columns: Any, first: int, count: int, mean: Any, scale: Any) -> np.ndarray:
        found = np.zeros(count)
        run(columns, first, mean, scale, found)
        return found

    return lengths
