"""The method behind ``method="auto"``: descent in the metric of the cost's own curvature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.data.blocks import Thinned
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import Metric, metric_at

__all__ = ["Metrics", "Newton"]


SAMPLE = 8
"""Of so many blocks one is sampled for the Hessian of a large table, far from the minimum."""

WORTH_SAMPLING = 1e9
"""Operations of a Hessian from which a sample is worth its iterations."""

SAMPLED_STEPS = 8
"""Steps by sampled Hessians after which exact ones are used in any case."""

FAR = 100.0
"""How many times the wanted gap a point must be above the minimum for a sampled Hessian to do."""


class Metrics:
    """The metric of an objective's Hessian wherever it is asked for; the last one is kept.

    Parameters
    ----------
    objective : RowsObjective
    centre : array, shape (d,)
        The columns' means.
    wanted : float
        The gap at which a fit is to stop.
    constant : Metric, optional
        The metric of every point, where the loss is quadratic.
    """

    def __init__(
        self, objective: RowsObjective, centre: np.ndarray, wanted: float, constant: Metric | None = None
    ) -> None:
        self.objective, self.centre, self.wanted, self.constant = objective, centre, wanted, constant
        self.sample = _sampled(objective) if constant is None else None
        self._known: dict[RowsObjective, tuple[bytes, Metric]] = {}

    def at(self, x: np.ndarray) -> Metric:
        """Return the metric at `x`."""
        return self.constant if self.constant is not None else self._measured(self.objective, x)

    def towards(self, x: np.ndarray, gradient: np.ndarray, steps: int) -> Metric:
        """Return a metric that is good enough for a step from `x`: sampled, at first, where rows are many."""
        if self.sample is not None and steps < SAMPLED_STEPS:
            metric = self._measured(self.sample, x)
            if 0.5 * metric.decrement(gradient) ** 2 > FAR * self.wanted:
                return metric
        return self.at(x)

    def _measured(self, objective: RowsObjective, x: np.ndarray) -> Metric:
        key = x.tobytes()
        if objective not in self._known or self._known[objective][0] != key:
            self._known[objective] = key, metric_at(objective, x, self.centre)
        return self._known[objective][1]


@dataclass(frozen=True, eq=False)
class Newton:
    """Newton's method: ``direction = H⁺ gradient``, the Hessian H being that of the rows at `x`, or of a sample.

    With a rate of 1 a squared loss is minimised in one step, whatever the scales of the columns. The state counts the
    steps.

    Parameters
    ----------
    metrics : Metrics
    minimiser : array, shape (size,), optional
        Of a quadratic cost, where it is known better than the Hessian: the step leads there.

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization*, 2004, section 9.5; R. Byrd, G. Chin, W. Neveitt and J. Nocedal,
    "On the use of stochastic Hessian information in optimization methods for machine learning", 2011.
    """

    metrics: Metrics
    minimiser: np.ndarray | None = None

    def init(self, x: Any) -> int:
        return 0

    def update(self, gradient: Any, state: int, x: Any) -> tuple[Any, int]:
        if self.minimiser is not None:
            return x - self.minimiser, state + 1
        return self.metrics.towards(x, gradient, state).solve(gradient), state + 1


def _sampled(objective: RowsObjective) -> RowsObjective | None:
    """Return the objective over a sample of its rows, where that pays and leaves many rows for each parameter."""
    rows = objective.rows
    if rows.count * objective.size**2 < WORTH_SAMPLING or rows.count < 20 * SAMPLE * objective.size:
        return None
    if rows.blocks < 2 * SAMPLE:
        return None
    return RowsObjective(
        Thinned(rows, SAMPLE),
        objective.loss,
        outputs=objective.outputs,
        ridge=objective.ridge,
        intercept=objective.intercept,
    )
