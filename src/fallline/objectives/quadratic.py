"""A squared loss over rows, read once: its value and gradient then cost d² whatever the number of rows."""

from __future__ import annotations

import numpy as np

from fallline.objectives.base import Objective
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_factored import Factored
from fallline.objectives.rows_metric import Metric

__all__ = ["QuadraticObjective"]

REFINEMENTS = 3


class QuadraticObjective(Objective):
    """A quadratic cost over rows, expanded about its minimiser ``x*``, where cost and gradient are measured.

    ``f(x) = f(x*) + g(x*)·v + ½ vᵀHv`` with ``v = x - x*``: near the minimum nothing cancels, and `H` is formed on
    centred columns, so that the costs are those of the rows to about twelve digits.

    Parameters
    ----------
    rows : RowsObjective
        Of a loss with constant curvature and a single output.
    centre : array, shape (d,)
        The columns' means.

    Attributes
    ----------
    solution : array, shape (size,)
        The minimiser, of least norm (in scaled columns) where there are many.
    metric : Metric
        The Hessian, as a metric.
    factored : Factored or None
        The rows, where the Hessian is singular within rounding and they are not too many.
    """

    source = "compiled"

    def __init__(self, rows: RowsObjective, centre: np.ndarray) -> None:
        super().__init__()
        self.rows = rows
        self.size, self.dtype = rows.size, rows.dtype
        self._centre = centre if rows.intercept else np.zeros_like(centre)
        start = np.zeros(rows.size)
        if rows.intercept:
            start[-1] = rows.best_constant()[0]
        self._hessian, slope = rows.expansion(start, self._centre)
        self.metric = Metric.of(self._hessian, self._centre, 1, rows.intercept)
        self.factored = self._factored()
        if self.factored is None:
            self.solution = self._refined(start - self.metric.solve_centred(slope))
        else:
            self.solution = self.factored.solution()
        self._cost, gradient = rows.value_and_gradient(self.solution)
        self._slope = self.metric.centred(gradient)

    def value(self, x: np.ndarray) -> float:
        return self.value_and_gradient(x)[0]

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        v = x - self.solution
        if self.rows.intercept:
            v[-1] += self._centre @ v[:-1]
        turned = self._hessian @ v
        value = self._cost + float(v @ (self._slope + 0.5 * turned))
        gradient = self._slope + turned
        if self.rows.intercept:
            gradient[:-1] += gradient[-1] * self._centre
        return value, gradient

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        self.counts.curvature += len(directions)
        v = directions.copy()
        if not self.rows.intercept:
            return v @ self._hessian
        v[:, -1] += v[:, :-1] @ self._centre
        products = v @ self._hessian
        products[:, :-1] += np.outer(products[:, -1], self._centre)
        return products

    def _factored(self) -> Factored | None:
        if self.metric.defect == 0 or not Factored.affordable(self.rows):
            return None
        return Factored(self.rows, self._centre, np.sqrt(np.maximum(np.diag(self._hessian), 0.0)))

    def _refined(self, x: np.ndarray) -> np.ndarray:
        """Return the minimiser: Newton steps from nearby, each measured on the rows, until nothing is left to gain."""
        for _ in range(REFINEMENTS):
            cost, gradient = self.rows.value_and_gradient(x)
            gain = 0.5 * self.metric.decrement(gradient) ** 2
            if not np.isfinite(gain) or gain <= 1e-15 * cost:
                break
            x = x - self.metric.solve(gradient)
        return x
