"""A fit from the objective to the answer: which objective, which method, and what is said about the result."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from fallline.data.blocks import Rows
from fallline.data.moments import longest_row
from fallline.descent.checkpoint import Checkpoint
from fallline.descent.constraints import suited_rate
from fallline.descent.loop import Loop, Optimality, Run, prepare_loop
from fallline.errors import DataError
from fallline.losses import Loss
from fallline.methods import LBFGS
from fallline.models.answer import Answer, chosen, rows_of
from fallline.models.interior import InteriorPoint
from fallline.models.judges import Bounding, Dual, Estimating, Judge, Proving, Scaled
from fallline.models.kept import KeptFit, marks_of
from fallline.models.newton import Metrics, Newton, worth_sampling
from fallline.models.newton_by_class import NewtonByClass
from fallline.models.newton_cg import NewtonCG
from fallline.models.proximal_newton import ProximalNewton, ProximalSearch
from fallline.models.reason import reason_of
from fallline.models.sampling import Sample
from fallline.models.separation import Separable
from fallline.models.settings import Settings
from fallline.models.units import InUnits, RuleInUnits
from fallline.models.working_sets import WorkingSets
from fallline.objectives.base import Objective
from fallline.objectives.penalised import PenalisedFunction
from fallline.objectives.quadratic import QuadraticObjective
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_huber import ScaledHuberObjective
from fallline.objectives.rows_metric import Metric
from fallline.objectives.rows_standardized import StandardizedObjective
from fallline.penalties import L1, Ridge
from fallline.schedules import Constant
from fallline.steps import StrongWolfe
from fallline.steps.face_search import FaceSearch
from fallline.stopping import Rule
from fallline.stopping.stalled import Stalled
from fallline.trace import Record, StopReason, Trace

__all__ = ["Problem"]

DENSE = 1500
"""Parameters up to which Hessians are formed; beyond, limited-memory updates on standardised columns take over."""

MANY = 100
"""Parameters from which conjugate gradients do better than exact Hessians."""

WORTH_SETS = 1e8
"""Operations of a Hessian from which one of fewer columns is worth a table of them."""

OFFSET = 30.0
"""Spreads that a column may be from zero for that, the diagonal of the Hessian being all that is known of it."""

FAR = 3e4
"""Spreads that it may be from zero where the Hessian itself is, in centred columns."""

GRAM_CELLS = 20_000
"""Cells up to which a named method runs on the rows themselves: to the last digit what a textbook's loop gives."""

EXACT = 0.1
"""Share of the slope that a search may leave for a loss whose curvature jumps (as exact searches do in S. Keerthi and
D. DeCoste, "A modified finite Newton method for fast solution of large scale linear SVMs", 2005)."""

STUCK = (StopReason.NO_PROGRESS, StopReason.NOT_FINITE, StopReason.DIVERGED)
"""Ends of a run that another start may mend."""


class Problem:
    """A loss over rows with the settings of a fit.

    Parameters
    ----------
    rows : Rows
    loss : Loss
    outputs : int
        Predictors.
    mean, spread : array, shape (d,)
        Of the columns: their means and standard deviations.
    settings : Settings
    build : class of RowsObjective
    """

    def __init__(
        self,
        rows: Rows,
        loss: Loss,
        outputs: int,
        mean: np.ndarray,
        spread: np.ndarray,
        settings: Settings,
        build: type[RowsObjective] = RowsObjective,
    ) -> None:
        self.rows, self.loss, self.outputs, self.settings = rows, loss, outputs, settings
        self.mean, self.spread = mean, spread
        self.progress: Callable[[Record], None] | None = None
        self._kept: KeptFit | None = None
        self._longest: float | None = None
        self._sample: Sample | None = None
        self.quadratic: QuadraticObjective | None = None
        columns = self._column_strengths()
        self.objective = build(
            rows, loss, outputs=outputs, ridge=self._ridge(columns), intercept=settings.fit_intercept
        )
        self.strength = np.zeros(self.objective.size)
        self.strength[: self.objective.coefficients] = np.tile(settings.l1_ratio * columns[0], outputs)
        # few steps make a fit: none is taken ahead of a stop
        self.objective.pure = not settings.automatic
        self.objective.bends_often = settings.automatic
        # of several outputs a singular Hessian with absolute values is best never formed
        singular = settings.automatic and self.kinked and outputs > 1 and self.wide
        self.dense = self.objective.size <= DENSE and not singular
        self.baseline = self._baseline()
        self.interior: InteriorPoint | None = None
        plain = build is RowsObjective and self.dense and settings.automatic
        if plain and loss.parts(rows.targets()[0][:1]):
            self.interior = InteriorPoint(self.objective, self.strength, mean, self.spread)
        if loss.quadratic and self.dense and not self.selects:
            self.quadratic = QuadraticObjective(self.objective, mean)
            self.quadratic.pure = self.objective.pure

    def keep(self, checkpoint: Checkpoint, x0: np.ndarray) -> None:
        """Let the descent from `x0` be kept in a file, and go on from it if it is there; as `KeptFit` does."""
        self._kept = KeptFit(checkpoint, self._marks(x0))

    def _marks(self, x0: np.ndarray) -> dict[str, Any]:
        """Return marks by which the same fit is known again."""
        return marks_of(self.objective, self.settings, x0)

    @property
    def may_separate(self) -> bool:
        """Whether the cost has no minimum where planes separate the classes."""
        fading = self.loss.concordant and (self.outputs == 1 or self.loss.invariant)
        return self.loss.task == "classification" and fading and self.settings.alpha == 0

    def _baseline(self) -> float:
        """Return the cost of the best constant model."""
        cost, y = self.objective.baseline(), self.rows.targets()[0]
        if not np.isfinite(cost):
            raise DataError(
                f"y must hold numbers whose squares can be summed; got some up to {np.abs(y).max():.3g}. "
                "Their sum is beyond floating point. Scale the target down."
            )
        return cost

    def solve(self, x0: np.ndarray) -> Answer:
        """Descend from `x0`, shape (size,), in the data's units.

        Where conjugate gradients got stuck in rounding and Hessians can be formed, descend by these. Where that was
        left to the model and stuck at a start worse than the best constant, descend from zeros.
        """
        answer = self._descended(x0)
        self._kept = None  # it was the first descent's: a second one starts anew
        if not answer.converged and answer.run.reason in STUCK and self.truncates and self._forms:
            self.truncates = False
            again = self._descended(x0)
            answer = again if again.certificate.gap <= answer.certificate.gap else answer
        if answer.converged or not self.settings.automatic or not x0.any() or answer.trace.fun[0] <= self.baseline:
            return answer
        stuck = answer.run.reason in STUCK or not answer.cost <= self.baseline
        return self._descended(np.zeros_like(x0)) if stuck else answer

    def _descended(self, x0: np.ndarray) -> Answer:
        settings, smooth = self.settings, self._worked_on()
        base = self._penalised(smooth)
        threshold = self._threshold()
        constant = self.quadratic.metric if self.quadratic else None
        sampling = settings.automatic and self.dense and not self.kinked
        metrics = Metrics(self.objective, self.mean, threshold, constant, self.spread if sampling else None)
        self._sample = metrics.sample
        judge = self._judge(metrics, base, threshold)
        method, rate = self._method(metrics)
        if isinstance(method, (Newton, ProximalNewton)) and metrics.sample is None and not self.loss.quadratic:
            self.objective.foresee_curvature(self.mean)
        scaled = settings.standardize if not settings.automatic else not (self.dense or self.in_own_units)
        units = self._units(smooth) if scaled else None
        worked_on = base if units is None else self._penalised(units, units)
        start, optimality = (x0, judge) if units is None else (units.from_data(x0), InUnits(judge, units))
        run, trace = self._run(worked_on, start, method, rate, self._stopping(units), optimality)
        x = np.ascontiguousarray(chosen(run).x[0])
        if units is not None:
            x, trace = units.to_data(x), Trace(rows_of(trace, units.to_data(trace.flat_x)))
        trace.note = reason_of(method, self.objective, self._sample is not None) if settings.automatic else ""
        cost, gradient = base.value_and_gradient(x)
        certificate = judge.certify(x)
        converged = bool(np.isfinite(cost)) and certificate.gap <= judge.limit(cost)
        return Answer(x, cost, gradient, trace, run, worked_on, method, rate, metrics, certificate, converged)

    def _run(
        self,
        worked_on: Objective,
        start: np.ndarray,
        method: Any,
        rate: Any,
        stopping: Rule,
        optimality: Optimality,
    ) -> tuple[Run, Trace]:
        """Return the run as it is judged, with all steps that it kept."""
        loop = prepare_loop(
            worked_on,
            start,
            method=method,
            rate=rate,
            stopping=stopping,
            optimality=optimality,
            progress=self.progress,
        )
        run = self._go(loop, worked_on, self.settings.max_iter)
        return run, run.trace

    def _go(self, loop: Loop, worked_on: Objective, most: int) -> Run:
        """Descend by at most so many steps, kept in a file if there is one to be kept in."""
        return loop.run(most) if self._kept is None else self._kept.run(loop, worked_on, most)

    def _method(self, metrics: Metrics) -> tuple[Any, Any]:
        """Return the method and the rate that the settings ask for, or those that suit the problem."""
        if not self.settings.automatic:
            method, rate = self.settings.named()
            return method, suited_rate(method, rate, L1(self.strength) if self.kinked else None)
        if self.truncates:
            return NewtonCG(self.objective, (self.mean, self.spread) if self._forms else None), self._search
        if self.separates:
            return NewtonByClass(self.objective, self.mean), self._search
        if self.selects:
            return WorkingSets(self.objective, self.strength, self.mean, self.spread), ProximalSearch()
        if not self.dense:
            return LBFGS(memory=20), FaceSearch() if self.kinked else StrongWolfe()
        if self.interior is not None:
            return self.interior, Constant(1.0)
        if self.kinked:
            return ProximalNewton(metrics, self.strength), ProximalSearch()
        minimiser = self.quadratic.solution if self.quadratic and self.quadratic.factored else None
        return Newton(metrics, minimiser), Constant(1.0) if self.loss.quadratic else self._search

    @property
    def _search(self) -> StrongWolfe:
        """Return the search along Newton's steps; where curvature jumps, it goes on to about the lowest point."""
        jumps = not self.loss.concordant and type(self.objective) is RowsObjective
        return StrongWolfe(c2=EXACT) if jumps else StrongWolfe()

    def _stopping(self, units: StandardizedObjective | None) -> Rule:
        """Return the rule that ends a run besides optimality: standing still, or classes found separable."""
        if not self.may_separate:
            return Stalled()
        # a mean loss below log(2) times a row's share keeps that row's own loss below log(2): it is on its side
        weights = self.rows.targets()[1]
        smallest = 1.0 if weights is None else float(weights[weights > 0].min())
        certain = float(np.log(2)) * smallest / self.rows.total
        separable = Separable(self.objective, certain, every=self.settings.automatic)
        return Stalled() | (separable if units is None else RuleInUnits(separable, units))

    def _judge(self, metrics: Metrics, base: Objective, threshold: float) -> Judge:
        every = self.settings.automatic and self.dense
        if self.interior is not None:
            return Bounding(self.interior, base, threshold, every)
        if isinstance(self.objective, ScaledHuberObjective):
            return Scaled(self.objective, self.mean, base, threshold, every)
        if self.kinked or not self.loss.concordant:
            free = not self.kinked and self.loss.smooth and not self.separates
            newton = metrics if self.dense and free else None
            return Dual(self.objective, self.strength, self.mean, self.spread, newton, base, threshold, every)
        if self.truncates:
            return Dual(self.objective, self.strength, self.mean, self.spread, None, base, threshold, every=False)
        if self.dense:
            factored = self.quadratic.factored if self.quadratic else None
            attained = self.baseline if self.settings.fit_intercept else np.inf
            return Proving(metrics, self._reach, base, threshold, every, factored, attained)
        return Estimating(self._units(self._worked_on()), base, threshold, every)

    @cached_property
    def truncates(self) -> bool:
        """Whether the method of a wide table is Newton's, by conjugate gradients: a penalty makes that quick."""
        plain = type(self.objective) is RowsObjective and self.loss.smooth
        if not (self.settings.automatic and plain and self.objective.penalised) or self.kinked:
            return False
        if self.outputs == 1 and not self.dense:
            return True
        if self.objective.size <= MANY or not (self.outputs == 1 or self.loss.invariant):
            return False
        if self.outputs == 1 and not (self._forms and self.loss.concordant and not worth_sampling(self.objective)):
            return False
        # a column far from zero is much like the intercept: the diagonal does not tell that, and digits are lost by it
        offset = FAR if self._forms else OFFSET
        near = (np.abs(self.mean) <= offset * self.spread) | (self.spread == 0)
        return not self.settings.fit_intercept or bool(near.all())

    @property
    def separates(self) -> bool:
        """Whether the method is Newton's class by class: for a smooth penalised loss of each against all others."""
        smooth = self.loss.separate and self.loss.smooth and self.objective.penalised
        return self.settings.automatic and self.dense and smooth and not self.kinked

    @property
    def _forms(self) -> bool:
        """Whether conjugate gradients may have a Hessian in single precision."""
        return self.dense and self.rows.crowded

    @property
    def in_own_units(self) -> bool:
        """Whether the method makes up for the columns' scales itself, and forms no Hessian of all parameters."""
        return self.truncates or self.separates or self.selects

    @cached_property
    def selects(self) -> bool:
        """Whether the method is Newton's in the columns that absolute values leave, their table being large or wide."""
        plain = type(self.objective) is RowsObjective and self.loss.smooth and self.outputs == 1
        if not (self.settings.automatic and plain and self.kinked) or self.interior is not None:
            return False
        large = not self.loss.quadratic and self.rows.cells * self.objective.size >= WORTH_SETS
        return not self.dense or large or self.wide

    def _reach(self, metric: Metric) -> float | None:
        """Return a number that no row's predictors change more by for a step of length one in the metric, if known."""
        if self.loss.quadratic or not self.settings.fit_intercept or metric.centre is not self.mean:
            return None
        if self._longest is None and self._sample is not None:
            self._longest = self._sample.longest
        if self._longest is None:
            self._longest = longest_row(self.rows, self.mean, self.spread)
        return metric.reach(self._longest, self.spread)

    def _worked_on(self) -> Objective:
        """Return the objective that the method works on: the rows, or the Gram matrix that stands for them."""
        if self.quadratic is None:
            return self.objective
        tiny = self.rows.cells <= GRAM_CELLS
        # a Gram matrix that is singular within rounding gives no costs to compare
        on_rows = self.quadratic.factored is not None if self.settings.automatic else tiny
        return self.objective if on_rows else self.quadratic

    def _threshold(self) -> float:
        threshold = self.settings.tol * self.baseline
        if self.loss.quadratic:
            # what rounding leaves of the cost where the targets are fitted exactly
            y, weights = self.rows.targets()
            square = float(y @ (y if weights is None else weights * y)) / self.rows.total
            threshold = max(threshold, square * (64 * np.finfo(float).eps) ** 2)
        if isinstance(self.objective, ScaledHuberObjective):
            # the scale itself is not let fall below rounding
            largest = float(np.abs(self.rows.targets()[0]).max())
            threshold = max(threshold, 16 * float(np.finfo(float).eps) * largest, 1e-150)
        return threshold

    def _units(self, base: Objective) -> StandardizedObjective:
        return StandardizedObjective(base, self.mean, self.spread, self.outputs, self.settings.fit_intercept)

    @property
    def kinked(self) -> bool:
        """Whether absolute values are penalised."""
        return bool(self.strength.any())

    @property
    def wide(self) -> bool:
        """Whether columns are so many that a Hessian is singular, or nearly so, without a penalty on squares."""
        return self.rows.count < 2 * self.rows.columns

    def _column_strengths(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the strengths of a penalty on absolute values and of one on squares, each of shape (d,)."""
        unit = self.spread if self.settings.standardize and self.settings.alpha > 0 else np.ones(self.rows.columns)
        return self.settings.alpha * unit, self.settings.alpha * unit**2

    def _ridge(self, columns: tuple[np.ndarray, np.ndarray]) -> Ridge | None:
        strength = (1 - self.settings.l1_ratio) * columns[1]
        return Ridge(np.tile(strength, self.outputs)) if self.settings.alpha > 0 and strength.any() else None

    def _penalised(self, smooth: Objective, units: StandardizedObjective | None = None) -> Objective:
        """Return the objective with the absolute values, their strengths being for coefficients in the data's units."""
        if not self.kinked:
            return smooth
        strength = self.strength
        if units is not None:
            strength = strength.copy()
            strength[: self.objective.coefficients] /= np.tile(units.spread, self.outputs)
        return PenalisedFunction(smooth, L1(strength))
