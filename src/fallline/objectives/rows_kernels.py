"""Compiled kernels over a block of rows, each row read once: cost with gradient, and curvature."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from fallline.losses import Loss

__all__ = ["curvature_kernel", "row_kernel"]

Array = np.ndarray

STRIP = {"C": 64, "F": 1024}
"""Rows handled together: few enough to stay in a near cache between the two uses of a row, enough for long reads."""

FAST = {"reassoc", "contract", "nsz"}
"""Sums may be reordered for speed; nan and infinity keep their meaning, which a diverging run needs."""


@cache
def row_kernel(loss: type[Loss], order: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(X, y, weights, w, b) -> [cost, *gradient of w, gradient of b]``, a weighted sum over rows.

    Parameters
    ----------
    loss : Loss class
        Of a single predictor.
    order : {"C", "F"}
        How `X`, shape (m, d), lies in memory.
    """
    value, derivative = _inlined(_own(loss.value)), _inlined(_own(loss.derivative))
    predict, accumulate = _predict(order), _accumulate(order)
    strip = STRIP[order]

    def kernel(X: Array, y: Array, weights: Array, w: Array, b: float) -> Array:
        rows, columns = X.shape
        total = np.zeros(columns + 2)
        gradient = total[1 : columns + 1]
        z = np.empty(strip)
        for first in range(0, rows, strip):
            last = min(first + strip, rows)
            predict(X, first, last, w, b, z)
            for i in range(first, last):
                here, weight = z[i - first], weights[i]
                total[0] += weight * value(y[i], here)
                z[i - first] = weight * derivative(y[i], here)
                total[columns + 1] += z[i - first]
            accumulate(X, first, last, z, gradient)
        return total

    return _compiled(kernel)


@cache
def curvature_kernel(loss: type[Loss], order: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(X, y, weights, w, b, centre) -> A.T @ diag(weights·curvature) @ A``.

    The columns of A are those of ``X - centre``, ones, and ``derivative/curvature``, so that the last row of the
    product is the gradient in centred columns. Only its lower triangle, shape (d+2, d+2), is meant. Columns are
    multiplied two by four, strip by strip, which keeps the processor's registers full whatever their number.
    """
    bend, derivative = _inlined(_own(loss.curvature)), _inlined(_own(loss.derivative))
    predict, gather = _predict(order), _gather(order)
    strip = STRIP["C"]

    def kernel(X: Array, y: Array, weights: Array, w: Array, b: float, centre: Array) -> Array:
        rows, columns = X.shape
        padded = (columns + 5) // 4 * 4
        total, turned = np.zeros((padded, padded)), np.zeros((padded, strip))
        z = np.empty(strip)
        for first in range(0, rows, strip):
            last = min(first + strip, rows)
            if last - first < strip:
                turned[:] = 0.0
            predict(X, first, last, w, b, z)
            for i in range(first, last):
                here, weight = z[i - first], weights[i]
                root = np.sqrt(weight * bend(y[i], here))
                z[i - first] = turned[columns, i - first] = root
                turned[columns + 1, i - first] = weight * derivative(y[i], here) / root if root > 0 else 0.0
            gather(X, first, last, centre, z, turned)
            for j in range(0, padded, 2):
                for k in range(0, j + 2, 4):
                    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = 0.0
                    for i in range(strip):
                        p, q = turned[j, i], turned[j + 1, i]
                        r0, r1, r2, r3 = turned[k, i], turned[k + 1, i], turned[k + 2, i], turned[k + 3, i]
                        a0 += p * r0
                        a1 += p * r1
                        a2 += p * r2
                        a3 += p * r3
                        b0 += q * r0
                        b1 += q * r1
                        b2 += q * r2
                        b3 += q * r3
                    total[j, k] += a0
                    total[j, k + 1] += a1
                    total[j, k + 2] += a2
                    total[j, k + 3] += a3
                    total[j + 1, k] += b0
                    total[j + 1, k + 1] += b1
                    total[j + 1, k + 2] += b2
                    total[j + 1, k + 3] += b3
        return total[: columns + 2, : columns + 2]

    return _compiled(kernel)


def _predict(order: str) -> Callable[..., Any]:
    def by_row(X: Array, first: int, last: int, w: Array, b: float, z: Array) -> None:
        for i in range(first, last):
            here = 0.0
            for j in range(X.shape[1]):
                here += X[i, j] * w[j]
            z[i - first] = here + b

    def by_column(X: Array, first: int, last: int, w: Array, b: float, z: Array) -> None:
        for i in range(first, last):
            z[i - first] = b
        for j in range(X.shape[1]):
            for i in range(first, last):
                z[i - first] += X[i, j] * w[j]

    return _inlined(by_row if order == "C" else by_column)


def _accumulate(order: str) -> Callable[..., Any]:
    def by_row(X: Array, first: int, last: int, r: Array, gradient: Array) -> None:
        for i in range(first, last):
            for j in range(X.shape[1]):
                gradient[j] += r[i - first] * X[i, j]

    def by_column(X: Array, first: int, last: int, r: Array, gradient: Array) -> None:
        for j in range(X.shape[1]):
            here = 0.0
            for i in range(first, last):
                here += r[i - first] * X[i, j]
            gradient[j] += here

    return _inlined(by_row if order == "C" else by_column)


def _gather(order: str) -> Callable[..., Any]:
    def by_row(X: Array, first: int, last: int, centre: Array, root: Array, turned: Array) -> None:
        for i in range(first, last):
            for j in range(X.shape[1]):
                turned[j, i - first] = (X[i, j] - centre[j]) * root[i - first]

    def by_column(X: Array, first: int, last: int, centre: Array, root: Array, turned: Array) -> None:
        for j in range(X.shape[1]):
            for i in range(first, last):
                turned[j, i - first] = (X[i, j] - centre[j]) * root[i - first]

    return _inlined(by_row if order == "C" else by_column)


def _inlined(function: Any) -> Any:
    from numba.extending import register_jitable

    return register_jitable(function)


def _own(formula: Any) -> Any:
    """Return a copy of a formula that Numba's cache tells apart by what it computes, not by where it stands."""
    copy = FunctionType(formula.__code__, {"np": np}, formula.__name__)
    copy.__qualname__ = f"<locals>.{formula.__qualname__}"
    return copy


def _compiled(kernel: Any) -> Any:
    import numba

    settings: dict[str, Any] = {"nogil": True, "fastmath": FAST}
    try:
        return numba.njit(cache=True, **settings)(kernel)
    except RuntimeError:  # no folder to keep the machine code in: compile it anew in each process
        return numba.njit(**settings)(kernel)
