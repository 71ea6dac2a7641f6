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
    strip_of, predict, accumulate = _steps(layout)

    def kernel(
        parameters: Any, X: Any, y: Array, weights: Array, w: Array, b: float, z: Array, ends: Array, gradient: Array
    ) -> None:
        for first in range(0, len(y), len(z)):
            count = min(len(z), len(y) - first)
            predict(X, first, count, w, b, z)
            cost = slope = 0.0
            for i in range(count):
                here, mine, weight = z[i], y[first + i], weights[first + i]
                cost += weight * value(parameters, mine, here)
                z[i] = weight * derivative(parameters, mine, here)
                slope += z[i]
            ends[0] += cost
            ends[1] += slope
            accumulate(X, first, count, z, gradient)

    run = compiled(kernel)

    def sums(parameters: Any, X: Any, y: Array, weights: Array, w: Array, b: float) -> Array:
        total, ends = np.zeros(len(w) + 2), np.zeros(2)
        run(parameters, X, y, weights, w, b, np.empty(strip_of(len(w))), ends, total[1:-1])
        total[0], total[-1] = ends
        return total

    return sums


@cache
def product_kernel(loss: type[Loss], layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(parameters, X, y, weights, w, b, v, c) -> [*products of w, product of b]``.

    It is the Hessian at ``(w, b)`` times the direction ``(v, c)``, summed over the rows.
    """
    bend = formula(loss.curvature)
    strip_of, predict, accumulate = _steps(layout)

    def kernel(
        parameters: Any,
        X: Any,
        y: Array,
        weights: Array,
        w: Array,
        b: float,
        v: Array,
        c: float,
        z: Array,
        change: Array,
        product: Array,
    ) -> float:
        total = 0.0
        for first in range(0, len(y), len(z)):
            count = min(len(z), len(y) - first)
            predict(X, first, count, w, b, z)
            predict(X, first, count, v, c, change)
            for i in range(count):
                change[i] *= weights[first + i] * bend(parameters, y[first + i], z[i])
                total += change[i]
            accumulate(X, first, count, change, product)
        return total

    run = compiled(kernel)

    def products(parameters: Any, X: Any, y: Array, weights: Array, w: Array, b: float, v: Array, c: float) -> Array:
        strip, total = strip_of(len(w)), np.zeros(len(w) + 1)
        total[-1] = run(parameters, X, y, weights, w, b, v, c, np.empty(strip), np.empty(strip), total[:-1])
        return total

    return products


@cache
def survey_kernel(loss: type[Loss], layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(parameters, X, y, weights, w, b, centre, scratch) -> cost, gradient and Hessian``, (d+2, d+2).

    The columns are those of ``X - centre``, then ones. Only the lower triangle is meant: the Hessian, shape (d+1, d+1),
    below it the gradient, and last the cost. Columns are multiplied four by four, strip by strip, which keeps the
    processor's registers full whatever their number. `scratch`, from `scratch_for`, holds a strip: what is multiplied
    is of its precision, and strips are summed in double in any case.
    """
    run = compiled(_survey_of(loss, layout_of(layout)))

    def survey(
        parameters: Any, X: Any, y: Array, weights: Array, w: Array, b: float, centre: Array, turned: Array
    ) -> Array:
        columns, (padded, strip) = len(w), turned.shape
        total, z, slopes = np.zeros((padded + 1, padded + 1)), np.empty(strip), np.empty(strip)
        last = np.zeros(columns + 2)
        run(parameters, X, y, weights, w, float(b + centre @ w), centre, turned, z, slopes, last, total)
        total[columns + 1, : columns + 2] = last
        return total[: columns + 2, : columns + 2]

    return survey


def _survey_of(loss: type[Loss], layout: Layout) -> Any:
    """Return the loop over the rows, to be compiled, which adds to `last` and `total`, `z` and `slopes` being scratch.

    Cell by cell: for slices Numba compiles checks of their shapes, and arrays of its own, for a second.
    """
    value, derivative, bend = formula(loss.value), formula(loss.derivative), formula(loss.curvature)
    gather, multiply = inlined(layout.gather), inlined(_multiply)

    def kernel(
        parameters: Any,
        X: Any,
        y: Array,
        weights: Array,
        w: Array,
        b: float,
        centre: Array,
        turned: Array,
        z: Array,
        slopes: Array,
        last: Array,
        total: Array,
    ) -> None:
        rows, columns, strip = len(y), len(w), len(z)
        for first in range(0, rows, strip):
            count = min(strip, rows - first)
            used = (count + 7) // 8 * 8
            for j in range(len(turned)):
                for i in range(count, used):
                    turned[j, i] = 0.0
            gather(X, first, count, centre, turned)
            for i in range(count):
                z[i] = b
            for j in range(columns):
                for i in range(count):
                    z[i] += w[j] * turned[j, i]
            cost = slope = 0.0
            for i in range(count):
                here, mine, weight = z[i], y[first + i], weights[first + i]
                cost += weight * value(parameters, mine, here)
                slopes[i] = weight * derivative(parameters, mine, here)
                slope += slopes[i]
                z[i] = turned[columns, i] = np.sqrt(weight * bend(parameters, mine, here))
            last[columns] += slope
            last[columns + 1] += cost
            for j in range(columns):
                slope = 0.0
                for i in range(count):
                    slope += slopes[i] * turned[j, i]
                    turned[j, i] *= z[i]
                last[j] += slope
            multiply(turned, used, total)

    return kernel


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
    strip_of, predict, accumulate = _steps(layout)

    def kernel(X: Any, bends: Array, v: Array, c: float, change: Array, product: Array) -> float:
        total = 0.0
        for first in range(0, len(bends), len(change)):
            count = min(len(change), len(bends) - first)
            predict(X, first, count, v, c, change)
            for i in range(count):
                change[i] *= bends[first + i]
                total += change[i]
            accumulate(X, first, count, change, product)
        return total

    run = compiled(kernel)

    def products(X: Any, bends: Array, v: Array, c: float) -> Array:
        total = np.zeros(len(v) + 1)
        total[-1] = run(X, bends, v, c, np.empty(strip_of(len(v))), total[:-1])
        return total

    return products


@cache
def predict_kernel(layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(X, rows, w, b) -> X·w + b``, shape (rows,)."""
    predict = inlined(layout_of(layout).predict)

    def kernel(X: Any, w: Array, b: float, found: Array) -> None:
        predict(X, 0, len(found), w, b, found)

    run = compiled(kernel)

    def predictors(X: Any, rows: int, w: Array, b: float) -> Array:
        found = np.empty(rows)
        run(X, w, b, found)
        return found

    return predictors


@cache
def pull_kernel(layout: str) -> Callable[..., np.ndarray]:
    """Return ``kernel(X, slopes, columns) -> [*slopes·X, sum of slopes]``."""
    accumulate = inlined(layout_of(layout).accumulate)

    def kernel(X: Any, slopes: Array, gradient: Array) -> float:
        accumulate(X, 0, len(slopes), slopes, gradient)
        total = 0.0
        for i in range(len(slopes)):
            total += slopes[i]
        return total

    run = compiled(kernel)

    def pulled(X: Any, slopes: Array, columns: int) -> Array:
        total = np.zeros(columns + 1)
        total[-1] = run(X, slopes, total[:-1])
        return total

    return pulled


def _steps(layout: str) -> tuple[Any, Any, Any]:
    """Return how many rows are handled together, and the loops that predict and accumulate, to be compiled."""
    lies = layout_of(layout)
    return lies.strip, inlined(lies.predict), inlined(lies.accumulate)


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
