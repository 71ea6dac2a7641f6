"""Looks at all the rows of a run on mini-batches: during it, and after it for the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fallline.descent.batches import Batches
from fallline.descent.loop import Optimality, Run
from fallline.objectives.base import Objective
from fallline.trace import Rows, Trace

__all__ = ["EpochWatch", "noise_of", "on_all_rows"]


class EpochWatch:
    """Looks for optimality over all rows, at the ends of epochs only."""

    def __init__(self, watch: Optimality, whole: Objective, batches: Batches) -> None:
        self.watch, self.whole, self.batches = watch, whole, batches

    def candidate(self, rows: Rows) -> int | None:
        ends = np.flatnonzero(rows.iteration % self.batches.steps == 0)
        found = self.watch.candidate(rows.take(ends)) if ends.size else None
        return None if found is None else int(ends[found])

    def state(self) -> Any:
        return self.watch.state()

    def restore(self, state: Any) -> None:
        self.watch.restore(state)

    def holds(self, row: Rows) -> bool:
        cost, gradient = self.whole.value_and_gradient(np.ascontiguousarray(row.x[0]))
        return self.watch.holds(_with(row, cost, self.whole.slope(row.x[0], gradient)))


def on_all_rows(run: Run, whole: Objective) -> Run:
    """Return the run with the start, the answer and the end only, their costs and slopes being those over all rows.

    The end tells the highest rate of the run, and the longest step.
    """
    rates, lengths = run.trace.learning_rate, run.trace.step_norm
    end = _looked_at(run.last, whole)
    if run.iterations:
        end = replace(end, learning_rate=np.array([np.nanmax(rates)]), step_norm=np.array([np.nanmax(lengths)]))
    answer = _looked_at(run.best if run.answer is None else replace(run.last, x=run.answer[None]), whole)
    start = _looked_at(run.trace.blocks[0].take(slice(0, 1)), whole)
    rows = [start, end] if run.iterations else [start]
    return replace(run, trace=Trace(rows, run.trace.layout), best=answer, last=end, answer=None)


def noise_of(run: Run) -> float | None:
    """Return the root mean square of the batches' gradients in the last epoch of a run, None of a run on all rows."""
    if run.epoch_costs is None:
        return None
    steps = run.iterations // len(run.epoch_costs[1:]) if len(run.epoch_costs) > 1 else run.iterations
    recent = run.trace.gradient_norm[run.trace.iteration > run.iterations - max(1, steps)]
    return float(np.sqrt(np.mean(recent**2))) if recent.size else None


def _looked_at(row: Rows, whole: Objective) -> Rows:
    cost, gradient = whole.value_and_gradient(np.ascontiguousarray(row.x[0]))
    return _with(row, cost, whole.slope(row.x[0], gradient))


def _with(row: Rows, cost: float, slope: np.ndarray) -> Rows:
    return replace(row, fun=np.array([cost]), gradient_norm=np.array([np.linalg.norm(slope)]))
