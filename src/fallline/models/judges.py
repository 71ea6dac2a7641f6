"""Judges of a fit: how far a point can be above the minimum, and whether that is near enough to stop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fallline.diagnosis.curvature import curvature_at
from fallline.diagnosis.data_certificate import NOTHING_KNOWN, certify_factored, certify_fit, gap_bound
from fallline.diagnosis.data_duality import certify_dual, duality_gap, penalty_gap
from fallline.models.interior import InteriorPoint
from fallline.models.newton import Metrics
from fallline.objectives.base import Counts, Objective
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_factored import Factored
from fallline.objectives.rows_huber import ScaledHuberObjective
from fallline.objectives.rows_metric import Metric
from fallline.objectives.rows_standardized import StandardizedObjective
from fallline.trace import Certificate, Rows

__all__ = ["Bounding", "Dual", "Estimating", "Judge", "Proving", "Scaled"]


class Judge(ABC):
    """Optimality as a model promises it: the certificate's gap is at most `threshold`, or lost in rounding.

    Parameters
    ----------
    objective : Objective
        The cost in the data's units.
    threshold : float
        In the cost's units.
    every : bool
        Whether to look at every step. Otherwise only where the gradient has become small, each look that fails
        lowering the bar, since a look has its price.
    """

    def __init__(self, objective: Objective, threshold: float, every: bool) -> None:
        self.objective, self.threshold, self.every = objective, threshold, every
        self.bar: float | None = None
        self._known: tuple[bytes, Certificate] | None = None

    def candidate(self, rows: Rows) -> int | None:
        if self.every:
            return 0 if len(rows) else None
        if self.bar is None:
            self.bar = 0.1 * float(rows.gradient_norm[0]) if len(rows) else None
            return None
        low = np.flatnonzero(rows.gradient_norm <= self.bar)
        return int(low[0]) if low.size else None

    def holds(self, row: Rows) -> bool:
        self.bar = 0.3 * float(row.gradient_norm[0])
        x = np.ascontiguousarray(row.x[0])
        cost, gradient = self.objective.value_and_gradient(x)
        return not self._hopeless(x, cost, gradient) and self._near(x, cost, gradient)

    def state(self) -> Any:
        """Return what it has learnt, as numbers, tuples and arrays."""
        return self.bar

    def restore(self, state: Any) -> None:
        """Go on from what another one had learnt."""
        self.bar = state

    def certify(self, x: np.ndarray) -> Certificate:
        """Return the certificate of a point, shape (size,), in the data's units."""
        key = x.tobytes()
        if self._known is None or self._known[0] != key:
            self._known = key, self._certificate(x, *self.objective.value_and_gradient(x))
        return self._known[1]

    def limit(self, cost: float) -> float:
        """Return the gap that counts as none at this cost: `threshold`, or the cost's rounding."""
        return max(self.threshold, 16 * float(np.finfo(float).eps) * abs(cost)) if np.isfinite(cost) else self.threshold

    def _hopeless(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> bool:
        """Tell cheaply that a point cannot be near enough."""
        return False

    def _near(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> bool:
        """Tell whether a point is proven near enough."""
        return self.certify(x).gap <= self.limit(cost)

    @abstractmethod
    def _certificate(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> Certificate: ...


class Proving(Judge):
    """Judges by a proven bound, from the Hessian.

    Parameters
    ----------
    metrics : Metrics
    reach : callable
        Of a metric: the number `gap_bound` takes.
    factored : Factored, optional
        What measures the gap of a squared loss whose Hessian is singular within rounding.
    attained : float
        A cost that some point has: a point further above it needs no other look.
    objective, threshold, every
        As for every judge.
    """

    def __init__(
        self,
        metrics: Metrics,
        reach: Callable[[Metric], float | None],
        objective: Objective,
        threshold: float,
        every: bool,
        factored: Factored | None = None,
        attained: float = np.inf,
    ) -> None:
        super().__init__(objective, threshold, every)
        self.metrics, self.reach, self.factored, self.attained = metrics, reach, factored, attained
        self.unproven = np.inf
        self._last_reach = 0.0
        self._bounds: dict[bytes, tuple[Metric, float]] = {}

    def state(self) -> Any:
        return self.bar, self.unproven, self._last_reach, self.metrics.state()

    def restore(self, state: Any) -> None:
        self.bar, self.unproven, self._last_reach, metrics = state
        self.metrics.restore(metrics)

    def _hopeless(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> bool:
        if cost - self.attained > self.limit(cost):
            return True
        # half the square of the decrement is never more than the bound; a sampled one tells well enough when to look
        decrement = self.metrics.guide(x).decrement(gradient)
        return 0.5 * self.metrics.slack * decrement**2 > self.limit(cost) or decrement > self.unproven

    def _near(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> bool:
        if self.factored is not None or not np.isfinite(cost):
            return super()._near(x, cost, gradient)
        metrics, limit = self.metrics, self.limit(cost)
        guide = metrics.guide(x)
        decrement = guide.decrement(gradient)
        if metrics.large:
            # some steps more cost less than a bound to no avail: where decrement times reach is one or more
            reach = metrics.reach(guide, gradient) if metrics.wide else metrics.least_reach(guide)
            if decrement * np.sqrt(metrics.slack) * (reach or 0.0) >= 1:
                return False
        gap = self._bound(x, cost, gradient, thorough=not metrics.large)[1]
        if gap > limit:
            # where the bound is of no use yet, a few more steps do
            if gap < cost or not 0 < self._last_reach < np.inf:
                self.unproven = decrement * max(0.9 * float(np.sqrt(limit / gap)), 0.2)
            else:
                self.unproven = min(decrement, 0.9 / self._last_reach)
        return gap <= limit

    def _certificate(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> Certificate:
        if not np.isfinite(cost):
            return NOTHING_KNOWN
        if self.factored is not None:
            return certify_factored(self.factored, self.metrics.at(x), cost, gradient, x)
        return certify_fit(*self._bound(x, cost, gradient, thorough=True), cost, gradient)

    def _bound(self, x: np.ndarray, cost: float, gradient: np.ndarray, thorough: bool) -> tuple[Metric, float]:
        """Return a metric and a bound on the gap by it; a `thorough` one where need be at the price of some steps."""
        here = x.tobytes()
        known = self._bounds.get(here)
        if known is not None and (not thorough or known[1] <= self.limit(cost)):
            return known
        for metric in self._metrics(x, thorough):
            reach = self.metrics.reach(metric, gradient, sparing=not thorough)
            # one too large to be of use has been measured, where it is not that of wide tables
            settled = reach is not None and not self.metrics.wide
            reach = self.reach(metric) if reach is None else reach
            self._last_reach = reach or 0.0
            gap = gap_bound(self.metrics.objective, metric, cost, gradient, reach, measured=thorough and not settled)
            self._bounds = {here: (metric, gap)}
            if gap <= self.limit(cost):
                break
        return self._bounds[here]

    def _metrics(self, x: np.ndarray, thorough: bool) -> Iterator[Metric]:
        """Yield metrics nowhere longer than the one at `x`, the cheap ones first."""
        partial = self.metrics.partial(x)
        if partial is not None:
            yield partial
            return
        below = self.metrics.below(x)
        yield below
        if thorough and below is not self.metrics.known(x):
            yield self.metrics.at(x)


class Estimating(Judge):
    """Judges by an estimate from some products with the Hessian, where that is too large to be formed.

    Parameters
    ----------
    units : StandardizedObjective
        The cost in standardised columns, where few products tell much.
    objective, threshold, every
        As for every judge.
    """

    def __init__(self, units: StandardizedObjective, objective: Objective, threshold: float, every: bool) -> None:
        super().__init__(objective, threshold, every)
        self.units = units

    def _certificate(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> Certificate:
        if not np.isfinite(cost):
            return NOTHING_KNOWN
        before = Counts(**vars(self.units.counts))
        u = self.units.from_data(x)
        curvature = curvature_at(self.units, u, self.units.value_and_gradient(u)[1])
        vars(self.units.counts).update(vars(before))
        gap = min(curvature.gap, cost)
        text = f"The cost {cost:.6g} is about {gap:.3g} above its minimum: an estimate, from products with the Hessian."
        return Certificate("estimate", gap, curvature.distance, curvature.smallest, text)


class Dual(Judge):
    """Judges by a proven bound, from a point of the dual problem.

    Parameters
    ----------
    rows : RowsObjective
        The cost without absolute values.
    strength : array, shape (size,)
        Theirs.
    mean, spread : array, shape (d,)
        Of the columns.
    metrics : Metrics, optional
        Where every parameter may be free of a penalty.
    objective, threshold, every
        As for every judge.
    """

    def __init__(
        self,
        rows: RowsObjective,
        strength: np.ndarray,
        mean: np.ndarray,
        spread: np.ndarray,
        metrics: Metrics | None,
        objective: Objective,
        threshold: float,
        every: bool,
    ) -> None:
        super().__init__(objective, threshold, every)
        self.rows, self.strength, self.mean, self.metrics = rows, strength, mean, metrics
        self.per_spread = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
        self.squares = np.zeros(rows.size)
        if rows.ridge is not None:
            self.squares[: rows.coefficients] = rows.ridge.strength
        self.held = bool(((self.squares > 0) | (strength > 0))[: rows.coefficients].all())

    def _hopeless(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> bool:
        count, squares = self.rows.coefficients, self.squares
        if self.metrics is not None or not self.held:
            return False
        # about what the penalty makes of the gap, and what shrinking the losses' slopes makes of it at the least: their
        # conjugate bends by one over the steepest curvature, and a column of unit spread tells how large they are
        slope = gradient - squares * x
        if self.rows.intercept:
            # that of the intercepts will be made up for
            slope[:count] -= np.outer(slope[count:], self.mean).ravel()
        share, part = penalty_gap(x, slope, self.strength, squares)
        sizes = np.abs(slope[:count]).reshape(-1, len(self.mean)) * self.per_spread
        shrunk = ((1 - share) * float(np.max(sizes, initial=0.0))) ** 2 / (2 * self.rows.loss.steepest)
        return 0.5 * (part + shrunk) > self.limit(cost)

    def _certificate(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> Certificate:
        if not np.isfinite(cost):
            return NOTHING_KNOWN
        metric = self.metrics.at(x) if self.metrics is not None else None
        gap = duality_gap(self.rows, x, cost, gradient, self.strength, self.mean, metric)
        ridge = self.rows.ridge
        penalised = ridge is not None and not self.rows.intercept
        return certify_dual(cost, gap, float(ridge.strength.min()) if ridge is not None and penalised else 0.0)


class Bounding(Judge):
    """Judges by the bound from below that a method has found on its way.

    Parameters
    ----------
    interior : InteriorPoint
    objective, threshold, every
        As for every judge.
    """

    def __init__(self, interior: InteriorPoint, objective: Objective, threshold: float, every: bool) -> None:
        super().__init__(objective, threshold, every)
        self.interior = interior

    def certify(self, x: np.ndarray) -> Certificate:
        # the bound may have risen since
        return self._certificate(x, *self.objective.value_and_gradient(x))

    def _certificate(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> Certificate:
        if not np.isfinite(cost):
            return NOTHING_KNOWN
        return certify_dual(cost, min(cost - self.interior.floor, cost), 0.0)


class Scaled(Judge):
    """Judges a Huber loss with its scale by a proven bound, from a point of the joint problem's dual.

    Parameters
    ----------
    huber : ScaledHuberObjective
    mean : array, shape (d,)
        Of the columns.
    objective, threshold, every
        As for every judge.
    """

    def __init__(
        self, huber: ScaledHuberObjective, mean: np.ndarray, objective: Objective, threshold: float, every: bool
    ) -> None:
        super().__init__(objective, threshold, every)
        self.huber, self.centre = huber, mean if huber.intercept else np.zeros_like(mean)

    def _certificate(self, x: np.ndarray, cost: float, gradient: np.ndarray) -> Certificate:
        if not np.isfinite(cost):
            return NOTHING_KNOWN
        return certify_dual(cost, self.huber.gap(x, cost, gradient, self.centre), 0.0)
