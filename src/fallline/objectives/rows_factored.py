"""A squared loss over rows by a factorisation of the rows themselves: what the Gram matrix is too coarse for."""

from __future__ import annotations

import numpy as np

from fallline.objectives.rows import RowsObjective

__all__ = ["Factored"]

CELLS = 10_000_000
"""Cells up to which the rows are copied and factored."""

OPERATIONS = 1e10

REFINEMENTS = 3


class Factored:
    """The singular value decomposition of a squared loss's rows, centred and scaled.

    With ``A = UΣVᵀ`` the rows and ``r`` the residual at a point, the cost is ``½‖Uᵀr‖²`` above its minimum: no
    condition number comes in, where the Gram matrix ``AᵀA`` squares it.

    Parameters
    ----------
    objective : RowsObjective
        Of a loss with constant curvature and a single output.
    centre, scale : array, shape (d,), (size,)
        Of the columns; a scale of 0 leaves a column out.

    Attributes
    ----------
    deficient : bool
        Whether some columns are sums of others within the rounding of their cells.

    References
    ----------
    G. Golub and C. Van Loan, *Matrix Computations*, 4th edition, 2013, section 5.5.
    """

    def __init__(self, objective: RowsObjective, centre: np.ndarray, scale: np.ndarray) -> None:
        self._objective, self._centre = objective, centre
        self._inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
        blocks = [objective.rows.block(index) for index in range(objective.rows.blocks)]
        self._factor = objective.loss.steepest / objective.rows.total
        self._roots = np.sqrt(np.concatenate([block.weights for block in blocks]) * self._factor)
        columns = np.concatenate([block.dense() - centre for block in blocks])
        sizes = np.sqrt(np.mean(columns**2, axis=0)) + np.abs(centre)
        if objective.intercept:
            columns, sizes = np.column_stack([columns, np.ones(len(columns))]), np.append(sizes, 1.0)
        matrix = columns * self._inverse * self._roots[:, None]
        if objective.ridge is not None:
            below = np.zeros((objective.rows.columns, objective.size))
            np.fill_diagonal(below, np.sqrt(objective.ridge.strength))
            matrix = np.concatenate([matrix, below * self._inverse])
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        # cells are numbers to within rounding: so small a change of them must not decide
        cells = float(np.linalg.norm(sizes * self._inverse))
        eps = np.finfo(float).eps
        keep = values > eps * (max(matrix.shape) * values[0] + 4 * cells)
        self._left, self._values, self._right = left[:, keep], values[keep], right[keep]
        self.deficient = int(keep.sum()) < np.count_nonzero(scale)

    @staticmethod
    def affordable(objective: RowsObjective) -> bool:
        """Tell whether the rows may be copied and factored."""
        n, d = objective.rows.count, objective.size
        return n * d <= CELLS and n * d * min(n, d) <= OPERATIONS

    def gap(self, x: np.ndarray) -> float:
        """Return how far the cost at `x`, shape (size,), is above its minimum."""
        return 0.5 * float(np.sum(self._parts(x) ** 2))

    def solution(self) -> np.ndarray:
        """Return the minimiser, shape (size,), of least norm in scaled columns where there are many."""
        x, gap = np.zeros(self._objective.size), np.inf
        for _ in range(REFINEMENTS):
            there = x + self._step(self._parts(x))
            left = self.gap(there)
            if not left < gap:
                break
            x, gap = there, left
        return x

    def _parts(self, x: np.ndarray) -> np.ndarray:
        """Return the residual's parts along the columns' space, ``Uᵀr``."""
        w, b = self._objective.split(x)
        rows = self._objective.rows
        blocks = (rows.block(index) for index in range(rows.blocks))
        # rounded as the cost is: the gap is that of the very cost
        residual = np.concatenate([block.y - (block.X @ w.T + b)[:, 0] for block in blocks]) * self._roots
        if self._objective.ridge is not None:
            residual = np.concatenate([residual, -np.sqrt(self._objective.ridge.strength) * w[0]])
        return self._left.T @ residual

    def _step(self, parts: np.ndarray) -> np.ndarray:
        step = self._inverse * (self._right.T @ (parts / self._values))
        if self._objective.intercept:
            step[-1] -= step[:-1] @ self._centre
        return step
