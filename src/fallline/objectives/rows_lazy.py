"""Stochastic updates on sparse rows, each touching the columns of its rows only.

All other columns are caught up with when they are next needed. With ``w = factor*v``, the factor being the product of
the updates' ``1 - rate*l2``, the updates that a column has missed are shifts of v by ``rate/factor * G``, each with a
soft threshold of ``rate/factor * l1``. So many of them are one shift along the `way`, the sum of ``rate/factor``, but
for the update at which v meets zero.

References
----------
M. Schmidt, N. Le Roux and F. Bach, "Minimizing finite sums with the stochastic average gradient", 2017, section 4.1,
for updates just in time; Z. Lipton and C. Elkan, "Efficient elastic net regularization for sparse linear models", 2015,
for thresholds; here with both at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fallline.objectives.rows_kernels import inlined

__all__ = ["Parts", "caught_up", "on_sparse_rows"]

Array = np.ndarray

SMALLEST = 1e-9
"""Below which the common factor is multiplied out, before it leaves the range of numbers."""


class Parts(NamedTuple):
    """What kernels of both kinds of rows are made of: compiled functions, and whether there is a table."""

    slopes: Any
    cost: Any
    less_the_table: Any
    note: Any
    reduced: bool


def on_sparse_rows(parts: Parts) -> Any:
    """Return the kernel for sparse rows, not yet compiled."""
    slopes, cost, less_the_table, note, reduced = parts
    reach = {"caught_up": inlined(caught_up)}
    come, whole, shift = inlined(_come, reach), inlined(_whole, reach), inlined(_shift, reach)
    predict, step, remembered = inlined(_predict), inlined(_step), inlined(_remembered)

    def kernel(
        parameters: Any, data: Any, order: Array, size: int, rates: Array, state: Any, rule: Any, records: Any
    ) -> None:
        X, y, weights = data
        W, b, table, G, level = state
        l2, l1, intercept, remember = rule
        mean, kept, costs = records
        z, slope = np.empty(len(b)), np.empty((size, len(b)))
        factor, way, last = 1.0, np.zeros(len(rates) + 1), np.zeros(W.shape[1], np.int64)
        for t in range(len(rates)):
            rows, rate = order[t * size : (t + 1) * size], rates[t]
            total = 0.0
            for i in range(len(rows)):
                row = rows[i]
                if reduced or l1 > 0.0:
                    come(X, row, W, G, l1, way, last, t)
                predict(X, row, W, b, factor, z)
                slopes(parameters, y[row], weights[row], z, slope[i])
                if len(costs):
                    total += weights[row] * cost(parameters, y[row], z)
                if reduced:
                    less_the_table(slope[i], table[row], remember)
            shrink = 1.0 - rate * l2
            seen = len(mean) > 0 or len(kept) > 0
            if seen or shrink < 0.1 or factor * shrink < SMALLEST:
                whole(W, G, l1, way, last, t, factor * shrink)
                factor = 1.0
            else:
                factor *= shrink
            way[t + 1] = way[t] + rate / factor
            step(X, rows, slope, rate / len(rows), factor, W, b, intercept)
            if reduced:
                shift(X, rows, W, b, G, level, l1, way, last, t, rate, intercept)
                if remember:
                    remembered(X, rows, slope, G, level, len(y))
            if seen:
                whole(W, G, l1, way, last, t + 1, factor)
            note(W, b, intercept, records, t, total / len(rows))
        whole(W, G, l1, way, last, len(rates), factor)

    return kernel


def caught_up(v: Any, g: float, l1: float, way: Array, now: Any, then: Any) -> Any:
    """Return what `v` is after the updates from `now` to `then`, that shift by g and threshold by l1 times the way.

    Examples
    --------
    >>> round(float(caught_up(1.0, 0.5, 0.1, np.arange(5.0), 0, 3)), 6)  # 0.4, then 0 on its way, then -0.4
    -0.4
    """
    if now == then:
        return v
    if l1 == 0.0:
        return v - g * (way[then] - way[now])
    side = 1.0 if v > 0.0 else -1.0
    size, pull = abs(v), side * g + l1
    if v != 0.0 and not (pull <= 0.0 or size - pull * (way[then] - way[now]) >= 0.0):
        # the last update at which it is on its side still
        low, high = now, then
        while high - low > 1:
            middle = (low + high) // 2
            if size - pull * (way[middle] - way[now]) >= 0.0:
                low = middle
            else:
                high = middle
        gone = way[low + 1] - way[low]
        v = side * (size - pull * (way[low] - way[now])) - gone * g
        v = np.sign(v) * max(abs(v) - gone * l1, 0.0)
        now = low + 1
        side = 1.0 if v > 0.0 else -1.0
        size, pull = abs(v), side * g + l1
    if v == 0.0:
        return -np.sign(g) * max(abs(g) - l1, 0.0) * (way[then] - way[now])
    return side * (size - pull * (way[then] - way[now]))


def _come(X: Any, row: int, W: Array, G: Array, l1: float, way: Array, last: Array, now: int) -> None:
    """Catch up with the columns of a row."""
    _, indices, starts = X
    for cell in range(starts[row], starts[row + 1]):
        j = indices[cell]
        if last[j] < now:
            for k in range(len(W)):
                W[k, j] = caught_up(W[k, j], G[k, j], l1, way, last[j], now)
            last[j] = now


def _predict(X: Any, row: int, W: Array, b: Array, factor: float, z: Array) -> None:
    data, indices, starts = X
    for k in range(len(b)):
        here, w = 0.0, W[k]
        for cell in range(starts[row], starts[row + 1]):
            here += data[cell] * w[indices[cell]]
        z[k] = factor * here + b[k]


def _whole(W: Array, G: Array, l1: float, way: Array, last: Array, now: int, factor: float) -> None:
    """Catch up with all columns, and multiply the factor out."""
    for j in range(len(last)):
        for k in range(len(W)):
            W[k, j] = factor * caught_up(W[k, j], G[k, j], l1, way, last[j], now)
        last[j] = now


def _step(X: Any, rows: Array, slope: Array, share: float, factor: float, W: Array, b: Array, intercept: bool) -> None:
    data, indices, starts = X
    for i in range(len(rows)):
        row = rows[i]
        for k in range(len(b)):
            w, r = W[k], share * slope[i, k]
            if intercept:
                b[k] -= r
            r /= factor
            for cell in range(starts[row], starts[row + 1]):
                w[indices[cell]] -= r * data[cell]


def _shift(
    X: Any,
    rows: Array,
    W: Array,
    b: Array,
    G: Array,
    level: Array,
    l1: float,
    way: Array,
    last: Array,
    now: int,
    rate: float,
    intercept: bool,
) -> None:
    """Make this update's own shift of the columns that it touches: it is by G as it was before these rows."""
    _, indices, starts = X
    for i in range(len(rows)):
        for cell in range(starts[rows[i]], starts[rows[i] + 1]):
            j = indices[cell]
            if last[j] == now:
                for k in range(len(b)):
                    W[k, j] = caught_up(W[k, j], G[k, j], l1, way, now, now + 1)
                last[j] = now + 1
    if intercept:
        for k in range(len(b)):
            b[k] -= rate * level[k]


def _remembered(X: Any, rows: Array, slope: Array, G: Array, level: Array, count: int) -> None:
    data, indices, starts = X
    for i in range(len(rows)):
        row = rows[i]
        for k in range(len(level)):
            g, r = G[k], slope[i, k] / count
            level[k] += r
            for cell in range(starts[row], starts[row + 1]):
                g[indices[cell]] += r * data[cell]
