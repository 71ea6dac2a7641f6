"""The runs of a comparison: those alike go side by side in one program, the others one after the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from fallline.arrays.layout import flatten
from fallline.descent.compiled import is_frozen
from fallline.descent.compiled_many import ManyEngine
from fallline.descent.conclusion import conclude
from fallline.descent.loop import Run
from fallline.descent.many import descend_many
from fallline.descent.problem import belied
from fallline.descent.step import Rate
from fallline.descent.task import Task, standstill
from fallline.descent.watch_many import ManyWatch
from fallline.methods import Method, UpdateRule
from fallline.methods.torch_optimizer import TorchOptimizer
from fallline.objectives.base import Counts, Objective
from fallline.schedules import Schedule
from fallline.schedules.constant import Constant, PerParameter
from fallline.steps import StepRule
from fallline.trace import Finding, Record, Result, StopReason
from fallline.trace.histories import MEMORY_OF_ALL

__all__ = ["Entry", "Outcomes", "Runner"]

FEW, FEW_SEARCHES = 8, 32
"""Runs alike from which they go side by side; fewer are quicker one after the other, in the program of a single run.

Where steps are searched for, that program takes longer to compile, and fewer runs are not worth another.
"""


class Entry(NamedTuple):
    """One run: its method, its rate and its start, and what the method is called."""

    label: str
    method: UpdateRule
    rate: Rate
    start: int


class Outcomes:
    """What is known of runs before they are verified, run by run.

    Attributes
    ----------
    x : array, shape (n, d)
        The answers.
    fun, slope, begun : array, shape (n,)
        The cost and the slope there, and the slope at the start.
    iterations : array of int, shape (n,)
    reason : array of StopReason, shape (n,)
    made : array of bool, shape (n,)
        Which runs were made: not those that an interruption came before.
    """

    def __init__(self, entries: list[Entry], starts: np.ndarray) -> None:
        count = len(entries)
        self.x = np.empty((count, starts.shape[1]), starts.dtype)
        self.fun, self.slope, self.begun = np.empty((3, count))
        self.iterations = np.zeros(count, dtype=np.int64)
        self.reason = np.empty(count, dtype=object)
        self.made = np.zeros(count, dtype=bool)
        self._group, self._lane = np.zeros((2, count), dtype=np.int64)
        self._results: list[Callable[[int], Result]] = []

    def put(self, places: list[int], result: Callable[[int], Result], columns: tuple[Any, ...]) -> None:
        """Take in runs: how to make the result of each, by its place among them, and their columns as named above."""
        names = ("x", "fun", "slope", "begun", "iterations", "reason")
        put = np.array(places)
        for name, column in zip(names, columns, strict=True):
            getattr(self, name)[put] = column
        self._group[put], self._lane[put] = len(self._results), np.arange(len(put))
        self._results.append(result)
        self.made[put] = True

    def result(self, place: int) -> Result:
        """Return a run in full, verified now."""
        return self._results[self._group[place]](int(self._lane[place]))


@dataclass
class Runner:
    """Makes the runs of a comparison.

    Attributes
    ----------
    task : Task
        What they have in common.
    objective : Objective
        What they minimise.
    starts : array, shape (s, d)
    findings : list of list of Finding
        What was noticed before the first step, by start.
    progress : callable or None
        Sees records now and then.
    apart : bool
        Whether no runs may go side by side, nor wait to be verified: not on mini-batches, nor where a rule knows rows
        that are held out.
    """

    task: Task
    objective: Objective
    starts: np.ndarray
    findings: list[list[Finding]]
    progress: Callable[[Record], None] | None = None
    apart: bool = False

    def run(self, entries: list[Entry]) -> Outcomes:
        """Make the runs and return what became of them; an interruption leaves out those that had not begun."""
        outcomes = Outcomes(entries, self.starts)
        with ThreadPoolExecutor(_threads()) as pool:
            for places in self._groups(entries):
                group = [entries[place] for place in places]
                if len(group) > 1:
                    outcomes.put(places, *self._side_by_side(group, pool, len(group) / len(entries)))
                else:
                    outcomes.put(places, *self._alone(group[0], len(entries)))
                if StopReason.INTERRUPTED in outcomes.reason[places]:
                    break
        return outcomes

    def _groups(self, entries: list[Entry]) -> list[list[int]]:
        """Return the places of runs that go side by side, and each of the others by itself, in their order."""
        alike: dict[Any, list[int]] = {}
        kinds = [Constant if type(entry.rate) is Constant else self._kind(entry.rate) for entry in entries]
        methods = [id(entry.method) for entry in entries]
        for place, key in enumerate(zip(methods, kinds, strict=True)):
            alike.setdefault(key, []).append(place)
        groups: list[list[int]] = []
        for places in alike.values():
            many = self.objective.program is not None and not self.apart
            many &= not isinstance(entries[places[0]].method, TorchOptimizer)
            few = FEW_SEARCHES if isinstance(entries[places[0]].rate, StepRule) else FEW
            groups += [places] if many and len(places) >= few else [[place] for place in places]
        return sorted(groups)

    def _kind(self, rate: Rate) -> Any:
        """Return what must be equal for rates to share a program."""
        if isinstance(rate, Schedule):
            return PerParameter if isinstance(rate, PerParameter) else Schedule
        return rate if is_frozen(rate) else id(rate)

    def _side_by_side(self, entries: list[Entry], pool: Any, share: float) -> tuple[Callable[[int], Result], Any]:
        method, rate, began = entries[0].method, entries[0].rate, time.perf_counter()
        if isinstance(method, Method):
            method = method.laid_out(self.task.layout)
        used, chosen = np.unique([entry.start for entry in entries], return_inverse=True)
        rates = [entry.rate for entry in entries]
        engine = ManyEngine(self.objective, method, rates, self.starts[used], chosen, pool, _threads())
        runs = descend_many(
            engine,
            max_iterations=self.task.most,
            memory=int(share * MEMORY_OF_ALL),
            stopping=self.task.rules or standstill(rate),
            watch=ManyWatch(self.objective) if self.task.rules is None else None,
            progress=self.progress,
        )
        size, histories = self.starts.shape[1], runs.histories
        best = histories.best.rows.copy()
        x, fun, slope = best[:, :size], best[:, size], np.sqrt(best[:, size + 1])
        for lane, answer in runs.answers.items():
            x[lane] = self._kept(answer)
            fun[lane], slope[lane] = self._at(x[lane])
        reasons = np.array([None, *StopReason], dtype=object)[runs.codes]
        columns = (x, fun, slope, np.sqrt(histories.first.rows[:, size + 1]), histories.last.iteration, reasons)

        def make(lane: int) -> Result:
            return self._conclude(self._own(entries[lane], began), runs.run(lane, self.task.layout))

        return make, columns

    def _alone(self, entry: Entry, among: int) -> tuple[Callable[[int], Result], Any]:
        task, objective = self._own(entry, time.perf_counter(), among), self.objective
        objective.counts = Counts()
        loop = task.loop(objective, progress=self.progress)
        run = loop.run(task.most)
        begun = float(run.trace.blocks[0].gradient_norm[0])
        if objective.program is not None and not self.apart:
            x = np.ascontiguousarray(run.best.x[0])
            fun, slope = float(run.best.fun[0]), float(run.best.gradient_norm[0])
            if run.answer is not None:
                x = self._kept(run.answer)
                fun, slope = self._at(x)
            return lambda _: self._conclude(task, run), (x, fun, slope, begun, run.iterations, run.reason)
        # what such an objective has counted is of this run, and what such a rule has found not for long
        result = replace(self._checked(task, task.result(run, objective, loop)), seconds=run.seconds)
        x = flatten(result.x)[0]
        columns = (x, result.fun, self._at(x)[1], begun, result.nit, result.reason)
        return lambda _: result, columns

    def _at(self, x: np.ndarray) -> tuple[float, float]:
        """Return the cost and the slope at a point, which nobody counts."""
        before = Counts(**vars(self.objective.counts))
        fun, gradient = self.objective.value_and_gradient(x)
        self.objective.counts = before
        return fun, float(np.linalg.norm(self.objective.slope(x, gradient)))

    def _kept(self, answer: np.ndarray) -> np.ndarray:
        """Return an average as an answer gives it: moved to where it obeys the penalty."""
        penalty = self.objective.penalty
        return answer if penalty is None else np.asarray(penalty.prox(answer, 0.0))

    def _own(self, entry: Entry, began: float, among: int = 1) -> Task:
        """Return one run as a task of its own."""
        row_bytes = self.starts.itemsize * self.starts.shape[1] + 48
        fits = among * self.task.most * row_bytes <= MEMORY_OF_ALL
        return replace(
            self.task,
            start=self.starts[entry.start],
            method=entry.method,
            rate=entry.rate,
            record="all" if fits else "thin",
            findings=list(self.findings[entry.start]),
            told=[],
            started=began,
        )

    def _conclude(self, task: Task, run: Run) -> Result:
        """Verify the answer of a run and diagnose it."""
        settings = (task.method, task.rate, task.layout, task.findings, task.rules is None, task.started)
        with np.errstate(all="ignore"):
            result = self._checked(task, conclude(run, self.objective, *settings))
        return replace(result, seconds=run.seconds)

    def _checked(self, task: Task, result: Result) -> Result:
        """Return the result, or where the user's own function denies it that of the run made anew on the function."""
        told = belied(self.objective, result)
        if told is None:
            return result
        task.note([told])
        return task.run(task.by_differences(), progress=self.progress)


def _threads() -> int:
    return max(1, os.cpu_count() or 1)
