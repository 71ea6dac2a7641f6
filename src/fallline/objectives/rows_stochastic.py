"""Compiled kernels that make many stochastic updates in a row: plain ones, and with slopes of the rows remembered.

An update on the rows B, ``|B|`` of them, with slopes ``s`` of their losses in the predictors, is, for the coefficients,

    w <- soft((1 - rate*l2)*w - rate*(sum over B of (s_i - table_i)*x_i / |B| + G), rate*l1)

and for the intercepts the same without the penalties. Plain descent has no table and no G; SAGA and SVRG keep for each
row a slope, and in G the mean of ``table_i * x_i`` over all rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from fallline.data.kernels import compiled
from fallline.losses import Loss
from fallline.objectives.rows_kernels import formula, inlined
from fallline.objectives.rows_lazy import Parts, on_sparse_rows

__all__ = ["stochastic_kernel"]

Array = np.ndarray


@cache
def stochastic_kernel(loss: type[Loss], outputs: str, layout: str, reduced: bool) -> Callable[..., None]:
    """Return ``kernel(parameters, data, order, size, rates, state, rule, records)``.

    It makes an update for each of `rates` in place, on the next `size` rows of `order`, or what is left of them.

    Parameters
    ----------
    loss : Loss class
        Of a single predictor; of two classes where `outputs` is "each".
    outputs : {"one", "each", "softmax"}
        Whether there is one predictor, one for each class against all others, or a softmax over the classes.
    layout : {"rows", "sparse"}
        How the table is given: an array by rows, or the three arrays of a sparse one.
    reduced : bool
        Whether the slopes in a table reduce the variance.

    Notes
    -----
    `data` is (X, y, weights). `state` is (W, b, table, G, level): of shape (outputs, d) and (outputs,), the table of
    (n, outputs), and the mean gradient, of the shapes of `W` and `b`. `rule` is (l2, l1, intercept, remember): the last
    two tell whether there is an intercept, and whether new slopes go into the table. `records` is (mean, kept, costs),
    each empty for none: the mean of the points, later ones counting more, with the count of updates before, of shape
    (size + 1,); the points after each update, shape (updates, size); and the costs of the batches before each.
    """
    slopes, cost = _slopes(loss, outputs)
    parts = Parts(slopes, cost, inlined(_less_the_table), inlined(_note), reduced)
    return compiled(on_sparse_rows(parts) if layout == "sparse" else _on_rows(parts))


def _on_rows(parts: Parts) -> Any:
    from fallline.objectives.rows_prefetch import ask

    slopes, cost, less_the_table, note, reduced = parts
    predict, shift, remembered = inlined(_predict), inlined(_shift), inlined(_remembered)
    step_on_one, step_on_many, pull = inlined(_step_on_one), inlined(_step_on_many), inlined(_pull)
    shrink = inlined(_shrink)

    def kernel(
        parameters: Any, data: Any, order: Array, size: int, rates: Array, state: Any, rule: Any, records: Any
    ) -> None:
        X, y, weights = data
        W, b, table, G, level = state
        l2, l1, intercept, remember = rule
        costs = records[2]
        outputs = len(b)
        z, slope, step = np.empty(outputs), np.empty((size, outputs)), np.empty(W.shape[1])
        for t in range(len(rates)):
            rows, rate = order[t * size : (t + 1) * size], rates[t]
            total = 0.0
            for i in range(len(rows)):
                row = rows[i]
                ask(X, y, weights, order, t * size + i)
                predict(X[row], W, b, z)
                slopes(parameters, y[row], weights[row], z, slope[i])
                if len(costs):
                    total += weights[row] * cost(parameters, y[row], z)
                if reduced:
                    less_the_table(slope[i], table[row], remember)
            share = rate / len(rows)
            for k in range(outputs):
                if len(rows) == 1:
                    step_on_one(W[k], 1.0 - rate * l2, X[rows[0]], share * slope[0, k])
                else:
                    step_on_many(W[k], 1.0 - rate * l2, X, rows, slope[:, k], share, step)
            if intercept:
                pull(b, slope, len(rows), share)
            if reduced:
                shift(W, b, G, level, rate, intercept)
                if remember:
                    remembered(X, rows, slope, G, level, len(y))
            if l1 > 0.0:
                shrink(W, rate * l1)
            note(W, b, intercept, records, t, total / len(rows))

    return kernel


def _predict(row: Array, W: Array, b: Array, z: Array) -> None:
    for k in range(len(b)):
        here, w = 0.0, W[k]
        for j in range(len(w)):
            here += row[j] * w[j]
        z[k] = here + b[k]


def _less_the_table(slope: Array, table: Array, remember: bool) -> None:
    for k in range(len(slope)):
        change = slope[k] - table[k]
        if remember:
            table[k] = slope[k]
        slope[k] = change


def _step_on_one(w: Array, shrink: float, row: Array, r: float) -> None:
    for j in range(len(w)):
        w[j] = shrink * w[j] - r * row[j]


def _step_on_many(w: Array, shrink: float, X: Array, rows: Array, slope: Array, share: float, step: Array) -> None:
    step[:] = 0.0
    # four rows at once: the sum is read and written a quarter as often
    fours = len(rows) // 4 * 4
    for i in range(0, fours, 4):
        x0, x1, x2, x3 = X[rows[i]], X[rows[i + 1]], X[rows[i + 2]], X[rows[i + 3]]
        r0, r1, r2, r3 = slope[i], slope[i + 1], slope[i + 2], slope[i + 3]
        for j in range(len(step)):
            step[j] += (r0 * x0[j] + r1 * x1[j]) + (r2 * x2[j] + r3 * x3[j])
    for i in range(fours, len(rows)):
        row, r = X[rows[i]], slope[i]
        for j in range(len(step)):
            step[j] += r * row[j]
    for j in range(len(w)):
        w[j] = shrink * w[j] - share * step[j]


def _pull(b: Array, slope: Array, count: int, share: float) -> None:
    for k in range(len(b)):
        for i in range(count):
            b[k] -= share * slope[i, k]


def _shrink(W: Array, by: float) -> None:
    """Bring every coefficient nearer to zero, at most to it."""
    # cell by cell: for arrays Numba compiles the words of an error about their shapes, for seconds
    for k in range(W.shape[0]):
        for j in range(W.shape[1]):
            W[k, j] = np.sign(W[k, j]) * np.maximum(np.abs(W[k, j]) - by, 0.0)


def _shift(W: Array, b: Array, G: Array, level: Array, rate: float, intercept: bool) -> None:
    for k in range(len(b)):
        w, g = W[k], G[k]
        for j in range(len(w)):
            w[j] -= rate * g[j]
        if intercept:
            b[k] -= rate * level[k]


def _remembered(X: Array, rows: Array, slope: Array, G: Array, level: Array, count: int) -> None:
    """Take the rows' new slopes, of which the old ones were taken off, into the mean over all rows."""
    for i in range(len(rows)):
        row = X[rows[i]]
        for k in range(len(level)):
            g, r = G[k], slope[i, k] / count
            level[k] += r
            for j in range(len(g)):
                g[j] += r * row[j]


def _note(W: Array, b: Array, intercept: bool, records: Any, t: int, cost: float) -> None:
    """Keep the point after an update with the cost before it, and take it into the mean, in which the t-th counts t."""
    mean, kept, costs = records
    outputs, columns = W.shape
    if len(mean):
        mean[-1] += 1.0
        share = 2.0 / (mean[-1] + 1.0)
        for k in range(outputs):
            for j in range(columns):
                mean[k * columns + j] += share * (W[k, j] - mean[k * columns + j])
            if intercept:
                mean[outputs * columns + k] += share * (b[k] - mean[outputs * columns + k])
    if len(kept):
        costs[t] = cost
        for k in range(outputs):
            for j in range(columns):
                kept[t, k * columns + j] = W[k, j]
            if intercept:
                kept[t, outputs * columns + k] = b[k]


def _slopes(loss: type[Loss], outputs: str) -> tuple[Any, Any]:
    """Return ``slopes(parameters, y, weight, z, s)``, which fills `s`, and ``cost(parameters, y, z)``, for a row."""
    from fallline.objectives import rows_math

    if outputs == "softmax":
        quick = {"np": rows_math}
        return inlined(_softmax_slopes, quick), inlined(_softmax_cost, quick)
    value, derivative = formula(loss.value), formula(loss.derivative)
    if outputs == "one":

        def slopes(parameters: Any, y: float, weight: float, z: Array, s: Array) -> None:
            s[0] = weight * derivative(parameters, y, z[0])

        def cost(parameters: Any, y: float, z: Array) -> float:
            return value(parameters, y, z[0])

    else:

        def slopes(parameters: Any, y: float, weight: float, z: Array, s: Array) -> None:
            for k in range(len(z)):
                s[k] = weight * derivative(parameters, 1.0 if y == k else 0.0, z[k])

        def cost(parameters: Any, y: float, z: Array) -> float:
            total = 0.0
            for k in range(len(z)):
                total += value(parameters, 1.0 if y == k else 0.0, z[k])
            return total

    return inlined(slopes), inlined(cost)


def _softmax_slopes(parameters: Any, y: float, weight: float, z: Array, s: Array) -> None:  # noqa: ARG001
    top, total, others = z.max(), 0.0, 0.0
    for k in range(len(z)):
        s[k] = np.exp(z[k] - top)
        total += s[k]
    for k in range(len(z)):
        s[k] *= weight / total
        if k != y:
            others += s[k]
    # less the sum of the others, which is exact where the own share is almost one
    s[int(y)] = -others


def _softmax_cost(parameters: Any, y: float, z: Array) -> float:  # noqa: ARG001
    top, total = z.max(), 0.0
    for k in range(len(z)):
        total += np.exp(z[k] - top)
    return top + np.log(total) - z[int(y)]
