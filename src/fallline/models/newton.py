"""The method behind ``method="auto"``: descent in the metric of the cost's curvature, stopped by its certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.diagnosis.data_certificate import gap_bound
from fallline.objectives.base import Objective
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import Metric, metric_at
from fallline.trace import Rows

__all__ = ["Certified", "Metrics", "Newton"]


class Metrics:
    """The metric of an objective's Hessian wherever it is asked for; the last one is kept.

    Parameters
    ----------
    objective : RowsObjective
    centre : array, shape (d,)
        The columns' means.
    constant : Metric, optional
        The metric of every point, where the loss is quadratic.
    """

    def __init__(self, objective: RowsObjective, centre: np.ndarray, constant: Metric | None = None) -> None:
        self.objective, self.centre, self.constant = objective, centre, constant
        self._known: tuple[bytes, Metric] | None = None

    def at(self, x: np.ndarray) -> Metric:
        if self.constant is not None:
            return self.constant
        key = x.tobytes()
        if self._known is None or self._known[0] != key:
            self._known = key, metric_at(self.objective, x, self.centre)
        return self._known[1]


@dataclass(frozen=True, eq=False)
class Newton:
    """Newton's method: ``direction = H⁺ gradient``, the Hessian H being that of the rows at `x`.

    With a rate of 1 a squared loss is minimised in one step, whatever the scales of the columns.

    Parameters
    ----------
    metrics : Metrics

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization*, 2004, section 9.5.
    """

    metrics: Metrics

    def init(self, x: Any) -> tuple[()]:
        return ()

    def update(self, gradient: Any, state: tuple[()], x: Any) -> tuple[Any, tuple[()]]:
        return self.metrics.at(x).solve(gradient), state


class Certified:
    """Optimality as a model promises it: the proven gap is at most `threshold`, or lost in rounding.

    Parameters
    ----------
    metrics : Metrics
    objective : Objective
        The cost in the data's units.
    threshold : float
        In the cost's units.
    every : bool
        Whether to look at every step. Otherwise only where the gradient has become small, each look that fails
        lowering the bar, since a look costs a Hessian.
    """

    def __init__(self, metrics: Metrics, objective: Objective, threshold: float, every: bool) -> None:
        self.metrics, self.objective, self.threshold, self.every = metrics, objective, threshold, every
        self.bar: float | None = None

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
        metric = self.metrics.at(x)
        # the decrement alone is cheap, and half its square is never more than the bound
        if 0.5 * metric.decrement(gradient) ** 2 > self.limit(cost):
            return False
        return gap_bound(self.metrics.objective, metric, cost, gradient) <= self.limit(cost)

    def limit(self, cost: float) -> float:
        """Return the gap that counts as none at this cost: `threshold`, or the cost's rounding."""
        return max(self.threshold, 16 * float(np.finfo(float).eps) * abs(cost))
