"""A fit from the objective to the answer: which objective, which method, and what is said about the result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fallline.data.blocks import Rows
from fallline.data.moments import spreads
from fallline.descent.loop import Run, descend
from fallline.descent.rates import resolve_rate
from fallline.diagnosis.data_certificate import certify_fit
from fallline.losses import Loss
from fallline.methods import GradientDescent, find
from fallline.models.newton import Certified, Metrics, Newton
from fallline.objectives.base import Objective
from fallline.objectives.quadratic import QuadraticObjective
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_standardized import StandardizedObjective
from fallline.penalties import Ridge
from fallline.schedules import Constant
from fallline.steps import StrongWolfe
from fallline.stopping import CostBelow, Rule
from fallline.stopping.stalled import Stalled
from fallline.trace import Certificate, Trace
from fallline.trace import Rows as Steps

__all__ = ["Answer", "Problem", "Settings", "rows_of"]

GRAM_COLUMNS = 2000
"""Columns up to which a squared loss is condensed to its Gram matrix."""

GRAM_CELLS = 20_000
"""Cells up to which a named method runs on the rows themselves: to the last digit what a textbook's loop gives."""


@dataclass(frozen=True)
class Settings:
    """How a fit is to be run: the estimators' parameters of the same names."""

    alpha: float
    fit_intercept: bool
    method: Any
    learning_rate: Any
    max_iter: int
    tol: float
    standardize: bool

    @property
    def automatic(self) -> bool:
        return isinstance(self.method, str) and self.method.lower() == "auto" and self.learning_rate is None


@dataclass(frozen=True, eq=False)
class Answer:
    """Where a descent led, in the data's units.

    Attributes
    ----------
    x : array, shape (size,)
        The best point seen.
    cost : float
    gradient : array, shape (size,)
    trace : Trace
        Every step.
    run : Run
        The same in the parameters the method worked on.
    objective : Objective
        What the method worked on.
    method, rate
        How.
    metrics : Metrics
    certificate : Certificate
    converged : bool
        Whether the certificate is within the tolerance.
    """

    x: np.ndarray
    cost: float
    gradient: np.ndarray
    trace: Trace
    run: Run
    objective: Objective
    method: Any
    rate: Any
    metrics: Metrics
    certificate: Certificate
    converged: bool


class Problem:
    """A loss over rows with the settings of a fit.

    Parameters
    ----------
    rows : Rows
    loss : Loss class
    outputs : int
        Predictors.
    mean : array, shape (d,)
        Of the columns.
    settings : Settings
    """

    def __init__(self, rows: Rows, loss: type[Loss], outputs: int, mean: np.ndarray, settings: Settings) -> None:
        self.rows, self.loss, self.outputs, self.mean, self.settings = rows, loss, outputs, mean, settings
        self._spread: np.ndarray | None = None
        self.quadratic: QuadraticObjective | None = None
        self.objective = RowsObjective(
            rows, loss, outputs=outputs, penalty=self._penalty(), intercept=settings.fit_intercept
        )
        # a row-by-row evaluation is worth waiting for: none is made ahead of a stop
        self.objective.pure = not settings.automatic
        if loss.quadratic and rows.columns <= GRAM_COLUMNS:
            self.quadratic = QuadraticObjective(self.objective, mean)

    @property
    def spread(self) -> np.ndarray:
        """The columns' standard deviations, shape (d,)."""
        if self._spread is None and self.quadratic is not None and self.settings.fit_intercept:
            self._spread = self.quadratic.spread()
        if self._spread is None:
            self._spread = spreads(self.rows, self.mean)
        return self._spread

    def baseline(self) -> float:
        """Return the cost of the best constant model."""
        y, weights = self.rows.targets()
        z = np.broadcast_to(self.objective.best_constant(), (len(y), self.outputs))
        return float(np.average(self.loss.value(y, z if self.loss.multiple else z[:, 0]), weights=weights))

    def solve(self, x0: np.ndarray, separable_below: float | None = None) -> Answer:
        """Descend from `x0`, shape (size,), in the data's units.

        Parameters
        ----------
        x0 : array
        separable_below : float, optional
            A cost at which every row is certain to be on its side, so that going on would not end.
        """
        settings = self.settings
        metrics = Metrics(self.objective, self.mean, self.quadratic.metric if self.quadratic else None)
        base = self._worked_on()
        optimality = Certified(metrics, base, self._threshold(), every=settings.automatic)
        stopping: Rule = Stalled() if separable_below is None else Stalled() | CostBelow(separable_below)
        if settings.automatic:
            method, rate = Newton(metrics), Constant(1.0) if self.loss.quadratic else StrongWolfe()
        else:
            automatic = isinstance(settings.method, str) and settings.method.lower() == "auto"
            method = GradientDescent() if automatic else find(settings.method)
            rate = resolve_rate(settings.learning_rate, method)
        units = self._units(base) if settings.standardize and not settings.automatic else None
        watch = optimality if units is None else _InUnits(optimality, units)
        run = descend(
            units or base,
            x0 if units is None else units.from_data(x0),
            method=method,
            rate=rate,
            max_iterations=settings.max_iter,
            stopping=stopping,
            optimality=watch,
        )
        return self._answer(run, units or base, units, method, rate, optimality)

    def _answer(
        self,
        run: Run,
        objective: Objective,
        units: StandardizedObjective | None,
        method: Any,
        rate: Any,
        optimality: Certified,
    ) -> Answer:
        x, trace = np.ascontiguousarray(run.best.x[0]), run.trace
        if units is not None:
            x, trace = units.to_data(x), Trace(rows_of(run.trace, units.to_data(run.trace.flat_x)))
        cost, gradient = self._worked_on().value_and_gradient(x)
        certificate = certify_fit(self.objective, optimality.metrics.at(x), cost, gradient)
        converged = certificate.gap <= optimality.limit(cost)
        return Answer(
            x, cost, gradient, trace, run, objective, method, rate, optimality.metrics, certificate, converged
        )

    def _worked_on(self) -> Objective:
        """Return the objective that the method works on: the rows, or the Gram matrix that stands for them."""
        tiny = self.rows.count * self.rows.columns <= GRAM_CELLS
        return self.objective if self.quadratic is None or (tiny and not self.settings.automatic) else self.quadratic

    def _threshold(self) -> float:
        threshold = self.settings.tol * self.baseline()
        if self.loss.quadratic:
            # what rounding leaves of the cost where the targets are fitted exactly
            y, weights = self.rows.targets()
            square = float(np.average(y * y, weights=weights))
            threshold = max(threshold, square * (64 * np.finfo(float).eps) ** 2)
        return threshold

    def _units(self, base: Objective) -> StandardizedObjective:
        return StandardizedObjective(base, self.mean, self.spread, self.outputs, self.settings.fit_intercept)

    def _penalty(self) -> Ridge | None:
        alpha, columns = self.settings.alpha, self.rows.columns
        if alpha == 0:
            return None
        strength = alpha * (self.spread**2 if self.settings.standardize else np.ones(columns))
        return Ridge(np.tile(strength, self.outputs))


class _InUnits:
    """Optimality of points given in the parameters of standardised columns."""

    def __init__(self, inner: Certified, units: StandardizedObjective) -> None:
        self.inner, self.units = inner, units

    def candidate(self, rows: Steps) -> int | None:
        return self.inner.candidate(rows)

    def holds(self, row: Steps) -> bool:
        return self.inner.holds(replace(row, x=self.units.to_data(row.x)))


def rows_of(trace: Trace, x: np.ndarray | None = None) -> Steps:
    """Return the rows of a trace, with other parameters where they are given."""
    return Steps(
        trace.iteration,
        trace.flat_x if x is None else x,
        trace.fun,
        trace.gradient_norm,
        trace.learning_rate,
        trace.step_norm,
        trace.seconds,
    )
