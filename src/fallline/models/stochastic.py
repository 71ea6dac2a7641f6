"""Fits on mini-batches, by single rows, or with rows held out: the textbook's methods as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from fallline.arrays.layout import Layout, Leaf
from fallline.data.blocks import ArrayRows, Block, Rows
from fallline.data.digest import digest_of
from fallline.data.sparse import SparseRows, is_sparse
from fallline.data.sums import each_block
from fallline.descent.batches import BatchEngine, Batches, BatchPlan
from fallline.descent.engine import Engine
from fallline.descent.epochs import EpochWatch, noise_of, on_all_rows
from fallline.descent.fingerprint import fingerprint
from fallline.descent.held_out import HeldOut, found_by, split_rows
from fallline.descent.loop import Loop, Optimality, Run, prepare_loop
from fallline.descent.row_epochs import Averaged, RowEpochs, RowPlan
from fallline.errors import InputError, shown
from fallline.losses import Loss
from fallline.losses.multinomial import Multinomial
from fallline.methods import GradientDescent, Method
from fallline.models.answer import Answer, Passes, rows_of
from fallline.models.kept import WAY
from fallline.models.one_vs_rest import OneVsRest
from fallline.models.problem import Problem
from fallline.models.settings import Settings
from fallline.objectives.base import Objective
from fallline.objectives.penalised import PenalisedFunction
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_huber import ScaledHuberObjective
from fallline.objectives.rows_program import program_of
from fallline.objectives.rows_some import SomeRows, table_of
from fallline.penalties import Ridge
from fallline.schedules import InverseSqrt, InverseTimeDecay, Schedule
from fallline.schedules.constant import Constant
from fallline.stopping import Rule
from fallline.trace import Trace

__all__ = ["FEW", "Textbook", "check_rows", "kernel_of", "largest_curvature", "own_rate", "rows_apart"]

FEW = 2000
"""Updates up to which plain steps are made in NumPy: they are done before compiled code is loaded."""


MANY = 20_000
"""Updates of a method without a kernel from which JAX compiles them: one by one they would take longer than that."""


class Textbook(Problem):
    """A loss over rows, for descents that see some rows at a time, or are judged by rows held out.

    Parameters
    ----------
    rows, loss, outputs, mean, spread, settings, build
        As for every problem.
    seed : int
        Settles the order of the rows.
    held_out : Rows, optional
        Those that no step sees.
    """

    def __init__(
        self,
        rows: Rows,
        loss: Loss,
        outputs: int,
        mean: np.ndarray,
        spread: np.ndarray,
        settings: Settings,
        build: type[RowsObjective],
        seed: int,
        held_out: Rows | None,
    ) -> None:
        self.seed, self.held_out = seed, held_out
        if settings.stochastic:
            check_rows(loss, settings, build, is_sparse(table_of(rows)))
        super().__init__(rows, loss, outputs, mean, spread, settings, build)
        self._passes: Passes | None = None

    def solve(self, x0: np.ndarray) -> Answer:
        answer = super().solve(x0)
        passes = self._passes
        if passes is not None and passes.costs is not None:
            passes = replace(passes, costs=np.append(passes.costs[:-1], answer.cost))
        return replace(answer, passes=passes)

    def _marks(self, x0: np.ndarray) -> dict[str, Any]:
        held_out = None if self.held_out is None else digest_of(self.held_out)
        marks = {"random order": fingerprint(self.seed), "rows held out": held_out}
        if self.settings.stochastic:
            marks[WAY] = self._way()
        return super()._marks(x0) | marks

    def _worked_on(self) -> Objective:
        return self.objective if self.settings.stochastic else super()._worked_on()

    def _run(
        self, worked_on: Objective, start: np.ndarray, method: Any, rate: Any, stopping: Rule, optimality: Optimality
    ) -> tuple[Run, Trace]:
        if not self.settings.stochastic:
            rule = self._with_held_out(stopping, 1)
            loop = prepare_loop(
                worked_on,
                start,
                method=method,
                rate=rate,
                stopping=rule,
                optimality=optimality,
                progress=self.progress,
            )
            run = self._go(loop, worked_on, self.settings.max_iter)
            return self._judged(run, loop, worked_on, 1, None), run.trace
        layout = Layout(Leaf("array", (start.size,), 0), start.size, start.dtype)
        engine, batches, steps = self._engine(worked_on, start, layout, method, rate)
        # single rows may be fitted without a slope, or have next to no cost: neither is the end
        rule = self._with_held_out(stopping if steps == 1 else None, steps)
        watch = optimality if steps == 1 else EpochWatch(optimality, worked_on, batches)
        loop = Loop(engine, method, start, rule, watch, None, "all", self.progress, layout)
        run = self._go(loop, worked_on, self.settings.max_iter * steps)
        trace = run.trace
        if steps == 1 < batches.steps:
            trace = Trace(replace(rows_of(trace), iteration=trace.iteration * batches.steps), trace.layout)
        return self._judged(run, loop, worked_on, steps, engine), trace

    def _batches(self) -> Batches:
        """Return the rows of each update."""
        size = 1 if self.settings.batch_size is None else min(int(self.settings.batch_size), self.rows.count)
        return Batches(self.rows.count, size, self.seed)

    def _way(self) -> Literal["kernel", "program", "steps"]:
        """Return how updates are made: by a kernel, by a program of JAX's, or one by one in NumPy.

        A fit that goes on makes them as it did.
        """
        if self._kept is not None:
            return self._kept.marks[WAY]
        method, rate = self.settings.named()
        updates = self._batches().steps * self.settings.max_iter
        if type(method) is GradientDescent and (rate is None or isinstance(rate, Schedule)):
            return "kernel" if updates > FEW or self.settings.by_rows in ("saga", "svrg") else "steps"
        dense = not is_sparse(table_of(self.rows))
        return "program" if updates >= MANY and dense and isinstance(method, Method) else "steps"

    def _engine(
        self, worked_on: Objective, start: np.ndarray, layout: Layout, method: Any, rate: Any
    ) -> tuple[Engine, Batches, int]:
        """Return what makes the steps, on which batches, and its records in an epoch."""
        settings, batches, way = self.settings, self._batches(), self._way()
        smooth = self._standardized() if settings.standardize else self.objective
        whole = smooth if worked_on.penalty is None else PenalisedFunction(smooth, worked_on.penalty)
        if isinstance(method, Method):
            method = method.laid_out(layout)
        if way != "kernel":
            some = SomeRows(smooth, whole, program_of(smooth) if way == "program" else None)
            inner = BatchEngine(BatchPlan(some, batches), start, method, rate)
            return (Averaged(inner) if settings.average else inner), batches, batches.steps
        rule: Any = settings.by_rows or "sgd"
        l2, l1 = (1 - settings.l1_ratio) * settings.alpha, settings.l1_ratio * settings.alpha
        plan = RowPlan(smooth, whole, kernel_of(self.loss), batches, rule, l2, l1, settings.average)
        engine = RowEpochs(plan, start, rate, settings.max_iter * batches.steps)
        return engine, batches, engine.steps

    def _standardized(self) -> RowsObjective:
        """Return the cost on a copy of the rows whose columns are centred, where there is an intercept, and scaled."""
        X, settings = table_of(self.rows), self.settings
        spread = np.where(self.spread > 0, self.spread, 1.0)
        centre = self.mean if settings.fit_intercept else 0.0
        copy = np.ascontiguousarray(((X - centre) / spread).astype(X.dtype, copy=False))
        ridge = (1 - settings.l1_ratio) * settings.alpha
        rows = ArrayRows(copy, *self.rows.targets())
        return RowsObjective(
            rows,
            self.loss,
            outputs=self.outputs,
            ridge=Ridge(np.full(copy.shape[1] * self.outputs, ridge)) if ridge > 0 else None,
            intercept=settings.fit_intercept,
        )

    def _method(self, metrics: Any) -> tuple[Any, Any]:
        method, rate = self.settings.named()
        if rate is not None:
            return super()._method(metrics)
        smooth = self._standardized() if self.settings.standardize else self.objective
        ridge = (1 - self.settings.l1_ratio) * self.settings.alpha
        return method, own_rate(smooth, ridge, self.settings.by_rows or "sgd")

    def _with_held_out(self, stopping: Rule | None, every: int) -> Rule | None:
        """Return the rule with one that looks at the rows held out, where there are any, after so many records."""
        if self.held_out is None:
            return stopping
        judge = RowsObjective(self.held_out, self.loss, outputs=self.outputs, intercept=self.settings.fit_intercept)
        units = self._units(self.objective) if self.settings.standardize else None

        def cost(x: np.ndarray) -> float:
            return judge.value(np.ascontiguousarray(x if units is None else units.to_data(x)))

        rule = HeldOut(cost, every, int(self.settings.patience))
        return rule if stopping is None else stopping | rule

    def _judged(self, run: Run, loop: Loop, worked_on: Objective, steps: int, engine: Engine | None) -> Run:
        """Return the run with its answer as the best point, and on mini-batches with epochs for iterations."""
        held_out = found_by(loop.rule, loop.rule_state, run.iterations)
        costs = run.epoch_costs
        if held_out is not None:
            run = replace(run, answer=held_out[0])
            costs = None if costs is None else costs[: int(np.argmin(held_out[1])) + 1]
        elif isinstance(engine, (Averaged, RowEpochs)) and run.iterations and np.isfinite(engine.answer).all():
            run = replace(run, answer=engine.answer)
        noise = noise_of(run) if steps > 1 and self.settings.by_rows not in ("saga", "svrg") else None
        told = run if engine is None and run.answer is None else on_all_rows(run, worked_on)
        if engine is not None:
            epochs = -(-run.iterations // steps)
            told = replace(told, iterations=epochs, trace=Trace(told.trace.blocks, run.trace.layout))
            if costs is not None and held_out is None and len(costs) <= epochs:
                costs = np.append(costs, np.nan)  # the epoch that was broken off
        self._passes = Passes(costs, None if held_out is None else held_out[1], noise)
        return told


def rows_apart(X: Any, y: np.ndarray, weights: np.ndarray | None, share: float, seed: int) -> tuple[Rows, Rows]:
    """Return the rows to descend on and those held out, a share of all.

    Raises
    ------
    InputError
        Where one of them would be empty.
    """
    kind = SparseRows if is_sparse(X) else ArrayRows
    places, held_out = (part[0] for part in split_rows((np.arange(len(y)),), share, seed))
    parts = [kind(X[part], y[part], None if weights is None else weights[part]) for part in (places, held_out)]
    for part in parts:
        if not part.total > 0:
            raise InputError(
                f"validation_fraction must leave rows of some weight on both sides; got {share:g}, and all such rows "
                "on one. Nothing can be learnt, or judged, without. Give another share or random_state."
            )
    return parts[0], parts[1]


def kernel_of(loss: Loss) -> tuple[Any, Any, str]:
    """Return the class of a loss for one predictor, its parameters, and how it serves several, for the kernels.

    Examples
    --------
    >>> from fallline.losses import find
    >>> kernel_of(OneVsRest(find("hinge", "classification")))[2]
    'each'
    """
    if isinstance(loss, OneVsRest):
        return type(loss.inner), loss.inner.parameters, "each"
    return type(loss), loss.parameters, "softmax" if isinstance(loss, Multinomial) else "one"


def largest_curvature(smooth: RowsObjective) -> float:
    """Return the largest curvature of the loss of a single row: infinite where there is none.

    A row `x` of weight `s` (of mean one) has at most ``s·steepest·(‖x‖² + 1)``, the one for the intercept.
    """

    def largest(block: Block) -> float:
        X = block.X
        squares = X.power(2).sum(axis=1) if is_sparse(X) else np.einsum("ij,ij->i", X, X, dtype=np.float64)
        return float(np.max(block.weights * (np.asarray(squares).ravel() + smooth.intercept), initial=0.0))

    longest = max(each_block(smooth.rows, largest)) * smooth.rows.count / smooth.total
    return longest * (smooth.loss.steepest if np.isfinite(smooth.loss.steepest) else 1.0)


def own_rate(smooth: RowsObjective, ridge: float, rule: str) -> Schedule:
    """Return the rate of a method by rows that was given none, from the largest curvature L of a single row.

    SAGA and SVRG go at ``1/(2L + min(2·n·ridge, L))``. Plain steps start at 1/L and fall as ``1/(1 + ridge·k/L)``
    where there is a ridge, else as the root of the epochs done.

    References
    ----------
    A. Defazio, F. Bach and S. Lacoste-Julien, "SAGA", 2014, section 2; L. Bottou, "Stochastic gradient descent
    tricks", 2012, section 5.2.
    """
    L = max(largest_curvature(smooth), np.finfo(float).tiny) + ridge
    count = smooth.rows.count
    if rule != "sgd":
        return Constant(1 / (2 * L + min(2 * count * ridge, L)))
    return InverseTimeDecay(1 / L, ridge / L) if ridge > 0 else InverseSqrt(1 / L, 1 / count)


def check_rows(loss: Loss, settings: Settings, build: type[RowsObjective], sparse: bool) -> None:
    """Refuse what a descent on some rows cannot be.

    Raises
    ------
    InputError
        It says what the method needs.
    """
    rule = settings.by_rows
    given = f"batch_size={settings.batch_size}" if rule is None else f'method="{rule}"'
    if issubclass(build, ScaledHuberObjective):
        raise InputError(
            f"batch_size must be None, and the method one for all rows, with HuberRegressor; got {given}. The scale of "
            'the errors is that of all rows. Use LinearRegressor(loss="huber"), whose delta is in the target\'s units.'
        )
    if settings.standardize and sparse:
        raise InputError(
            f"standardize must be False for sparse rows with {given}; got True. Centred columns are not sparse. Scale "
            "them before, as by sklearn.preprocessing.MaxAbsScaler, or use a method for all rows."
        )
    rate = settings.named()[1]
    if rule in ("saga", "svrg"):
        if not loss.smooth:
            raise InputError(
                f'method must be another one than "{rule}" for the {loss.name} loss; got {rule!r}. It remembers '
                'slopes, which here jump. Use "sgd", or "auto".'
            )
        if rate is not None and not isinstance(rate, Schedule):
            raise InputError(
                f'learning_rate must be a number or a schedule for "{rule}"; got {shown(rate)}. A rate that is '
                "measured on single rows says nothing of the others. Leave it out."
            )
    if rate is None and loss.smooth and not np.isfinite(loss.steepest):
        raise InputError(
            f"learning_rate must be given for the {loss.name} loss with {given}; got None. Its curvature has no bound "
            "to take a rate from. Try 0.01, or a schedule such as InverseTimeDecay(0.01, 1e-4)."
        )
