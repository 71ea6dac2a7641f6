"""The iterates worth drawing, and the part of space that a picture of them shows."""

from __future__ import annotations

import numpy as np

from fallline.trace import Result, Trace
from fallline.views.words import flat

__all__ = ["best_row", "in_view", "thinned", "window"]

MOST = 2000
"""Points that are drawn of a path."""

REACH = 10
"""Steps further from the start than this many times the way to the best point are off the picture."""


def best_row(trace: Trace) -> int:
    """Return the row of the lowest cost; 0 where no cost is a number."""
    costs = np.where(np.isnan(trace.fun), np.inf, trace.fun)
    return int(np.argmin(costs))


def thinned(trace: Trace, most: int = MOST) -> np.ndarray:
    """Return about `most` row numbers, evenly spread, with the first, last, best and first non-finite row."""
    count = len(trace)
    if count <= most:
        return np.arange(count)
    rows = np.linspace(0, count - 1, most - 2).round().astype(int)
    broken = np.flatnonzero(~np.isfinite(trace.fun))[:1]
    return np.unique(np.concatenate([rows, [best_row(trace)], broken]))


def in_view(trace: Trace, rows: np.ndarray) -> np.ndarray:
    """Tell which of these rows are finite and near enough to be drawn to scale, shape (n,).

    A run that diverges leaves every scale behind within a few steps: what lies ten times as far from the start as
    the best point and the end of the first step is left to an arrow.
    """
    points = trace.flat_x.astype(float)
    with np.errstate(over="ignore", invalid="ignore"):
        away = np.linalg.norm(points[rows] - points[0], axis=1)
        near = [np.linalg.norm(points[row] - points[0]) for row in (best_row(trace), min(1, len(trace) - 1))]
        finite = np.isfinite(away) & np.isfinite(trace.fun[rows])
        return finite & (away <= REACH * max(near))


def window(result: Result, points: np.ndarray, margin: float = 0.12) -> np.ndarray:
    """Return the box around `points`, shape (n, d), with a margin: rows low and high, shape (2, d).

    In one dimension the box also holds the minimum, where the certificate says how far away it is.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    distance = result.certificate.distance
    if points.shape[1] == 1 and np.isfinite(distance):
        minimum = flat(result.x) - np.sign(flat(result.jac)) * distance
        low, high = np.minimum(low, minimum), np.maximum(high, minimum)
    extent = high - low
    size = np.maximum(np.abs(low), np.abs(high))
    flat_sides = extent <= 1e-9 * size
    extent[flat_sides] = extent.max() if not flat_sides.all() else np.maximum(size, 1.0)[flat_sides]
    return np.array([low - margin * extent, high + margin * extent])
