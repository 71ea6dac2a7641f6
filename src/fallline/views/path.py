"""The iterates worth drawing, and the part of space that a picture of them shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fallline.trace import Result, Trace
from fallline.views.words import flat, label, number

__all__ = ["Path", "best_row", "path_of", "thinned", "window"]

MOST = 2000
"""Points that are drawn of a path."""

REACH = 4
"""How many times further from the start than the best point a step may be and still be drawn to scale."""


@dataclass(frozen=True)
class Path:
    """The part of a run that a picture shows.

    Attributes
    ----------
    rows : numpy array
        Row numbers of the steps drawn, shape (n,).
    left : int or None
        The first row that is not drawn because it is too far away, or not finite.
    note : str
        The same in words; empty where every step is drawn.
    """

    rows: np.ndarray
    left: int | None
    note: str

    def points(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the rows drawn of `coordinates`, shape (len(trace), m), a row of nan wherever steps are missing."""
        chosen = coordinates[self.rows].astype(float)
        if self.left is None:
            return chosen
        gaps = np.searchsorted(self.rows, self.left)
        return np.insert(chosen, gaps, np.nan, axis=0) if gaps < len(chosen) else chosen


def best_row(trace: Trace) -> int:
    """Return the row of the lowest cost; 0 where no cost is a number."""
    return int(np.argmin(np.where(np.isnan(trace.fun), np.inf, trace.fun)))


def thinned(trace: Trace, most: int = MOST) -> np.ndarray:
    """Return at most `most` row numbers, evenly spread, with the first, last, best and first non-finite row."""
    count = len(trace)
    if count <= most:
        return np.arange(count)
    rows = np.linspace(0, count - 1, most - 2).round().astype(int)
    broken = np.flatnonzero(~np.isfinite(trace.fun))[:1]
    return np.unique(np.concatenate([rows, [best_row(trace)], broken]))


def path_of(trace: Trace) -> Path:
    """Choose the steps to draw.

    A run that diverges leaves every scale behind within a few steps. What lies four times as far from the start as
    the best point, or the end of the first step, is left to an arrow.
    """
    points = trace.flat_x.astype(float)
    with np.errstate(over="ignore", invalid="ignore"):
        away = np.linalg.norm(points - points[0], axis=1)
        reach = REACH * max(away[best_row(trace)], away[min(1, len(trace) - 1)])
        near = np.isfinite(trace.fun) & (away <= reach)
    near[0] = True  # the start is finite, and every picture needs a point
    out = np.flatnonzero(~near)
    if out.size == 0:
        return Path(thinned(trace), None, "")
    rows = np.union1d(thinned(trace), [out[0] - 1])
    return Path(rows[near[rows]], int(out[0]), _note(trace, out, away))


def window(result: Result, points: np.ndarray, margin: float = 0.12) -> np.ndarray:
    """Return the box around `points`, shape (n, d), with a margin: rows low and high, shape (2, d).

    In one dimension the box also holds the minimum, where the certificate says how far away it is.
    """
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    distance = result.certificate.distance
    if points.shape[1] == 1 and np.isfinite(distance):
        x, slope = (flat(result.trace.layout.parts(tree)) for tree in (result.x, result.jac))
        minimum = x - np.sign(slope) * distance
        low, high = np.minimum(low, minimum), np.maximum(high, minimum)
    extent = high - low
    size = np.maximum(np.abs(low), np.abs(high))
    thin = extent <= 1e-9 * size
    extent[thin] = np.maximum(size, 1.0)[thin] if thin.all() else extent.max()
    margins = np.where(thin, 0.5, margin) * extent
    return np.array([low - margins, high + margins])


def _note(trace: Trace, out: np.ndarray, away: np.ndarray) -> str:
    iteration = trace.iteration[out[0]]
    if not np.isfinite(trace.fun[out]).all():
        broken = trace.iteration[out[~np.isfinite(trace.fun[out])][0]]
        return f"off the picture from iteration {iteration:,}, cost not finite from iteration {broken:,}"
    furthest = out[np.argmax(away[out])]
    place = number(trace.flat_x[furthest, 0], 3)
    if trace.flat_x.shape[1] == 1:
        where = f"{label(trace.layout.names()[0])} = {place}"
    else:
        where = f"{number(float(away[furthest]), 3)} away from the start"
    return f"off the picture from iteration {iteration:,}; {where} at iteration {trace.iteration[furthest]:,}"
