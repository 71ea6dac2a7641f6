"""The curvature of a cost over rows as a metric: its inverse applied, lengths measured in it, its reach over rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fallline.data.blocks import Block
from fallline.objectives.rows import RowsObjective

__all__ = ["Metric", "metric_at"]


@dataclass(frozen=True, eq=False)
class Metric:
    """A positive semidefinite matrix P over flat parameters, held as a root of its pseudo-inverse.

    Attributes
    ----------
    root : array, shape (size, rank)
        ``root @ root.T`` is the pseudo-inverse of P in the parameters of centred columns.
    centre : array, shape (d,)
        Where the columns are centred.
    outputs : int
    intercept : bool
    smallest, largest : float
        Extreme eigenvalues of P scaled to a unit diagonal; `smallest` is 0 where P is singular.
    """

    root: np.ndarray
    centre: np.ndarray
    outputs: int
    intercept: bool
    smallest: float
    largest: float

    @staticmethod
    def of(hessian: np.ndarray, centre: np.ndarray, outputs: int, intercept: bool) -> Metric:
        """Return the metric of a Hessian in the parameters of centred columns, shape (size, size)."""
        diagonal = np.sqrt(np.maximum(np.diag(hessian), 0.0))
        scale = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
        values, vectors = np.linalg.eigh(hessian * scale * scale[:, None])
        keep = values > 30 * len(values) * np.finfo(float).eps * max(values[-1], 0.0)
        root = scale[:, None] * vectors[:, keep] / np.sqrt(values[keep])
        smallest = float(values[0]) if keep.all() else 0.0
        return Metric(root, centre, outputs, intercept, smallest, float(values[-1]))

    @property
    def singular(self) -> bool:
        return self.smallest == 0

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """Return ``P⁻¹ gradient``, shape (size,)."""
        step = self.root @ (self.root.T @ self._centred(gradient))
        if self.intercept:
            w = step[: -self.outputs].reshape(self.outputs, -1)
            step[-self.outputs :] -= w @ self.centre
        return step

    def decrement(self, gradient: np.ndarray) -> float:
        """Return the gradient's length ``√(gᵀP⁻¹g)``."""
        return float(np.linalg.norm(self.root.T @ self._centred(gradient)))

    def reach(self, objective: RowsObjective) -> float:
        """Return the most that any row's predictors can change for a step of length one in this metric.

        For one output that is ``max √(xᵀP⁻¹x)``; for several, a bound on the range over the outputs.
        """
        width = len(self.centre) + self.intercept
        spread = np.zeros((width, width))
        for rows in self._rows_of_outputs():
            spread += self.root[rows] @ self.root[rows].T
        factor = 1.0 if self.outputs == 1 else 2.0

        def longest(block: Block) -> float:
            columns = block.X - self.centre
            if self.intercept:
                columns = np.column_stack([columns, np.ones(len(columns))])
            return float(np.max(np.sum((columns @ spread) * columns, axis=1)))

        return float(np.sqrt(factor * max(longest(objective.rows.block(i)) for i in range(objective.rows.blocks))))

    def _rows_of_outputs(self) -> list[np.ndarray]:
        columns, coefficients = len(self.centre), len(self.centre) * self.outputs
        tail = [[coefficients + k] if self.intercept else [] for k in range(self.outputs)]
        return [np.array([*range(k * columns, (k + 1) * columns), *tail[k]]) for k in range(self.outputs)]

    def _centred(self, gradient: np.ndarray) -> np.ndarray:
        if not self.intercept:
            return gradient
        w = gradient[: -self.outputs].reshape(self.outputs, -1)
        b = gradient[-self.outputs :]
        return np.concatenate([(w - np.outer(b, self.centre)).ravel(), b])


def metric_at(objective: RowsObjective, x: np.ndarray, centre: np.ndarray) -> Metric:
    """Return the metric of the objective's Hessian at `x`, columns centred at `centre`."""
    centre = centre if objective.intercept else np.zeros_like(centre)
    return Metric.of(objective.curvature(x, centre), centre, objective.outputs, objective.intercept)
