"""Who looks for optimality while many runs go on: for each the watch of one run, its first question answered ahead."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from fallline.diagnosis.optimality import Watch
from fallline.objectives.base import Code, Counts, Objective
from fallline.trace import Rows

__all__ = ["ManyWatch"]

AT_ONCE = 64
"""Points at which slope and bend are measured together; fewer than a few are as quickly looked at one by one."""

FEW = 8


class ManyWatch:
    """Watches runs side by side; every decision is that of a `Watch` of the run's own.

    What every look begins with, the slope and the curvature along it, is measured for many points at once. `bars` are
    the slopes down to which each run is left alone.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.begun: list[Watch] = []
        self.chosen: list[int] = []
        self.watches: list[Watch | None] = []
        self.bars = np.empty(0)

    def start(self, x: np.ndarray, fun: np.ndarray, slope: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Take in the starts, shapes (s, d) and (s,); return for each run, by its start, whether that is optimal."""
        watches = [Watch(self.objective) for _ in x]
        finite = np.isfinite(fun)
        optimal = np.zeros(len(x), dtype=bool)
        optimal[finite] = self._look(
            [watches[place] for place in np.flatnonzero(finite)], x[finite], fun[finite], slope[finite]
        )
        self.bars = np.array([watch.bar for watch in watches])[chosen]
        # a watch of a run's own is made when it first has something to see
        self.begun, self.chosen, self.watches = watches, chosen.tolist(), [None] * len(chosen)
        return optimal[chosen]

    def keep(self, chosen: np.ndarray) -> None:
        """Go on with some of the runs, given by a mask."""
        self.bars = self.bars[chosen]
        self.chosen = list(itertools.compress(self.chosen, chosen))
        self.watches = list(itertools.compress(self.watches, chosen))

    def judge(self, rows: Rows, stops: np.ndarray, low: np.ndarray) -> np.ndarray:
        """Return how many of the rows each run keeps, up to its first optimal one; 0 where it has none.

        Parameters
        ----------
        rows : Rows
            Of all runs, side by side.
        stops : array of int, shape (m,)
            How many of them each run keeps otherwise.
        low : array of bool, shape (m,)
            Whether its slope is as low as the bar anywhere.
        """
        found, done = np.zeros((2, len(stops)), dtype=np.int64)
        slopes = rows.gradient_norm
        waiting = np.flatnonzero(low)
        steps = np.arange(len(slopes))[:, None]
        while waiting.size:
            worth = (slopes[:, waiting] <= self.bars[waiting]) & (steps >= done[waiting]) & (steps < stops[waiting])
            some = worth.any(axis=0)
            waiting, place = waiting[some], worth.argmax(axis=0)[some]
            watches = [self._watch_of(run) for run in waiting]
            optimal = self._look(watches, rows.x[place, :, waiting], rows.fun[place, waiting], slopes[place, waiting])
            found[waiting[optimal]] = place[optimal] + 1
            self.bars[waiting] = [watch.bar for watch in watches]
            done[waiting] = place + 1
            waiting = waiting[~optimal]
        return found

    def _watch_of(self, run: int) -> Watch:
        watch = self.watches[run]
        if watch is None:
            watch = self.watches[run] = _another(self.begun[self.chosen[run]])
        return watch

    def _look(self, watches: list[Watch], x: np.ndarray, fun: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Return of each point whether the watch beside it says that it is optimal."""
        seen: list[Objective] = [self.objective] * len(x)
        program = self.objective.program
        if program is not None and len(x) >= FEW:
            parts = [
                _slopes_and_bends(program.code, x[i : i + AT_ONCE], program.constants)
                for i in range(0, len(x), AT_ONCE)
            ]
            gradients, bends = (np.concatenate(part) for part in zip(*parts, strict=True))
            seen = [_Seen(self.objective, *known) for known in zip(x, gradients, bends, strict=True)]
        optimal = np.zeros(len(x), dtype=bool)
        for place, (watch, objective) in enumerate(zip(watches, seen, strict=True)):
            watch.objective = objective
            optimal[place] = watch.holds(_row(x[place], fun[place], slope[place]))
        return optimal


class _Seen(Objective):
    """An objective of which the gradient at one point, and the Hessian's product with it, are known already."""

    def __init__(self, objective: Objective, x: np.ndarray, gradient: np.ndarray, bend: np.ndarray) -> None:
        self.objective, self.x, self.gradient, self.bend = objective, x, gradient, bend
        self.size, self.dtype, self.source = objective.size, objective.dtype, objective.source
        self.exact, self.pure, self.program = objective.exact, objective.pure, objective.program
        self.penalty, self.surveys = objective.penalty, False

    @property
    def counts(self) -> Counts:
        return self.objective.counts

    @counts.setter
    def counts(self, counts: Counts) -> None:
        self.objective.counts = counts

    def value(self, x: np.ndarray) -> float:
        return self.objective.value(x)

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        if np.array_equal(x, self.x):
            return float("nan"), self.gradient  # who looks has the cost in the row
        return self.objective.value_and_gradient(x)

    def slope(self, x: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        return self.objective.slope(x, gradient)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        if np.array_equal(x, self.x) and np.array_equal(directions, self.gradient[None]):
            return self.bend[None]
        return self.objective.hessian_products(x, directions)

    def hessian(self, x: np.ndarray) -> np.ndarray:
        return self.objective.hessian(x)

    def values(self, points: np.ndarray) -> np.ndarray:
        return self.objective.values(points)


def _another(watch: Watch) -> Watch:
    """Return a watch that has seen the same."""
    other = Watch(watch.objective)
    other.start_fun, other.bar = watch.start_fun, watch.bar
    return other


def _slopes_and_bends(code: Code, points: np.ndarray, constants: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients at the points, and the products of the Hessian with each, both of shape (m, d)."""
    import jax

    padded = points[np.minimum(np.arange(AT_ONCE), len(points) - 1)]
    with jax.enable_x64(True):
        slopes, bends = _measures(code)(padded, constants)
        return np.array(slopes)[: len(points)], np.array(bends)[: len(points)]


@functools.lru_cache(maxsize=64)
def _measures(code: Code) -> Any:
    """Return what measures gradients, and the Hessian's products with them, at several points; compiled."""
    import jax

    def measure(x: Any, constants: Any) -> Any:
        def slope(x: Any) -> Any:
            return jax.grad(code.value)(x, constants)

        gradient = slope(x)
        return gradient, jax.jvp(slope, (x,), (gradient,))[1]

    return jax.jit(jax.vmap(measure, in_axes=(0, None)))


def _row(x: np.ndarray, fun: float, slope: float) -> Rows:
    """Return a point as a single row, of which a watch wants no more than this."""
    nothing = np.full(1, np.nan)
    return Rows(np.zeros(1, dtype=np.int64), x[None], np.array([fun]), np.array([slope]), nothing, nothing, nothing)
