"""Compiled kernels: cost and gradient of a block of rows, each row read once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from fallline.losses import Loss

__all__ = ["row_kernel"]

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
    from numba.extending import register_jitable

    value, derivative = (register_jitable(_own(formula)) for formula in (loss.value, loss.derivative))
    predict, accumulate = (_by_row if order == "C" else _by_column)()
    strip = STRIP[order]

    def kernel(X, y, weights, w, b):
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


def _by_row() -> tuple[Callable[..., Any], Callable[..., Any]]:
    from numba.extending import register_jitable

    @register_jitable
    def predict(X, first, last, w, b, z):
        for i in range(first, last):
            here = 0.0
            for j in range(X.shape[1]):
                here += X[i, j] * w[j]
            z[i - first] = here + b

    @register_jitable
    def accumulate(X, first, last, r, gradient):
        for i in range(first, last):
            for j in range(X.shape[1]):
                gradient[j] += r[i - first] * X[i, j]

    return predict, accumulate


def _by_column() -> tuple[Callable[..., Any], Callable[..., Any]]:
    from numba.extending import register_jitable

    @register_jitable
    def predict(X, first, last, w, b, z):
        for i in range(first, last):
            z[i - first] = b
        for j in range(X.shape[1]):
            for i in range(first, last):
                z[i - first] += X[i, j] * w[j]

    @register_jitable
    def accumulate(X, first, last, r, gradient):
        for j in range(X.shape[1]):
            here = 0.0
            for i in range(first, last):
                here += r[i - first] * X[i, j]
            gradient[j] += here

    return predict, accumulate


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
