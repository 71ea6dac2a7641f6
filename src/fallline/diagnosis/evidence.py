"""What the findings look at: a finished run with its objective, and curvatures measured where they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fallline.diagnosis.curvature import Curvature, curvature_at
from fallline.diagnosis.optimality import Verdict
from fallline.methods import Method, UpdateRule
from fallline.objectives.base import Counts, Objective
from fallline.schedules import MeasuredSchedule, Schedule
from fallline.steps import StepRule
from fallline.trace import Rows, StopReason, Trace

__all__ = ["Evidence"]

TAIL = 1000
"""Steps that are looked at to see how a run ended."""


@dataclass(frozen=True)
class Evidence:
    """A finished run.

    Attributes
    ----------
    objective, method, rate
        What was run.
    trace, best, last : Trace, Rows, Rows
        Its steps; the best and the last as single rows.
    reason : StopReason
        Why it stopped.
    gradient : array, shape (d,)
        At the best point.
    verdict : Verdict
        What was found about the best point.
    noise : float or None
        After a run on mini-batches the size of their gradients in its last epoch (root mean square of the 2-norms).
    """

    objective: Objective
    method: UpdateRule
    rate: Schedule | MeasuredSchedule | StepRule
    trace: Trace
    best: Rows
    last: Rows
    reason: StopReason
    gradient: np.ndarray
    verdict: Verdict
    noise: float | None = None
    known: dict[int, Curvature] = field(default_factory=dict, compare=False)

    @property
    def optimal(self) -> bool:
        """Whether the best point was verified to be optimal."""
        return self.verdict.optimal

    @property
    def curvature(self) -> Curvature:
        """The curvature at the best point."""
        return self.verdict.curvature

    @property
    def no_minimum(self) -> bool:
        """Whether the best point is level ground, or the cost goes down from it without a slope."""
        return self.verdict.flat or self.verdict.descends or self.curvature.curves_down

    @property
    def iterations(self) -> int:
        return int(self.last.iteration[0])

    def name(self, direction: np.ndarray) -> tuple[int, str]:
        """Return the place and the name of the parameter that a direction changes most."""
        index = int(np.argmax(np.abs(direction)))
        return index, self.trace.layout.name_of(index)

    @property
    def start(self) -> Rows:
        """The start, as a single row."""
        return self.trace.blocks[0].take(slice(0, 1))

    def tail(self) -> Rows | None:
        """Return the last rows of which none was left out: half the run at most; None where there are too few."""
        most = min(TAIL, self.iterations // 2)
        kept, parts = 0, []
        for block in reversed(self.trace.blocks):
            parts.insert(0, block.take(slice(max(0, len(block) - (most - kept)), None)))
            kept += len(parts[0])
            if kept >= most:
                break
        rows = Rows.join(parts)
        gaps = np.flatnonzero(np.diff(rows.iteration) != 1)
        rows = rows.take(slice(int(gaps[-1]) + 1, None)) if gaps.size else rows
        return rows if len(rows) > 1 else None

    def curvature_of(self, row: Rows) -> Curvature:
        """Measure the curvature at a single row of the trace, once."""
        iteration = int(row.iteration[0])
        if iteration == int(self.best.iteration[0]):
            return self.curvature
        if iteration not in self.known:
            before = Counts(**vars(self.objective.counts))
            x = np.ascontiguousarray(row.x[0])
            _, gradient = self.objective.value_and_gradient(x)
            self.known[iteration] = curvature_at(self.objective, x, gradient)
            self.objective.counts = before
        return self.known[iteration]

    def before_the_first_rise(self) -> Rows:
        """Return the row from which the cost first rose (or became no number), or the start where it never did."""
        previous = self.start
        for block in self.trace.blocks:
            costs = np.concatenate([previous.fun, block.fun])
            rises = np.flatnonzero(~(costs[1:] <= costs[:-1]))
            if rises.size:
                return block.take(slice(rises[0] - 1, rises[0])) if rises[0] else previous
            previous = block.take(slice(-1, None))
        return self.start

    def highest_curvature(self) -> tuple[float, np.ndarray]:
        """Return the largest curvature met, and its direction: at the start, the best, and before the first rise."""
        rows = (row for row in (self.start, self.before_the_first_rise()) if np.isfinite(row.fun[0]))
        found = [self.curvature, *(self.curvature_of(row) for row in rows)]
        found = [curvature for curvature in found if np.isfinite(curvature.largest)]
        if not found:
            return np.nan, np.zeros(self.gradient.size)
        top = max(found, key=lambda curvature: curvature.largest)
        return top.largest, top.steepest

    def stable_rate(self) -> tuple[float, float, np.ndarray] | None:
        """Return the largest stable fixed rate, the curvature that sets it and its direction, where there is one."""
        if isinstance(self.rate, StepRule) or not isinstance(self.method, Method):
            return None
        largest, direction = self.highest_curvature()
        if not np.isfinite(largest) or largest <= 0:
            return None
        limit: Any = self.method.stable_rate(largest)
        return None if limit is None else (float(limit), largest, direction)

    def highest_rate(self) -> float:
        """Return the largest rate that the run has used."""
        rates = self.trace.learning_rate
        return float(np.nanmax(rates)) if np.isfinite(rates).any() else np.nan

    @property
    def grew(self) -> bool:
        """Whether the run ended well above its best cost, or broke off for that."""
        if self.reason in (StopReason.DIVERGED, StopReason.NOT_FINITE):
            return True
        start, best, last = float(self.start.fun[0]), float(self.best.fun[0]), float(self.last.fun[0])
        return last > start + self.forgiven or last - best > 0.5 * abs(start - best)

    @property
    def forgiven(self) -> float:
        """How far the cost over all rows may rise by the noise of mini-batches alone; 0 of a run on all rows.

        A random walk of as many long steps along a batch's gradient, and never more than a tenth of the cost.
        """
        step = float(self.last.step_norm[0])
        if self.noise is None or not np.isfinite(step * self.noise):
            return 0.0
        return min(np.sqrt(self.iterations) * step * self.noise, 0.1 * abs(float(self.start.fun[0])))
