"""How a table may lie in memory, and for each way the loops that kernels are made of.

Their text is compiled by Numba inside the kernels: plain functions of a table, a first row and a count of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.data.blocks import Block
from fallline.data.kernels import whole
from fallline.data.sparse import is_sparse

__all__ = ["Layout", "layout_name", "layout_of", "operand"]

Array = np.ndarray


@dataclass(frozen=True)
class Layout:
    """The loops for one way of lying in memory.

    Attributes
    ----------
    strip : callable
        ``strip(columns)``: rows handled together, few enough to stay in a near cache between the two uses of a row.
    predict : callable
        ``predict(X, first, count, w, b, z)`` writes ``X·w + b`` of these rows into `z`.
    accumulate : callable
        ``accumulate(X, first, count, r, gradient)`` adds ``r·X``.
    gather : callable
        ``gather(X, first, count, centre, turned)`` writes ``X - centre``, turned, into `turned`.
    """

    strip: Callable[..., Any]
    predict: Callable[..., Any]
    accumulate: Callable[..., Any]
    gather: Callable[..., Any]


def layout_of(name: str) -> Layout:
    """Return the loops for ``"rows"``, ``"columns"`` or ``"sparse"``."""
    return LAYOUTS[name]


def layout_name(block: Block) -> str:
    """Return the name of the layout of a block's table."""
    if block.columns is not None:
        return "columns"
    return "sparse" if is_sparse(block.X) else "rows"


def operand(block: Block) -> Any:
    """Return a block's table as kernels take it: as it is, as all columns and the first row, or as three arrays."""
    if block.columns is not None:
        return block.columns, block.first
    return (block.X.data, block.X.indices, block.X.indptr) if is_sparse(block.X) else block.X


def _few(columns: int) -> int:  # noqa: ARG001
    return 16


def _predict_rows(X: Any, first: int, count: int, w: Array, b: float, z: Array) -> None:
    for i in range(count):
        row, here = first + i, 0.0
        for j in range(len(w)):
            here += X[row, j] * w[j]
        z[i] = here + b


def _accumulate_rows(X: Any, first: int, count: int, r: Array, gradient: Array) -> None:
    # four rows at once: the gradient is read and written a quarter as often
    fours = count // 4 * 4
    for i in range(0, fours, 4):
        row = first + i
        r0, r1, r2, r3 = r[i], r[i + 1], r[i + 2], r[i + 3]
        for j in range(len(gradient)):
            gradient[j] += (r0 * X[row, j] + r1 * X[row + 1, j]) + (r2 * X[row + 2, j] + r3 * X[row + 3, j])
    for i in range(fours, count):
        row = first + i
        for j in range(len(gradient)):
            gradient[j] += r[i] * X[row, j]


def _gather_rows(X: Any, first: int, count: int, centre: Array, turned: Array) -> None:
    for i in range(count):
        for j in range(len(centre)):
            turned[j, i] = X[first + i, j] - centre[j]


def _many(columns: int) -> int:
    return max(64, min(2048, 131_072 // columns // 64 * 64))


def _predict_columns(X: Any, first: int, count: int, w: Array, b: float, z: Array) -> None:
    table, start = X
    low, high = start + first, start + first + count
    here = z[:count]
    for i in range(count):
        here[i] = b
    fours = len(w) // 4 * 4
    for j in range(0, fours, 4):
        x0, x1, x2, x3 = table[j, low:high], table[j + 1, low:high], table[j + 2, low:high], table[j + 3, low:high]
        w0, w1, w2, w3 = w[j], w[j + 1], w[j + 2], w[j + 3]
        for i in range(len(here)):
            here[i] += (w0 * x0[i] + w1 * x1[i]) + (w2 * x2[i] + w3 * x3[i])
    for j in range(fours, len(w)):
        column, w0 = table[j, low:high], w[j]
        for i in range(len(here)):
            here[i] += w0 * column[i]


def _accumulate_columns(X: Any, first: int, count: int, r: Array, gradient: Array) -> None:
    table, start = X
    for j in range(len(gradient)):
        column = table[j, start + first : start + first + count]
        here = 0.0
        for i in range(len(column)):
            here += r[i] * column[i]
        gradient[j] += here


def _gather_columns(X: Any, first: int, count: int, centre: Array, turned: Array) -> None:
    table, start = X
    for j in range(len(centre)):
        for i in range(count):
            turned[j, i] = table[j, start + first + i] - centre[j]


def _predict_sparse(X: Any, first: int, count: int, w: Array, b: float, z: Array) -> None:
    data, indices, starts = X
    for i in range(count):
        here = 0.0
        for k in range(whole(starts[first + i]), whole(starts[first + i + 1])):
            here += data[k] * w[whole(indices[k])]
        z[i] = here + b


def _accumulate_sparse(X: Any, first: int, count: int, r: Array, gradient: Array) -> None:
    data, indices, starts = X
    for i in range(count):
        slope = r[i]
        for k in range(whole(starts[first + i]), whole(starts[first + i + 1])):
            gradient[whole(indices[k])] += slope * data[k]


def _gather_sparse(X: Any, first: int, count: int, centre: Array, turned: Array) -> None:
    data, indices, starts = X
    for j in range(len(centre)):
        for i in range(count):
            turned[j, i] = -centre[j]
    for i in range(count):
        for k in range(whole(starts[first + i]), whole(starts[first + i + 1])):
            j = whole(indices[k])
            turned[j, i] = data[k] - centre[j]


LAYOUTS = {
    "rows": Layout(_few, _predict_rows, _accumulate_rows, _gather_rows),
    "columns": Layout(_many, _predict_columns, _accumulate_columns, _gather_columns),
    "sparse": Layout(_few, _predict_sparse, _accumulate_sparse, _gather_sparse),
}
