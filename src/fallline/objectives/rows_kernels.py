"""Compiled kernels over a block of rows, each row read once: cost with gradient, curvature, and products with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from fallline.data.kernels import compiled
from fallline.losses import Loss
from fallline.objectives.rows_layouts import Layout, layout_of

__all__ = [
    "bend_kernel",
    "formula",
    "inlined",
    "predict_kernel",
    "product_kernel",
    "pull_kernel",
    "row_kernel",
    "scratch_for",
    "survey_kernel",
    "turn_kernel",
]

Array = np.ndarray

STRIP = 248
"""Rows whose columns are multiplied together: a multiple of eight, but no power of two, or all columns would compete
for the same places of the cache."""


@cache
def row_kernel(loss: type[Loss], layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(parameters, X, y, weights, w, b) -> [cost, *gradient of w, gradient of b]``, a sum over rows.

    Each formula of a loss is compiled once, its parameters being arguments. All sums are in double precision.

    Parameters
    ----------
    loss : Loss class
        Of a single predictor.
    layout : str
        How `X`, shape (m, d), lies in memory, as `layout_of` tells.
    """
    value, derivative = formula(loss.value), formula(loss.derivative)
    strip_of, predict, accumulate = _steps(layout_of(layout))

    def kernel(parameters: Any, X: Any, y: Array, weights: Array, w: Array, b: float) -> Array:
        rows, columns = len(y), len(w)
        total = np.zeros(columns + 2)
        gradient = total[1 : columns + 1]
        strip = strip_of(columns)
        z = np.empty(strip)
        for first in range(0, rows, strip):
            count = min(strip, rows - first)
            predict(X, first, count, w, b, z)
            cost = slope = 0.0
            for i in range(count):
                here, mine, weight = z[i], y[first + i], weights[first + i]
                cost += weight * value(parameters, mine, here)
                z[i] = weight * derivative(parameters, mine, here)
                slope += z[i]
            total[0] += cost
            total[columns + 1] += slope
            accumulate(X, first, count, z, gradient)
        return total

    return compiled(kernel)


@cache
def product_kernel(loss: type[Loss], layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(parameters, X, y, weights, w, b, v, c) -> [*products of w, product of b]``.

    It is the Hessian at ``(w, b)`` times the direction ``(v, c)``, summed over the rows.
    """
    bend = formula(loss.curvature)
    strip_of, predict, accumulate = _steps(layout_of(layout))

    def kernel(parameters: Any, X: Any, y: Array, weights: Array, w: Array, b: float, v: Array, c: float) -> Array:
        rows, columns = len(y), len(w)
        total = np.zeros(columns + 1)
        product = total[:columns]
        strip = strip_of(columns)
        z, change = np.empty(strip), np.empty(strip)
        for first in range(0, rows, strip):
            count = min(strip, rows - first)
            predict(X, first, count, w, b, z)
            predict(X, first, count, v, c, change)
            for i in range(count):
                change[i] *= weights[first + i] * bend(parameters, y[first + i], z[i])
                total[columns] += change[i]
            accumulate(X, first, count, change, product)
        return total

    return compiled(kernel)


@cache
def survey_kernel(loss: type[Loss], layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(parameters, X, y, weights, w, b, centre, scratch) -> cost, gradient and Hessian``, (d+2, d+2).

    The columns are those of ``X - centre``, then ones. Only the lower triangle is meant: the Hessian, shape (d+1, d+1),
    below it the gradient, and last the cost. Columns are multiplied four by four, strip by strip, which keeps the
    processor's registers full whatever their number. `scratch`, from `scratch_for`, holds a strip: what is multiplied
    is of its precision, and strips are summed in double in any case.
    """
    value, derivative, bend = formula(loss.value), formula(loss.derivative), formula(loss.curvature)
    gather, multiply = inlined(layout_of(layout).gather), inlined(_multiply)

    def kernel(
        parameters: Any, X: Any, y: Array, weights: Array, w: Array, b: float, centre: Array, turned: Array
    ) -> Array:
        rows, columns = len(y), len(w)
        padded, strip = turned.shape
        total = np.zeros((padded + 1, padded + 1))
        last = total[padded]
        z, slopes = np.empty(strip), np.empty(strip)
        for j in range(columns):
            b += centre[j] * w[j]
        for first in range(0, rows, strip):
            count = min(strip, rows - first)
            used = (count + 7) // 8 * 8
            if count < used:
                turned[:, count:used] = 0.0
            gather(X, first, count, centre, turned)
            z[:] = b
            for j in range(columns):
                for i in range(count):
                    z[i] += w[j] * turned[j, i]
            cost = slope = 0.0
            for i in range(count):
                here, mine, weight = z[i], y[first + i], weights[first + i]
                cost += weight * value(parameters, mine, here)
                slopes[i] = weight * derivative(parameters, mine, here)
                slope += slopes[i]
                z[i] = np.sqrt(weight * bend(parameters, mine, here))
            last[columns] += slope
            last[columns + 1] += cost
            for j in range(columns):
                slope = 0.0
                for i in range(count):
                    slope += slopes[i] * turned[j, i]
                    turned[j, i] *= z[i]
                last[j] += slope
            # cell by cell: between slices Numba compiles the words of an error, for seconds
            for i in range(count):
                turned[columns, i] = z[i]
            multiply(turned, used, total)
        for j in range(columns + 2):
            total[columns + 1, j] = last[j]
        return total[: columns + 2, : columns + 2]

    return compiled(kernel)


def _multiply(turned: Array, used: int, total: Array) -> None:
    """Add the lower triangle of ``turned @ turned.T``, of the columns `used`; some cells above it get values too."""
    zero = turned.dtype.type(0)
    for j in range(0, len(turned), 4):
        for k in range(0, j + 4, 4):
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = zero
            for i in range(used):
                p, q, r, s = turned[j, i], turned[j + 1, i], turned[j + 2, i], turned[j + 3, i]
                t0, t1, t2, t3 = turned[k, i], turned[k + 1, i], turned[k + 2, i], turned[k + 3, i]
                a0 += p * t0
                a1 += p * t1
                a2 += p * t2
                a3 += p * t3
                b0 += q * t0
                b1 += q * t1
                b2 += q * t2
                b3 += q * t3
                c0 += r * t0
                c1 += r * t1
                c2 += r * t2
                c3 += r * t3
                d0 += s * t0
                d1 += s * t1
                d2 += s * t2
                d3 += s * t3
            total[j, k] += a0
            total[j, k + 1] += a1
            total[j, k + 2] += a2
            total[j, k + 3] += a3
            total[j + 1, k] += b0
            total[j + 1, k + 1] += b1
            total[j + 1, k + 2] += b2
            total[j + 1, k + 3] += b3
            total[j + 2, k] += c0
            total[j + 2, k + 1] += c1
            total[j + 2, k + 2] += c2
            total[j + 2, k + 3] += c3
            total[j + 3, k] += d0
            total[j + 3, k + 1] += d1
            total[j + 3, k + 2] += d2
            total[j + 3, k + 3] += d3


def scratch_for(columns: int, coarse: bool = False) -> Array:
    """Return the scratch that `survey_kernel` works in: in single precision where `coarse`, twice as fast."""
    padded = (columns + 4) // 4 * 4
    return np.zeros((padded, 2 * STRIP) if coarse else (padded, STRIP), np.float32 if coarse else np.float64)


@cache
def turn_kernel(layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(X, bends, v, c) -> [*products of w, product of b]``, the rows' curvatures being given."""
    strip_of, predict, accumulate = _steps(layout_of(layout))

    def kernel(X: Any, bends: Array, v: Array, c: float) -> Array:
        columns = len(v)
        total = np.zeros(columns + 1)
        product = total[:columns]
        strip = strip_of(columns)
        change = np.empty(strip)
        for first in range(0, len(bends), strip):
            count = min(strip, len(bends) - first)
            predict(X, first, count, v, c, change)
            for i in range(count):
                change[i] *= bends[first + i]
                total[columns] += change[i]
            accumulate(X, first, count, change, product)
        return total

    return compiled(kernel)


@cache
def predict_kernel(layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(X, rows, w, b) -> X·w + b``, shape (rows,)."""
    predict = inlined(layout_of(layout).predict)

    def kernel(X: Any, rows: int, w: Array, b: float) -> Array:
        found = np.empty(rows)
        predict(X, 0, rows, w, b, found)
        return found

    return compiled(kernel)


@cache
def pull_kernel(layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(X, slopes, columns) -> [*slopes·X, sum of slopes]``."""
    accumulate = inlined(layout_of(layout).accumulate)

    def kernel(X: Any, slopes: Array, columns: int) -> Array:
        total = np.zeros(columns + 1)
        accumulate(X, 0, len(slopes), slopes, total[:columns])
        for i in range(len(slopes)):
            total[columns] += slopes[i]
        return total

    return compiled(kernel)


@cache
def bend_kernel(loss: type[Loss], layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(parameters, X, y, weights, w, b)``: each row's weight times its curvature."""
    bend = formula(loss.curvature)
    strip_of, predict, _ = _steps(layout_of(layout))

    def kernel(parameters: Any, X: Any, y: Array, weights: Array, w: Array, b: float) -> Array:
        found = np.empty(len(y))
        strip = strip_of(len(w))
        for first in range(0, len(y), strip):
            count = min(strip, len(y) - first)
            z = found[first : first + count]
            predict(X, first, count, w, b, z)
            for i in range(count):
                z[i] = weights[first + i] * bend(parameters, y[first + i], z[i])
        return found

    return compiled(kernel)


def _steps(layout: Layout) -> tuple[Any, Any, Any]:
    return inlined(layout.strip), inlined(layout.predict), inlined(layout.accumulate)


def formula(function: Any) -> Any:
    """Return a loss's formula with NumPy's functions replaced by those that run on several rows at once."""
    from fallline.objectives import rows_math

    return inlined(function, {"np": rows_math})


def inlined(function: Any, instead: Mapping[str, Any] | None = None) -> Any:
    """Return a copy of a function, for kernels, that Numba's cache tells apart by its text, not by where it stands."""
    from numba.extending import register_jitable

    names = function.__code__.co_names
    used = {name: thing for name, thing in function.__globals__.items() if name in names or name == "__name__"}
    copy = FunctionType(function.__code__, used | dict(instead or {}), function.__name__, None, function.__closure__)
    copy.__qualname__ = f"<locals>.{function.__qualname__}"
    return register_jitable(forceinline=True)(copy)
