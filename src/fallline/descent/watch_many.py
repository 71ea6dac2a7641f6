"""Who looks for optimality while many runs go on: the watch of one run for each, asked only where it could say yes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from fallline.descent.compiled import Code
from fallline.diagnosis.curvature import DENSE, Curvature
from fallline.diagnosis.optimality import SETTLED_SHARE, Watch, is_optimal
from fallline.objectives.base import Objective
from fallline.trace import Rows

__all__ = ["ManyWatch"]

AT_ONCE = 64
"""Points whose curvature is measured together; fewer than a few are quicker looked at one by one."""

FEW = 8

MARGIN = 1.1
"""How far the two ways of measuring a gap may differ by rounding."""


class ManyWatch:
    """Watches runs side by side; every decision is that of a `Watch` of the run's own.

    Where many points are to be looked at, their curvature is measured together first, and those that are clearly not
    optimal are not looked at again.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.begun = np.empty(0)
        self.bars = np.empty(0)

    def start(self, x: np.ndarray, fun: np.ndarray, slope: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Take in the starts, shapes (s, d) and (s,); return for each run, by its start, whether that is optimal."""
        optimal = np.zeros(len(x), dtype=bool)
        for place in np.flatnonzero(np.isfinite(fun) & ~self._hopeless(x, fun, fun)):
            optimal[place] = Watch(self.objective).holds(_row(x[place], fun[place], slope[place]))
        self.begun, self.bars = fun[chosen], 1e-3 * slope[chosen]
        return optimal[chosen]

    def keep(self, chosen: np.ndarray) -> None:
        """Go on with some of the runs, given by a mask."""
        self.begun, self.bars = self.begun[chosen], self.bars[chosen]

    def judge(self, rows: Rows, stops: np.ndarray) -> np.ndarray:
        """Return how many of the rows each run keeps, up to its first optimal one; 0 where it has none.

        Parameters
        ----------
        rows : Rows
            Of all runs, side by side.
        stops : array of int, shape (m,)
            How many of them each run keeps otherwise.
        """
        found, done = np.zeros(len(stops), dtype=np.int64), np.zeros(len(stops), dtype=np.int64)
        slopes = rows.gradient_norm
        waiting = np.flatnonzero(np.fmin.reduce(slopes) <= self.bars)
        steps = np.arange(len(slopes))[:, None]
        while waiting.size:
            low = (slopes[:, waiting] <= self.bars[waiting]) & (steps >= done[waiting]) & (steps < stops[waiting])
            some = low.any(axis=0)
            waiting, place = waiting[some], low.argmax(axis=0)[some]
            points, costs = rows.x[place, :, waiting], rows.fun[place, waiting]
            hopeless = self._hopeless(points, costs, self.begun[waiting])
            optimal = np.zeros(len(waiting), dtype=bool)
            for each in np.flatnonzero(~hopeless):
                slope = float(slopes[place[each], waiting[each]])
                optimal[each] = self._holds(points[each], float(costs[each]), slope, int(waiting[each]))
            found[waiting[optimal]] = place[optimal] + 1
            # as a watch does: a point found wanting lowers the bar five-fold
            self.bars[waiting] = 0.2 * slopes[place, waiting]
            done[waiting] = place + 1
            waiting = waiting[~optimal]
        return found

    def _holds(self, x: np.ndarray, fun: float, slope: float, run: int) -> bool:
        watch = Watch(self.objective)
        watch.start_fun, watch.bar = float(self.begun[run]), float(self.bars[run])
        return watch.holds(_row(x, fun, slope))

    def _hopeless(self, points: np.ndarray, costs: np.ndarray, begun: np.ndarray) -> np.ndarray:
        """Tell of which points it is clear at a glance that they are not optimal."""
        objective = self.objective
        program = objective.program
        if program is None or objective.penalty is not None or points.shape[1] > DENSE or len(points) < FEW:
            return np.zeros(len(points), dtype=bool)
        share = SETTLED_SHARE[points.itemsize]
        gaps = np.concatenate(
            [_gaps(Code(program), points[i : i + AT_ONCE], program.constants) for i in range(0, len(points), AT_ONCE)]
        )
        nowhere = np.zeros(points.shape[1])
        seen = (Curvature(1.0, 1.0, nowhere, nowhere, gap / MARGIN, 0.0, 0.0) for gap in gaps)
        looks = zip(seen, costs, begun, strict=True)
        return ~np.array([is_optimal(curvature, fun, start, points.dtype, share) for curvature, fun, start in looks])


def _gaps(code: Code, points: np.ndarray, constants: Any) -> np.ndarray:
    """Return the gap to the minimum of the quadratic model at each point, infinite where it clearly has none.

    It is that of `fallline.diagnosis.curvature.curvature_at`, in parameters of unit curvature.
    """
    import jax

    padded = points[np.minimum(np.arange(AT_ONCE), len(points) - 1)]
    with jax.enable_x64(True):
        gradients, hessians = (
            np.asarray(part, dtype=np.float64)[: len(points)] for part in _bends(code)(padded, constants)
        )
    known = np.asarray(np.isfinite(hessians).all(axis=(1, 2)) & np.isfinite(gradients).all(axis=1))
    hessians = np.where(known[:, None, None], (hessians + hessians.transpose(0, 2, 1)) / 2, 0.0)
    bends = np.diagonal(hessians, axis1=1, axis2=2)
    units = 1 / np.sqrt(np.where(bends > 0, bends, 1))
    values, vectors = np.linalg.eigh(units[:, :, None] * hessians * units[:, None, :])
    noise = 100 * float(np.finfo(points.dtype).eps) * np.abs(values).max(axis=1, keepdims=True)
    parts = np.einsum("pji,pj->pi", vectors, units * np.where(known[:, None], gradients, 0.0))
    steps = np.divide(parts, np.maximum(values, noise), out=np.zeros_like(parts), where=parts != 0)
    gaps = 0.5 * np.abs(parts * steps).sum(axis=1)
    return np.where(known & (values[:, 0] >= -2 * noise[:, 0]), gaps, np.inf)


@functools.lru_cache(maxsize=64)
def _bends(code: Code) -> Any:
    """Return the compiled gradients and Hessians at several points."""
    import jax

    def bends(x: Any, constants: Any) -> Any:
        return jax.grad(code.value)(x, constants), jax.hessian(code.value)(x, constants)

    return jax.jit(jax.vmap(bends, in_axes=(0, None)))


def _row(x: np.ndarray, fun: float, slope: float) -> Rows:
    """Return a point as a single row, of which a watch wants no more than this."""
    nothing = np.full(1, np.nan)
    return Rows(np.zeros(1, dtype=np.int64), x[None], np.array([fun]), np.array([slope]), nothing, nothing, nothing)
