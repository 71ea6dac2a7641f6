"""The method behind ``method="auto"``: descent in the metric of the cost's own curvature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import Metric, metric_at

__all__ = ["Metrics", "Newton"]


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
