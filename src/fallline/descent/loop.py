"""The one loop: an engine takes steps, the trace records them, the rules look at the records."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from fallline.arrays.layout import Layout, Leaf
from fallline.descent.batches import BatchEngine, BatchPlan
from fallline.descent.compiled import CompiledEngine
from fallline.descent.engine import Block, EagerEngine, Engine
from fallline.descent.step import Rate
from fallline.diagnosis.optimality import Watch
from fallline.methods import Method, UpdateRule
from fallline.objectives.base import Objective
from fallline.steps import StepRule
from fallline.stopping.base import Rule, reason_of
from fallline.stopping.guards import Guards
from fallline.trace import Record, Recorder, Rows, StopReason, Trace

__all__ = ["Loop", "Optimality", "Run", "prepare_loop"]

BLOCK_SECONDS = 0.05

BELOW, SOON = 1e-5, 1e-3
"""Shares of the slope that deserves a look: where a block of searched steps ends, and where one that is to end soon."""


class Optimality(Protocol):
    """Decides during a run whether a point is optimal, at a cost; so it first says which points deserve the look."""

    def candidate(self, rows: Rows) -> int | None:
        """Return the first row worth a look, or None."""
        ...

    def holds(self, row: Rows) -> bool:
        """Tell whether the point of this single row is optimal."""
        ...

    def state(self) -> Any:
        """Return what it has learnt, as numbers and tuples."""
        ...

    def restore(self, state: Any) -> None:
        """Go on from what another one had learnt."""
        ...


@dataclass(frozen=True)
class Run:
    """What a descent leaves behind: its steps (flat), the reason it stopped, its counts and its time.

    `answer` is the point of a method that averages; None where the best point is the answer, as the one is that was
    found optimal on the way. On mini-batches it is the last point, and `epoch_costs` are the costs over all rows at the
    start and after each epoch.
    """

    trace: Trace
    best: Rows
    last: Rows
    reason: StopReason
    iterations: int
    evaluations: int
    seconds: float
    answer: np.ndarray | None = None
    epoch_costs: np.ndarray | None = None


def prepare_loop(
    objective: Objective,
    x0: np.ndarray,
    *,
    method: UpdateRule,
    rate: Rate,
    stopping: Rule | None = None,
    optimality: Optimality | None = None,
    callback: Callable[[Record], Any] | None = None,
    record: Literal["all", "thin", "ends"] = "all",
    progress: Callable[[Record], None] | None = None,
    layout: Layout | None = None,
    plan: BatchPlan | None = None,
) -> Loop:
    """Return the loop that descends from `x0` until a rule, optimality, the guards or the callback stop it.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    x0 : array, shape (d,)
        The start; not changed.
    method : UpdateRule
        Turns gradients into directions.
    rate : Schedule, MeasuredSchedule or StepRule
        Scales the direction.
    stopping : Rule, optional
        Where to stop besides. A cost that is not finite, or that grew or fell 1e20-fold, always stops a run.
    optimality : Optimality, optional
        Stops with the reason ``converged`` where it holds.
    callback : callable, optional
        Sees each kept record; a true answer stops the run there.
    record : {"all", "thin", "ends"}
        How much the trace keeps.
    progress : callable, optional
        Sees the last record of each block.
    layout : Layout, optional
        How records show the parameters; as a flat array by default.
    plan : BatchPlan, optional
        The rows that each step sees, where those are not all.
    """
    layout = layout or Layout(Leaf("array", (x0.size,), 0), x0.size, x0.dtype)
    if isinstance(method, Method):
        method = method.laid_out(layout)
    engine = _engine(objective, x0, method, rate) if plan is None else BatchEngine(plan, x0, method, rate)
    return Loop(engine, method, x0, stopping, optimality, callback, record, progress, layout)


def _engine(objective: Objective, x0: np.ndarray, method: UpdateRule, rate: Rate) -> Engine:
    if objective.program is not None:
        return CompiledEngine(objective, x0, method, rate)
    return EagerEngine(objective, x0, method, rate)


class Loop:
    """The state of one run: pacing, judging and recording.

    `run` makes the whole run; `steps` makes it block by block, for those who want to look on. `reason` is None until
    the run has stopped; `cut` where the callback stopped it before the last of the steps taken, of which the rules
    know already.
    """

    def __init__(
        self,
        engine: Engine,
        method: UpdateRule,
        x0: np.ndarray,
        stopping: Rule | None,
        optimality: Optimality | None,
        callback: Callable[[Record], Any] | None,
        record: Literal["all", "thin", "ends"],
        progress: Callable[[Record], None] | None,
        layout: Layout,
    ) -> None:
        self.engine, self.method, self.optimality, self.callback = engine, method, optimality, callback
        self.progress, self.layout = progress, layout
        self.recorder = Recorder(x0.size, x0.itemsize, record)
        guards = Guards()
        self.rule: Rule = guards | stopping if stopping is not None else guards
        self.rule_state = self.rule.init()
        self.started = time.perf_counter()
        self.iteration = 0
        self.evaluations = self.kept = 0
        self.before: Rows | None = None
        self.reason: StopReason | None = None
        self.cut = False
        self.below = BELOW
        self.longest = engine.longest
        self.pace = min(engine.first, engine.longest) if engine.foresight else 1
        # steps beyond the stop are nearly free at a fixed rate; searched ones end where a look is worth it
        self.growth = 8 if isinstance(engine.rate, StepRule) else 16

    def run(self, max_iterations: int) -> Run:
        """Descend by at most so many steps, and return what is left behind."""
        for _ in self.steps(max_iterations):
            pass
        return self.finish(StopReason.INTERRUPTED)

    def end_blocks_sooner(self) -> None:
        """Let searched blocks end sooner, since something is to be done between them."""
        self.below = SOON

    def steps(self, max_iterations: int, longest: int | None = None) -> Iterator[Rows]:
        """Yield the start and then block after block of steps, each of at most `longest`, until the run stops."""
        if longest is not None:
            self.longest = self.pace = longest
        try:
            if self.before is None:
                yield self._begin()
            while self.reason is None:
                if self.iteration >= max_iterations:
                    self.reason = StopReason.MAX_ITERATIONS
                    return
                yield self._block(min(self.pace, max_iterations - self.iteration))
        except KeyboardInterrupt:
            self.reason = StopReason.INTERRUPTED

    def finish(self, otherwise: StopReason) -> Run:
        """Return what the run leaves behind; `otherwise` is the reason where nothing has stopped it yet."""
        return self._finish(otherwise if self.reason is None else self.reason)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.started

    def _begin(self) -> Rows:
        start = self.before = self._rows(self.engine.start(), self.started)
        self.reason = self._judge_start(start)
        self.recorder.add(start)
        if self.reason is None and self.callback is not None:
            _, self.reason = self._call_back(start)
        return start

    def _block(self, count: int) -> Rows:
        """Take a block of steps and keep those up to where the run stops."""
        if self.before is None:
            raise RuntimeError("the start comes before the steps")
        began = time.perf_counter()
        # a few steps more than what may deserve a look: to come back for each takes longer
        low = self.below * self.optimality.bar if isinstance(self.optimality, Watch) else -np.inf
        low = low if np.isfinite(low) else -np.inf  # slopes so steep that their squares are not finite
        block = self.engine.advance(count, low)
        rows = self._rows(block, began)
        self._adapt(len(rows), time.perf_counter() - began)
        try:
            stop, self.reason = self._judge(rows, self.before)
            rows = rows.take(slice(0, stop))
            if self.callback is not None:
                kept, stopped = self._call_back(rows)
                if stopped is not None and (kept < len(rows) or self.reason is None):
                    rows, self.reason = rows.take(slice(0, kept)), stopped
        except KeyboardInterrupt:  # the steps were taken: they are kept
            self.reason = StopReason.INTERRUPTED
        self.recorder.add(rows)
        self.kept, self.cut = len(rows), self.reason is StopReason.CALLBACK and len(rows) < len(block.fun)
        self.iteration += len(rows)
        self.evaluations += int(block.evaluations[: len(rows)].sum())
        if self.progress is not None:
            self.progress(Trace(rows, self.layout)[-1])
        self.before = self.recorder.last
        return rows

    def _adapt(self, count: int, seconds: float) -> None:
        """Let blocks grow while they are quick, so that a stop wastes little and Ctrl-C is heard soon."""
        if self.engine.foresight:
            by_time = int(BLOCK_SECONDS * count / max(seconds, 1e-9))
            self.pace = max(1, min(self.growth * self.pace, by_time, self.longest))

    def _judge_start(self, start: Rows) -> StopReason | None:
        self.evaluations = 1
        if not np.isfinite(start.fun[0]):
            return StopReason.NOT_FINITE
        if self.optimality is not None and self.optimality.holds(start):
            return StopReason.CONVERGED
        return None

    def _judge(self, rows: Rows, before: Rows) -> tuple[int, StopReason | None]:
        """Return how many of the rows to keep, and why the run stops there, if it does."""
        codes, self.rule_state = self.rule.judge(rows, before.take(slice(-1, None)), self.rule_state)
        stop, reason = len(rows), None
        if codes is not None and codes.any():
            first = int(np.flatnonzero(codes)[0])
            stop, reason = first + 1, reason_of(int(codes[first]))
        optimal = None if self.optimality is None else self._optimal(rows.take(slice(0, stop)))
        if optimal is not None:
            return optimal, StopReason.CONVERGED
        return stop, reason

    def _optimal(self, rows: Rows) -> int | None:
        if self.optimality is None:
            return None
        done = 0
        while (row := self.optimality.candidate(rows.take(slice(done, None)))) is not None:
            done += row + 1
            if self.optimality.holds(rows.take(slice(done - 1, done))):
                return done
        return None

    def _call_back(self, rows: Rows) -> tuple[int, StopReason | None]:
        """Show the rows that the trace keeps to the callback; return how many were seen before it stopped the run."""
        stride = max(1, self.recorder.stride)
        shown = Trace(rows, self.layout)
        row = 0
        try:
            for row in range(len(rows)):
                if rows.iteration[row] % stride or self.callback is None:
                    continue
                answer = self.callback(shown[row])
                if isinstance(answer, (bool, np.bool_)) and answer:
                    return row + 1, StopReason.CALLBACK
        except KeyboardInterrupt:
            return row + 1, StopReason.INTERRUPTED
        return len(rows), None

    def _rows(self, block: Block, began: float) -> Rows:
        count = len(block.fun)
        now = time.perf_counter()
        first = self.iteration + 1 if self.recorder.first is not None else 0
        seconds = np.arange(1.0, count + 1)
        seconds *= (now - began) / count
        seconds += began - self.started
        return Rows(np.arange(first, first + count), *block[:5], seconds)

    def _finish(self, reason: StopReason) -> Run:
        recorder = self.recorder
        first, last = recorder.first, recorder.last
        if first is None or last is None:
            raise RuntimeError("the start is always recorded")
        seconds = time.perf_counter() - self.started
        trace = Trace(recorder.blocks(), self.layout)
        best = recorder.best or first
        answer = self._answer(last, reason)
        costs = self.engine.epoch_costs(self.iteration)
        return Run(trace, best, last, reason, self.iteration, self.evaluations, seconds, answer, costs)

    def _answer(self, last: Rows, reason: StopReason) -> np.ndarray | None:
        method = self.method
        if reason is not StopReason.CONVERGED and self.iteration and isinstance(method, Method) and method.averages:
            return np.asarray(method.answer(self.engine.method_state(self.kept), last.x[0]))
        return last.x[0] if self.engine.noisy and np.isfinite(last.fun[0]) else None
