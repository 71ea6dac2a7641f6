"""The loop for many runs of one method at once: the engine takes steps, the histories record them, the rules judge.

What `fallline.descent.loop` does to one run is done here to runs side by side. A run that has stopped drops out, and
what the engine did for it beyond its stop is not kept.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.descent.compiled_many import ManyEngine
from fallline.descent.loop import BLOCK_SECONDS, Run
from fallline.descent.watch_many import ManyWatch
from fallline.methods import Method
from fallline.steps import StepRule
from fallline.stopping import CostBelow, GradientBelow, StepBelow
from fallline.stopping.base import Both, Either, Rule, code_of, reason_of
from fallline.stopping.guards import FOLD, Guards
from fallline.stopping.stalled import Stalled
from fallline.trace import Record, Rows, StopReason, Trace
from fallline.trace.histories import Histories

__all__ = ["ManyRuns", "descend_many"]

BLOCK_BYTES = 64_000_000


@dataclass
class ManyRuns:
    """What runs side by side leave behind; each in full when asked for.

    Attributes
    ----------
    histories : Histories
        Their steps.
    codes : array of int, shape (n,)
        Why each stopped: see `fallline.stopping.base.reason_of`.
    evaluations : array of int, shape (n,)
    answers : dict of int to array
        By run, the answers of a method that averages.
    """

    histories: Histories
    codes: np.ndarray
    evaluations: np.ndarray
    answers: dict[int, np.ndarray] = field(default_factory=dict)

    def run(self, run: int, layout: Layout) -> Run:
        """Return one run as `descend` would."""
        histories = self.histories
        last = histories.last_of(run)
        return Run(
            Trace(histories.blocks(run), layout),
            histories.best_of(run),
            last,
            reason_of(int(self.codes[run])),
            int(last.iteration[0]),
            int(self.evaluations[run]),
            float(last.seconds[0]),
            self.answers.get(run),
        )


def descend_many(
    engine: ManyEngine,
    *,
    max_iterations: int,
    memory: int,
    stopping: Rule | None = None,
    watch: ManyWatch | None = None,
    progress: Callable[[Record], None] | None = None,
) -> ManyRuns:
    """Descend in all lanes of an engine until each is stopped by a rule, by optimality or by the guards.

    Parameters
    ----------
    engine : ManyEngine
        Not yet started.
    max_iterations : int
        Steps allowed.
    memory : int
        Bytes that the histories may take.
    stopping : Rule, optional
        Where to stop besides the guards.
    watch : ManyWatch, optional
        Stops with the reason ``converged`` where it says so.
    progress : callable, optional
        Sees the last record of one of the runs after each block.

    Raises
    ------
    KeyboardInterrupt
        Never: the runs going on then end with the reason ``interrupted``.
    """
    loop = _Loop(engine, stopping, watch, memory)
    try:
        while loop.running.size and loop.iteration < max_iterations:
            loop.block(max_iterations - loop.iteration)
            if progress is not None:
                progress(loop.seen())
        loop.finish(StopReason.MAX_ITERATIONS)
    except KeyboardInterrupt:
        loop.finish(StopReason.INTERRUPTED)
    return loop.runs


class _Loop:
    """The state of runs side by side: which are going on, the rules' memory, and the pace."""

    def __init__(self, engine: ManyEngine, stopping: Rule | None, watch: ManyWatch | None, memory: int) -> None:
        self.engine, self.watch = engine, watch
        guards = Guards()
        rule = guards if stopping is None else guards | stopping
        self.rule = rule if _judges_side_by_side(rule) else _OneByOne(rule)
        self.rule_state = self.rule.init()
        self.started = time.perf_counter()
        self.iteration = 0
        fun, square = engine.start()
        slope = np.sqrt(square)
        chosen = engine.chosen
        x, count = engine.starts[chosen], len(chosen)
        self.runs = ManyRuns(
            Histories(x, fun[chosen], square[chosen], memory), np.zeros(count, np.int64), np.ones(count, np.int64)
        )
        codes = np.where(np.isfinite(fun[chosen]), 0, code_of(StopReason.NOT_FINITE))
        if watch is not None:
            optimal = watch.start(engine.starts, fun, slope, chosen)
            codes = np.where(optimal & (codes == 0), code_of(StopReason.CONVERGED), codes)
        self.running = np.arange(count)
        nothing = np.full((1, count), np.nan)
        self.before = Rows(
            np.zeros((1, 1), np.int64),
            x.T[None],
            fun[chosen][None],
            slope[chosen][None],
            nothing,
            nothing,
            nothing[:, :1],
        )
        size = np.abs(fun[chosen].astype(np.float64))
        self.scale = np.where(size == 0, 1.0, size)
        self.pace = 16
        self.growth = 2 if isinstance(engine.measured, StepRule) else 16
        row_bytes = x.itemsize * engine.channels
        self.longest = max(1, min(memory // 4, BLOCK_BYTES) // (row_bytes * count))
        self.moved = False
        self._drop(codes)

    def block(self, most: int) -> None:
        """Take a block of steps, at most so many, keep those up to where each run stops, and drop those that do."""
        began = time.perf_counter()
        numbers, rates = self.engine.advance(min(self.pace, self.longest, most))
        now = time.perf_counter()
        count, size = len(numbers), self.engine.starts.shape[1]
        seconds = began - self.started + np.arange(1.0, count + 1) * ((now - began) / count)
        measured = self.engine.measured
        if measured is not None:
            rates = numbers[:, size + 3]

        def rows(chosen: slice) -> Rows:
            return Rows(
                np.arange(self.iteration + 1, self.iteration + count + 1)[chosen, None],
                numbers[chosen, :size],
                numbers[chosen, size],
                np.sqrt(numbers[chosen, size + 1]),
                rates[chosen],
                np.sqrt(numbers[chosen, size + 2]),
                seconds[chosen, None],
            )

        last = rows(slice(-1, None)).copy()
        stops, codes = self._judge(functools.cache(lambda: rows(slice(None))), numbers[:, size].shape)
        taken = np.cumsum(numbers[:, size + 4], axis=0)[stops - 1, np.arange(len(stops))] if self._counts else stops
        self.runs.evaluations[self.running] += taken.astype(np.int64)
        falling = last.fun[0] < self.engine.extremes.before_last
        self.runs.histories.add(self.running, self.iteration + 1, numbers, rates, seconds, stops, falling)
        self.before = last
        self.iteration += count
        self.pace = max(1, min(self.growth * self.pace, int(BLOCK_SECONDS * count / max(now - began, 1e-9))))
        self.moved = True
        self._drop(codes, stops)

    def seen(self) -> Record:
        """Return where the first of the runs that went on longest is."""
        histories = self.runs.histories
        return Trace(histories.last_of(int(histories.last.iteration.argmax())))[-1]

    @property
    def _counts(self) -> bool:
        return isinstance(self.engine.measured, StepRule)

    def finish(self, reason: StopReason) -> None:
        """Stop all that is still running."""
        self._drop(np.full(len(self.running), code_of(reason)))

    def _judge(self, rows: Callable[[], Rows], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return how many of the rows each run keeps, and the code of why it stops there, or 0.

        The rows, of this many steps and runs, are put together only where the extremes do not tell already.
        """
        count, runs = shape
        stops, reasons = np.full(runs, count), np.zeros(runs, dtype=np.int64)
        codes = None
        if self.iteration == 0 or _may_stop(self.rule, self.engine, self.scale):
            codes, self.rule_state = self.rule.judge(rows(), self.before, self.rule_state)
        if codes is not None and codes.any():
            codes = np.broadcast_to(codes, shape)
            first = np.argmax(codes > 0, axis=0)
            reasons = codes[first, np.arange(runs)]
            stops = np.where(reasons > 0, first + 1, count)
        if self.watch is not None and (low := self.engine.extremes.slope <= self.watch.bars).any():
            optimal = self.watch.judge(rows(), stops, low)
            reasons = np.where(optimal > 0, code_of(StopReason.CONVERGED), reasons)
            stops = np.where(optimal > 0, optimal, stops)
        return stops, reasons

    def _drop(self, codes: np.ndarray, stops: np.ndarray | None = None) -> None:
        """Let the runs with a code stop for that reason, after so many steps of the last block."""
        stopped = np.flatnonzero(codes)
        if not stopped.size:
            return
        self.runs.codes[self.running[stopped]] = codes[stopped]
        self._answer(stopped, codes, stops)
        going = codes == 0
        self.running = self.running[going]
        self.before = Rows(*(_lanes(getattr(self.before, name), going) for name in vars(self.before)))
        self.rule_state = _lanes(self.rule_state, going)
        self.scale = self.scale[going]
        if self.watch is not None:
            self.watch.keep(going)
        if self.running.size:
            self.engine.keep(going)

    def _answer(self, stopped: np.ndarray, codes: np.ndarray, stops: np.ndarray | None) -> None:
        method = self.engine.method
        if not (isinstance(method, Method) and method.averages and self.moved):
            return
        asked = stopped[codes[stopped] != code_of(StopReason.CONVERGED)]
        last = len(self.engine.table)
        counts = np.full(len(asked), last) if stops is None else stops[asked]
        for run, state in zip(self.running[asked], self.engine.method_states(asked, counts), strict=True):
            x = self.runs.histories.last_of(int(run)).x[0]
            self.runs.answers[int(run)] = np.asarray(method.answer(state, x))


def _lanes(state: Any, chosen: np.ndarray) -> Any:
    """Return what belongs to the chosen runs of what a rule remembers of all."""
    if isinstance(state, tuple):
        return tuple(_lanes(part, chosen) for part in state)
    if isinstance(state, np.ndarray) and state.ndim and state.shape[-1] == len(chosen):
        return state[..., chosen]
    return state


def _may_stop(rule: Rule, engine: ManyEngine, scale: np.ndarray) -> bool:
    """Tell whether a rule could stop any run in the engine's last block, by the extremes of that; no is for sure.

    `scale` is the size of the cost at each run's start. Rules that remember more than that may always stop.
    """
    cost, slope, step, highest, _ = engine.extremes
    match rule:
        case Either():
            return _may_stop(rule.left, engine, scale) or _may_stop(rule.right, engine, scale)
        case Guards():
            return not (highest <= FOLD * scale).all() or not (cost >= -FOLD * scale).all()
        case Stalled():
            return not step.all()
        case StepBelow():
            return bool((step < rule.tolerance * np.sqrt(engine.starts.shape[1])).any())
        case GradientBelow():
            return bool((slope < rule.tolerance).any())
        case CostBelow():
            return bool((cost < rule.target).any())
        case _:
            return True


def _judges_side_by_side(rule: Rule) -> bool:
    """Tell whether a rule is fallline's own, which judge any number of runs at once."""
    if isinstance(rule, (Either, Both)):
        return _judges_side_by_side(rule.left) and _judges_side_by_side(rule.right)
    return type(rule).__module__.startswith("fallline.stopping.")


class _OneByOne(Rule):
    """A rule of the user's own, shown each run by itself."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        runs = rows.fun.shape[1]
        states = [self.rule.init() for _ in range(runs)] if state is None else list(state)
        codes = np.zeros(rows.fun.shape, dtype=np.int64)
        for run in range(runs):
            found, states[run] = self.rule.judge(_only(rows, run), _only(before, run), states[run])
            if found is not None:
                codes[:, run] = found
        # an array, so that it loses the states of runs that stop
        kept = np.empty(runs, dtype=object)
        for run, each in enumerate(states):
            kept[run] = each
        return codes, kept


def _only(rows: Rows, run: int) -> Rows:
    """Return the rows of one of the runs side by side."""
    return Rows(*(column[..., min(run, column.shape[-1] - 1)] for column in vars(rows).values()))
