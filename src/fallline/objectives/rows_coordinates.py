"""The minimum of a quadratic over rows with absolute values, coefficient by coefficient, no Hessian being formed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from fallline.data.columns import by_columns
from fallline.data.kernels import compiled, whole
from fallline.data.sparse import is_sparse
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_kernels import inlined

__all__ = ["descend_coordinates"]

Array = np.ndarray

ROUNDS = 100
"""Rounds over the coefficients, at most."""

ENOUGH = 1e-4
"""Of the first round's largest fall, the share at which a round is the last."""


def descend_coordinates(
    objective: RowsObjective, bends: np.ndarray, gradient: np.ndarray, strength: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Return about where the cost's quadratic at `x`, with the absolute values as they are, is least, shape (size,).

    One coefficient after the other moves to where it is best, the intercept following each exactly, for some rounds.

    Parameters
    ----------
    objective : RowsObjective
        Of one output, over a table in memory.
    bends : array, shape (n,)
        Each row's weight times curvature at the point.
    gradient, strength, x : array, shape (size,)
        The gradient at the point; the strengths of the absolute values, at least 0; the point.

    References
    ----------
    G. Yuan, C.-H. Ho and C.-J. Lin, "An improved GLMNET for l1-regularized logistic regression", 2012, section 4; the
    intercept is eliminated by columns centred in the weights of the curvature.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> rows = ArrayRows(np.array([[1.0], [-1.0]]), np.array([3.0, -3.0]))
    >>> objective = RowsObjective(rows, find("squared", "regression"))
    >>> x = np.zeros(2)
    >>> gradient = objective.value_and_gradient(x)[1]
    >>> descend_coordinates(objective, np.ones(2), gradient, np.array([1.0, 0.0]), x)
    array([2., 0.])
    """
    count = objective.coefficients
    bends = bends / objective.total
    squares = np.zeros(count) if objective.ridge is None else objective.ridge.strength
    table = by_columns(objective.rows)
    name = "sparse" if is_sparse(table) else "columns"
    X = (table.data, table.indices, table.indptr) if name == "sparse" else table
    level = float(gradient[-1]) if objective.intercept else 0.0
    moved, shift = _kernel(name)(
        X, bends, gradient[:count], level, objective.intercept, strength[:count], squares, x[:count], ROUNDS, ENOUGH
    )
    return x + (np.append(moved, shift) if objective.intercept else moved)


@cache
def _kernel(layout: str) -> Callable[..., tuple[Array, float]]:
    """Return the kernel for a table by ``"columns"`` or a ``"sparse"`` one."""
    dot, add, sums = (inlined(function) for function in LAYOUTS[layout])

    def kernel(
        X: Any,
        bends: Array,
        slope: Array,
        level: float,
        intercept: bool,
        strength: Array,
        squares: Array,
        x: Array,
        epochs: int,
        enough: float,
    ) -> tuple[Array, float]:
        columns, total = len(slope), 0.0
        for i in range(len(bends)):
            total += bends[i]
        bend, offset = np.empty(columns), np.zeros(columns)
        for j in range(columns):
            first, second = sums(X, j, bends)
            if intercept:
                offset[j] = first
                second -= first * first / total
            bend[j] = max(second, 0.0) + squares[j]
        moved, turned = np.zeros(columns), np.zeros(len(bends))
        # the intercept is at its best at any time
        shift = -level / total if intercept else 0.0
        start, seed = 0.0, np.uint64(1)
        order = np.arange(columns)
        for _ in range(epochs):
            largest = 0.0
            for place in range(columns - 1, -1, -1):
                # a new order each round: in a fixed one columns much alike hold each other back
                seed = seed * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                other = int((seed >> np.uint64(33)) % np.uint64(place + 1))
                j = order[other]
                order[other], order[place] = order[place], j
                if bend[j] <= 0.0:
                    continue
                here = x[j] + moved[j]
                steep = slope[j] + squares[j] * moved[j] + dot(X, j, turned) + shift * offset[j]
                free = here - steep / bend[j]
                there = np.sign(free) * max(abs(free) - strength[j] / bend[j], 0.0)
                step = there - here
                if step != 0.0:
                    moved[j] += step
                    add(X, j, step, bends, turned)
                    shift -= step * offset[j] / total
                    largest = max(largest, step * step * bend[j])
            start = max(start, largest)
            if largest <= enough * start:
                break
        return moved, shift

    return compiled(kernel)


def _dot_columns(X: Any, j: int, r: Array) -> float:
    column = X[j]
    total = 0.0
    for i in range(len(r)):
        total += column[i] * r[i]
    return total


def _add_columns(X: Any, j: int, step: float, bends: Array, r: Array) -> None:
    column = X[j]
    for i in range(len(r)):
        r[i] += step * bends[i] * column[i]


def _sums_columns(X: Any, j: int, bends: Array) -> tuple[float, float]:
    column = X[j]
    first = second = 0.0
    for i in range(len(bends)):
        first += bends[i] * column[i]
        second += bends[i] * column[i] * column[i]
    return first, second


def _dot_sparse(X: Any, j: int, r: Array) -> float:
    data, indices, starts = X
    total = 0.0
    for k in range(whole(starts[j]), whole(starts[j + 1])):
        total += data[k] * r[whole(indices[k])]
    return total


def _add_sparse(X: Any, j: int, step: float, bends: Array, r: Array) -> None:
    data, indices, starts = X
    for k in range(whole(starts[j]), whole(starts[j + 1])):
        i = whole(indices[k])
        r[i] += step * bends[i] * data[k]


def _sums_sparse(X: Any, j: int, bends: Array) -> tuple[float, float]:
    data, indices, starts = X
    first = second = 0.0
    for k in range(whole(starts[j]), whole(starts[j + 1])):
        heavy = bends[whole(indices[k])] * data[k]
        first += heavy
        second += heavy * data[k]
    return first, second


LAYOUTS = {
    "columns": (_dot_columns, _add_columns, _sums_columns),
    "sparse": (_dot_sparse, _add_sparse, _sums_sparse),
}
