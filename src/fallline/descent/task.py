"""What the user said about a descent, checked and made ready to run."""

from __future__ import annotations

import dataclasses
import numbers
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from fallline.arrays.layout import Layout, flatten
from fallline.arrays.names import argument_name
from fallline.descent.batches import Batches, BatchPlan
from fallline.descent.checkpoint import Checkpoint, SavedRun, points_marked
from fallline.descent.conclusion import conclude
from fallline.descent.constraints import automatic_method, resolve_penalty, suited_rate
from fallline.descent.data import check_data
from fallline.descent.epochs import EpochWatch
from fallline.descent.fingerprint import fingerprint, marks, unchanged
from fallline.descent.held_out import HeldOut, found_by, judged_by_rows_held_out, share_held_out, split_rows
from fallline.descent.loop import Loop, Run, prepare_loop
from fallline.descent.problem import build_objective
from fallline.descent.rates import resolve_rate
from fallline.descent.rows_check import look_at_rows
from fallline.descent.shapes_check import look_at_shapes
from fallline.descent.step import Rate
from fallline.diagnosis.optimality import Watch
from fallline.diagnosis.value_noise import noise_of_values
from fallline.errors import InputError, InputTypeError, shown
from fallline.methods import GradientDescent, Prodigy, UpdateRule, find
from fallline.methods.torch_optimizer import TorchOptimizer
from fallline.objectives.base import Objective
from fallline.objectives.batched import BatchedFunction
from fallline.objectives.differences import DifferencedFunction
from fallline.objectives.penalised import PenalisedFunction
from fallline.penalties import Penalty
from fallline.schedules.base import positive_rate
from fallline.steps import StepRule, StrongWolfe
from fallline.stopping import NoImprovement, Rule, StepBelow
from fallline.stopping.stalled import Stalled
from fallline.trace import Finding, Record, Result, StopReason

__all__ = ["Task", "check_arguments", "choose_method", "integer_start", "prepare", "standstill"]

PATIENCE = 50
"""Steps of a line search without a lower cost before a run left to itself gives up."""


@dataclass(frozen=True)
class Task:
    """A descent to be made: the function with its data, the start, the method, and where to stop.

    `findings` fills up with what was noticed before the first step; `told` keeps those of them, as plain values, that
    another process would not notice again, and `read` what was read of large arrays.
    """

    fun: Callable[..., Any]
    gradient: Any
    check_gradient: bool
    args: tuple[Any, ...]
    rows: tuple[Any, ...]
    batches: Batches | None
    start: np.ndarray
    layout: Layout
    penalty: Penalty | None
    method: UpdateRule
    rate: Rate
    rules: Rule | None
    most: int
    automatic: bool
    record: Literal["all", "thin", "ends"]
    findings: list[Finding]
    told: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)
    read: dict[int, tuple[Any, str]] = field(default_factory=dict)

    def objective(self) -> Objective:
        """Return what is to be minimised, the penalty included, and note what was found about it."""
        whole_args, batched = self._arguments
        objective = build_objective(
            self.fun, self.start, self.layout, whole_args, self.gradient, self.check_gradient, self.findings, batched
        )
        by_pairs, by_batches = self.gradient is True, self.batches is not None
        self.findings.extend(
            look_at_rows(self.fun, self.start, self.layout, self.rows, self.args, by_pairs, by_batches)
        )
        self.findings.extend(look_at_shapes(self.fun, self.start, self.layout, (*self.rows, *self.args)))
        return self._penalised(objective)

    def note(self, findings: list[Finding]) -> None:
        """Add findings that only a run has brought to light."""
        self.findings.extend(findings)
        self.told.extend(vars(finding) for finding in findings)

    def by_differences(self, noise: float = 0.0, share: float = 0.0) -> Objective:
        """Return the same on the lowest rung, which calls the user's function as it is; its values may be noisy."""
        whole_args, batched = self._arguments
        return self._penalised(DifferencedFunction(self.fun, self.layout, (*batched, *whole_args), noise, share))

    def noise_met(self, result: Result, objective: Objective) -> float:
        """Return the noise in the function's values where a run left to itself got no further for it, else 0."""
        got_no_further = result.reason in (StopReason.NO_PROGRESS, StopReason.MAX_ITERATIONS)
        if not self.automatic or result.success or not got_no_further or self.batches is not None:
            return 0.0
        if objective.exact and any(finding.code == "nonsmooth" for finding in result.diagnosis):
            return 0.0
        return noise_of_values(self.by_differences().value, flatten(result.x)[0].astype(self.start.dtype))

    def evened_out(self, noise: float, result: Result) -> tuple[Task, Objective]:
        """Return the same task for slopes measured over steps that even out noise of this size, and its objective."""
        gained = abs(float(result.trace.fun[0]) - result.fun)
        objective = self.by_differences(noise, min(0.1, noise / max(gained, 10 * noise)))
        return replace(self, rate=StrongWolfe(noise=noise)), objective

    def loop(
        self,
        objective: Objective,
        callback: Callable[[Record], Any] | None = None,
        progress: Callable[[Record], None] | None = None,
    ) -> Loop:
        """Return the loop that descends; see `Loop.run`."""
        plan = None
        if self.batches is not None:
            given = self.gradient if callable(self.gradient) else None
            plan = BatchPlan(
                BatchedFunction(self.fun, given, objective, self.layout, self.rows, self.args), self.batches
            )
        return prepare_loop(
            objective,
            self.start,
            method=self.method,
            rate=self.rate,
            stopping=self.rules if self.rules is not None or plan is not None else standstill(self.rate),
            optimality=self._watch(objective) if self.rules is None else None,
            callback=callback,
            record=self.record,
            progress=progress,
            layout=self.layout,
            plan=plan,
        )

    def run(
        self,
        objective: Objective,
        callback: Callable[[Record], Any] | None = None,
        progress: Callable[[Record], None] | None = None,
        checkpoint: Checkpoint | None = None,
        saved: SavedRun | None = None,
    ) -> Result:
        """Descend to the end, from where a saved run stood if there is one, and conclude."""
        loop = self.loop(objective, callback, progress)
        if checkpoint is None:
            run = loop.run(self.most)
        else:
            run = checkpoint.run(loop, objective, self.most, saved, self.told)
        return self.result(run, objective, loop)

    def marks(self) -> dict[str, str]:
        """Return marks of the functions given, and of what they refer to."""
        return marks((self.fun, self.gradient), self.read)

    def problem(self, objective: Objective, before: dict[str, str]) -> dict[str, Any]:
        """Return marks by which the same call is known again; `before` are those before the first evaluation."""
        points = points_marked(objective, self.start)
        return {
            "function": unchanged(before, self.marks()),
            **points,
            "start": fingerprint(self.start),
            "data or arguments": fingerprint((self.rows, self.args, self.batches)),
            "method": fingerprint(self.method),
            "learning rate": fingerprint(self.rate),
            "penalty": fingerprint(self.penalty),
            "stopping rule": fingerprint(self.rules),
            "record": self.record,
        }

    def result(self, run: Run, objective: Objective, loop: Loop) -> Result:
        """Verify the answer of a finished run and diagnose it."""
        held_out = found_by(loop.rule, loop.rule_state, run.iterations)
        if held_out is not None:
            run = replace(run, answer=held_out[0])
        settings = (self.method, self.rate, self.layout, self.findings, self.rules is None, self.started)
        watch = loop.optimality if isinstance(loop.optimality, Watch) else None
        result = conclude(run, objective, *settings, watch)
        return result if held_out is None else judged_by_rows_held_out(result, held_out[1])

    @property
    def _arguments(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The arguments beside the parameters that are always the same, and those of which a batch takes rows."""
        return (self.args, self.rows) if self.batches is not None else ((*self.rows, *self.args), ())

    def _penalised(self, objective: Objective) -> Objective:
        return objective if self.penalty is None else PenalisedFunction(objective, self.penalty)

    def _watch(self, objective: Objective) -> Watch | EpochWatch:
        """Return who looks for optimality while the run goes on: on mini-batches, only at the end of an epoch."""
        watch = Watch(objective)
        return watch if self.batches is None else EpochWatch(watch, objective, self.batches)


def prepare(
    *,
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...],
    data: tuple[Any, ...] | None,
    gradient: Any,
    method: str | UpdateRule,
    learning_rate: Any,
    bounds: Any,
    penalty: Penalty | None,
    tolerance: float | None,
    stopping: Rule | None,
    max_iterations: int,
    batch_size: int | None,
    epochs: int | None,
    seed: int,
    record: Literal["all", "thin", "ends"],
    progress: bool | Literal["auto"],
    check_gradient: bool,
) -> Task:
    """Check everything that can be checked before the function is called; as in `fallline.minimize`."""
    check_arguments(fun, args, tolerance, stopping, max_iterations, record, progress)
    start, layout, whole = flatten(x0, label=argument_name(fun))
    rows, batches = check_data(data, batch_size, epochs, seed)
    if stopping is not None and (share := share_held_out(stopping)) is not None:
        rows, held_out = split_rows(rows, share, seed)
        rows, batches = check_data(rows, batch_size, epochs, seed)
        every, by_pairs = 1 if batches is None else batches.steps, gradient is True
        held_args = (*map(layout.rows, held_out), *args)
        stopping = HeldOut.of(fun, layout, held_args, by_pairs, every, stopping)
    proximal = resolve_penalty(penalty, bounds, start, layout)
    rules = StepBelow(tolerance) if tolerance is not None else stopping
    rule = choose_method(method, learning_rate, layout, batches, proximal)
    return Task(
        fun=fun,
        gradient=gradient,
        check_gradient=check_gradient,
        args=args,
        rows=tuple(map(layout.rows, rows)),
        batches=batches,
        start=start,
        layout=layout,
        penalty=proximal,
        method=rule,
        rate=suited_rate(rule, resolve_rate(learning_rate, rule, layout), proximal),
        rules=rules,
        most=max_iterations if epochs is None else epochs * (batches.steps if batches is not None else 1),
        automatic=method == "auto"
        and learning_rate is None
        and gradient in ("auto", "finite-differences")
        and not rules,
        record=record,
        findings=[integer_start(x0)] if whole else [],
    )


def standstill(rate: Any) -> Rule:
    """Return the rule that ends a run left to itself where it gets no further."""
    if isinstance(rate, StepRule):
        return Stalled() | NoImprovement(PATIENCE)
    return Stalled(measured=False)


def check_arguments(
    fun: Any, args: Any, tolerance: Any, stopping: Any, max_iterations: Any, record: Any, progress: Any
) -> None:
    """Refuse arguments that cannot be used, whatever the others are."""
    if not callable(fun):
        raise InputTypeError(f"fun must be a function; got {shown(fun)}. Write lambda x: … or a function's name.")
    if not isinstance(args, tuple):
        raise InputTypeError(f"args must be a tuple; got {shown(args)}. For one argument write args=(a,).")
    if tolerance is not None and stopping is not None:
        raise InputError(
            "tolerance and stopping must not be given both; got both. They say the same in two ways. "
            "Write stopping=StepBelow(tolerance) | other rules."
        )
    if stopping is not None and not isinstance(stopping, Rule):
        raise InputTypeError(
            f"stopping must be a rule from fallline.stopping; got {shown(stopping)}. "
            "Write fallline.stopping.StepBelow(1e-6), say."
        )
    if isinstance(max_iterations, bool) or not isinstance(max_iterations, (int, np.integer)) or max_iterations < 0:
        raise InputError(
            f"max_iterations must be a whole number of at least 0; got {shown(max_iterations)}. It counts steps. "
            "The default is 10000."
        )
    if record not in ("all", "thin", "ends"):
        raise InputError(f'record must be "all", "thin" or "ends"; got {shown(record)}. Choose one of them.')
    if progress not in ("auto", True, False):
        raise InputError(f'progress must be "auto", True or False; got {shown(progress)}. Choose one of them.')


def choose_method(
    method: Any, learning_rate: Any, layout: Layout, batches: Batches | None, penalty: Penalty | None
) -> UpdateRule:
    """Return the method that the user named, or the best one where it was left to fallline."""
    if isinstance(method, str) and method.lower() == "auto":
        if learning_rate is not None:
            return GradientDescent()
        return automatic_method(penalty, layout.size) if batches is None else Prodigy()
    rule = find(method)
    if not isinstance(rule, TorchOptimizer):
        return rule
    if isinstance(learning_rate, numbers.Real) and not isinstance(learning_rate, bool):
        rate = float(learning_rate)
        positive_rate("learning_rate", rate)
        rule = dataclasses.replace(rule, learning_rate=rate)
    return rule.laid_out(layout)


def integer_start(x0: Any) -> Finding:
    """Return the finding that whole numbers were made float64."""
    return Finding(
        "integer-start",
        "info",
        f"The start {shown(x0)} is in whole numbers; the descent runs in float64.",
        "Nothing needs to change.",
        {},
    )
