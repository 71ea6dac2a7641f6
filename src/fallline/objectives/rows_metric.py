"""The curvature of a cost over rows as a metric: its inverse applied, lengths measured in it, its reach over rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fallline.data.blocks import Block
from fallline.objectives.rows import RowsObjective

__all__ = ["Metric", "metric_at"]


@dataclass(frozen=True, eq=False)
class Metric:
    """A positive semidefinite Hessian over flat parameters, held with a root of its pseudo-inverse.

    Attributes
    ----------
    hessian : array, shape (size, size)
        In the parameters of centred columns.
    centre : array, shape (d,)
        Where the columns are centred.
    outputs : int
    intercept : bool
    root : array, shape (size, rank)
        ``root @ root.T`` is the pseudo-inverse of the Hessian.
    null : array, shape (size, size - rank)
        The directions of no curvature, in parameters scaled by the root of the Hessian's diagonal.
    """

    hessian: np.ndarray
    centre: np.ndarray
    outputs: int
    intercept: bool
    root: np.ndarray
    null: np.ndarray

    @staticmethod
    def of(hessian: np.ndarray, centre: np.ndarray, outputs: int, intercept: bool) -> Metric:
        """Return the metric of a Hessian in the parameters of centred columns, shape (size, size)."""
        diagonal = np.sqrt(np.maximum(np.diag(hessian), 0.0))
        scale = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
        values, vectors = np.linalg.eigh(hessian * scale * scale[:, None])
        keep = values > 30 * len(values) * np.finfo(float).eps * max(values[-1], 0.0)
        root = scale[:, None] * vectors[:, keep] / np.sqrt(values[keep])
        return Metric(hessian, centre, outputs, intercept, root, vectors[:, ~keep])

    def defect(self, penalised: bool) -> int:
        """Return the number of directions without curvature beyond those that are so by nature.

        By nature are a constant column's coefficient, and a common shift of all outputs, where nothing penalises them.
        """
        flat = int(np.sum(np.diag(self.hessian) == 0)) // self.outputs
        if self.outputs == 1:
            return self.null.shape[1] - flat
        shifts = 0 if penalised else len(self.centre) - flat + flat * self.outputs
        return self.null.shape[1] - shifts - self.intercept

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """Return the pseudo-inverse times `gradient`, shape (size,)."""
        step = self.root @ (self.root.T @ self.centred(gradient))
        if self.intercept:
            step[-self.outputs :] -= step[: -self.outputs].reshape(self.outputs, -1) @ self.centre
        return step

    def decrement(self, gradient: np.ndarray) -> float:
        """Return the length ``√(gᵀH⁺g)`` of a gradient."""
        return float(np.linalg.norm(self.root.T @ self.centred(gradient)))

    def centred(self, gradient: np.ndarray) -> np.ndarray:
        """Return a gradient in the parameters of centred columns."""
        if not self.intercept:
            return gradient
        w, b = gradient[: -self.outputs].reshape(self.outputs, -1), gradient[-self.outputs :]
        return np.concatenate([(w - np.outer(b, self.centre)).ravel(), b])

    def plain(self) -> np.ndarray:
        """Return the Hessian in the parameters of the columns as they are, shape (size, size)."""
        shift = np.eye(len(self.hessian))
        if self.intercept:
            for rows in self._places():
                shift[rows[-1], rows[:-1]] = self.centre
        return shift.T @ self.hessian @ shift

    def reach(self, objective: RowsObjective) -> float:
        """Return the most that any row's predictors can change for a step of length one in this metric.

        For one output that is ``max √(xᵀH⁺x)``; for several, a bound on the range over the outputs.
        """
        places = self._places()
        spread = sum(self.root[rows] @ self.root[rows].T for rows in places)
        factor = 1.0 if self.outputs == 1 else 2.0

        def longest(block: Block) -> float:
            columns = block.X - self.centre
            if self.intercept:
                columns = np.column_stack([columns, np.ones(len(columns))])
            return float(np.max(np.sum((columns @ spread) * columns, axis=1)[block.weights > 0], initial=0.0))

        return float(np.sqrt(factor * max(longest(objective.rows.block(i)) for i in range(objective.rows.blocks))))

    def _places(self) -> list[np.ndarray]:
        """Return for each output where its coefficients, then its intercept, stand in the flat parameters."""
        columns = len(self.centre)
        tail = columns * self.outputs
        return [
            np.array([*range(k * columns, (k + 1) * columns), *([tail + k] if self.intercept else [])], dtype=np.intp)
            for k in range(self.outputs)
        ]


def metric_at(objective: RowsObjective, x: np.ndarray, centre: np.ndarray) -> Metric:
    """Return the metric of the objective's Hessian at `x`, columns centred at `centre`."""
    centre = centre if objective.intercept else np.zeros_like(centre)
    return Metric.of(objective.curvature(x, centre), centre, objective.outputs, objective.intercept)
