"""About the inverse of a Hessian, in single precision: what makes conjugate gradients quick."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import get_lapack_funcs

from fallline.data.blocks import Block
from fallline.data.sums import sum_blocks
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_gram import softmax_gram, square_gram

__all__ = ["CoarseInverse"]

ADDED = 1e-5
"""What is added to a diagonal of ones, so that rounding leaves a matrix positive definite; ten times it if not."""


class CoarseInverse:
    """The factored Hessian of a smooth cost, in columns of about unit spread and single precision.

    Parameters
    ----------
    objective : RowsObjective
        Of a single output, or of the softmax loss, on a table without few cells in many.
    x : array, shape (size,)
        Where the Hessian is measured.
    centre, spread : array, shape (d,)
        Of the columns.

    Examples
    --------
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> from fallline.penalties import Ridge
    >>> rows = ArrayRows(np.array([[1.0], [3.0]]), np.array([0.0, 1.0]))
    >>> loss = find("multinomial", "classification")
    >>> objective = RowsObjective(rows, loss, outputs=2, ridge=Ridge(np.full(2, 0.5)), intercept=False)
    >>> inverse = CoarseInverse(objective, np.zeros(2), np.zeros(1), np.ones(1))
    >>> inverse(objective.curvature(np.zeros(2), np.zeros(1)) @ np.array([1.0, 2.0])).round(3)
    array([1., 2.])
    """

    def __init__(self, objective: RowsObjective, x: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> None:
        self.x, self.outputs, self.intercept = x, objective.outputs, objective.intercept
        self.centre = centre if self.intercept else np.zeros_like(centre)
        # where a penalty is all that bends, as with next to no spread, its root is the unit
        held = np.zeros(len(centre))
        if objective.ridge is not None:
            held = np.sqrt(objective.ridge.strength.reshape(self.outputs, -1).max(axis=0))
        unit = np.maximum(spread, held)
        self.unit = np.where(unit > 0, unit, 1.0)
        hessian = self._measured(objective, x)
        diagonal = np.sqrt(hessian.diagonal().astype(np.float64))
        self.scale = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
        scale = self.scale.astype(np.float32)
        hessian *= scale
        hessian *= scale[:, None]
        if self.intercept and self.outputs > 1:
            # a shift of all intercepts alike changes nothing: let it have curvature
            place = np.arange(len(centre), len(hessian), len(centre) + 1)
            shift = diagonal[place] / max(float(np.linalg.norm(diagonal[place])), 1e-300)
            hessian[np.ix_(place, place)] += np.outer(shift, shift)
        self.factor = _factored(hessian)

    def __call__(self, gradient: np.ndarray) -> np.ndarray:
        """Return about the inverse times a gradient, both of shape (size,)."""
        w, b = self._split(gradient)
        w = (w - np.outer(b, self.centre) if self.intercept else w) / self.unit
        flat = self.scale * (np.column_stack([w, b]) if self.intercept else w).ravel()
        size = float(np.linalg.norm(flat))
        if not 0 < size < np.inf:
            return np.zeros_like(gradient)
        solve: Any = get_lapack_funcs("potrs", dtype=np.float32)
        step = self.scale * solve(self.factor, (flat / size).astype(np.float32), lower=1)[0] * size
        step = step.reshape(self.outputs, -1)
        v = step[:, : len(self.centre)] / self.unit
        return np.append(v, step[:, -1] - v @ self.centre) if self.intercept else v.ravel()

    def _split(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = self.outputs * len(self.centre)
        return x[:count].reshape(self.outputs, -1), x[count:]

    def _measured(self, objective: RowsObjective, x: np.ndarray) -> np.ndarray:
        """Return the Hessian by class, then by standardised column."""
        w, b = objective.split(x)
        loss: Any = objective.loss
        scale, width = 1.0 / self.unit, len(self.unit) + self.intercept

        def term(block: Block) -> np.ndarray:
            columns = np.ones((len(block.y), width), np.float32)
            columns[:, : len(scale)] = (block.dense() - self.centre) * scale
            if self.outputs == 1:
                return square_gram(columns, objective.bends(block, w, b))
            return softmax_gram(columns, block.weights, loss.chances(objective.predictors(block, w, b)))

        hessian = sum_blocks(objective.rows, term, objective.threads_to_multiply) / np.float32(objective.total)
        if objective.ridge is not None:
            strength = objective.ridge.strength.reshape(self.outputs, -1) / self.unit**2
            places = np.arange(len(hessian)).reshape(self.outputs, -1)[:, : len(self.unit)]
            hessian[places, places] += strength
        return hessian


def _factored(unit: np.ndarray) -> np.ndarray:
    """Return the Cholesky factor of a positive semidefinite matrix with a diagonal of about one."""
    factorise: Any = get_lapack_funcs("potrf", dtype=np.float32)
    place, added = np.arange(len(unit)), ADDED
    while True:
        raised = unit.copy(order="F")
        raised[place, place] += np.float32(added)
        factor, failed = factorise(raised, lower=1, clean=0, overwrite_a=1)
        if failed == 0 or not added < 1:
            return factor
        added *= 10
