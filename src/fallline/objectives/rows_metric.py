"""The curvature of a cost over rows as a metric: its inverse applied, lengths measured in it, its reach over rows."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fallline.data.blocks import Block
from fallline.data.sums import each_block
from fallline.objectives.rows import RowsObjective

__all__ = ["Metric", "inverse_root", "metric_at", "middle_of_bent"]


DEAR = 1 / 2
"""Share of a block's rows whose lengths in the metric cost more than another step with its Hessian."""

COARSE = 1e-5
"""What is added to the diagonal of a coarse Hessian, as a share."""


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
        The directions of no curvature, in parameters scaled by the root of the Hessian's diagonal, but for those so
        by nature: a constant column's coefficient, and a shift of all outputs alike where nothing penalises it.
    scale : array, shape (size,)
        The reciprocals of that root; 0 where there is no curvature.
    """

    hessian: np.ndarray
    centre: np.ndarray
    outputs: int
    intercept: bool
    root: np.ndarray
    null: np.ndarray
    scale: np.ndarray

    @staticmethod
    def of(
        hessian: np.ndarray,
        centre: np.ndarray,
        outputs: int,
        intercept: bool,
        penalised: bool = False,
        invariant: bool = False,
    ) -> Metric:
        """Return the metric of a Hessian in the parameters of centred columns, shape (size, size).

        `invariant` tells that a shift of all outputs alike changes nothing but the penalty; `penalised` that every
        coefficient has one: then only the intercepts can shift freely.
        """
        diagonal = np.sqrt(np.maximum(np.diag(hessian), 0.0))
        scale = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
        unit = hessian * scale * scale[:, None]
        unit[diagonal == 0, diagonal == 0] = 1.0
        if invariant:
            unit += _free_shifts(diagonal, len(centre), outputs, intercept, penalised)
        root, null = inverse_root(unit)
        return Metric(hessian, centre, outputs, intercept, scale[:, None] * root, null, scale)

    @property
    def defect(self) -> int:
        """The number of directions without curvature."""
        return self.null.shape[1]

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """Return the pseudo-inverse times `gradient`, shape (size,)."""
        return self.solve_centred(self.centred(gradient))

    def solve_centred(self, gradient: np.ndarray) -> np.ndarray:
        """Return the same for a gradient in the parameters of centred columns."""
        step = self.root @ (self.root.T @ gradient)
        if self.intercept:
            step[-self.outputs :] -= step[: -self.outputs].reshape(self.outputs, -1) @ self.centre
        return step

    def shrunk(self, factor: float) -> Metric:
        """Return the metric of the Hessian times a factor."""
        root = np.sqrt(factor)
        return replace(self, hessian=factor * self.hessian, root=self.root / root, scale=self.scale / root)

    def decrement(self, gradient: np.ndarray) -> float:
        """Return the length ``√(gᵀH⁺g)`` of a gradient."""
        return float(np.linalg.norm(self.root.T @ self.centred(gradient)))

    @property
    def complete(self) -> bool:
        """Whether every parameter has curvature, beyond rounding."""
        return self.defect == 0 and bool((self.scale > 0).all())

    def strays(self, gradient: np.ndarray, noise: np.ndarray) -> bool:
        """Tell whether a gradient has parts without curvature of more than their `noise`, both of shape (size,)."""
        slope, flat = self.centred(gradient), self.scale == 0
        if (np.abs(slope[flat]) > noise[flat]).any():
            return True
        along = np.abs(self.null.T @ (self.scale * slope))
        return bool((along > np.abs(self.null).T @ (self.scale * noise)).any())

    def centred(self, gradient: np.ndarray) -> np.ndarray:
        """Return a gradient in the parameters of centred columns."""
        if not self.intercept:
            return gradient
        w, b = gradient[: -self.outputs].reshape(self.outputs, -1), gradient[-self.outputs :]
        return np.concatenate([(w - np.outer(b, self.centre)).ravel(), b])

    def plain(self) -> np.ndarray:
        """Return the Hessian in the parameters of the columns as they are, shape (size, size)."""
        plain = self.hessian.copy()
        if self.intercept:
            places = self.places()
            for rows in places:
                plain[:, rows[:-1]] += np.outer(plain[:, rows[-1]], self.centre)
            for rows in places:
                plain[rows[:-1]] += np.outer(self.centre, plain[rows[-1]])
        return plain

    def reach(self, longest: float, spread: np.ndarray) -> float:
        """Return a number that no row's predictors change more by, for a step of length one in this metric.

        For one output a bound on ``max √(xᵀH⁺x)`` over rows, for several on the change of their range.

        Parameters
        ----------
        longest : float
            The largest length of a row in centred columns of unit spread.
        spread : array, shape (d,)
            The columns' spreads.
        """
        scale = np.append(spread, np.ones(int(self.intercept)))
        inverse = sum(self.root[rows] @ self.root[rows].T for rows in self.places())
        inverse = inverse * scale * scale[:, None]
        largest = float(np.linalg.eigvalsh(inverse)[-1]) if np.isfinite(inverse).all() else np.inf
        return float(np.sqrt((1 if self.outputs == 1 else 2) * max(largest, 0.0) * (longest**2 + self.intercept)))

    def furthest(self, objective: RowsObjective) -> float:
        """Return the tightest such number, at the price of a pass over the rows that costs d² for each."""
        inverse = sum(self.root[rows] @ self.root[rows].T for rows in self.places())

        def longest(block: Block) -> float:
            columns = block.dense() - self.centre
            if self.intercept:
                columns = np.column_stack([columns, np.ones(len(columns))])
            squares = np.sum((columns @ inverse) * columns, axis=1)
            return float(np.max(squares[block.weights > 0], initial=0.0))

        square = max(each_block(objective.rows, longest, objective.threads))
        return float(np.sqrt((1 if self.outputs == 1 else 2) * square))

    def within(
        self, objective: RowsObjective, x: np.ndarray, factor: float, enough: float, *, sparing: bool = False
    ) -> float:
        """Return the number that `furthest` does, or less exactly where it is at most `enough`.

        The metric is to be that of the objective of one output at `x`, shape (size,), times `factor`. As a row's own
        square is no longer than the sum of all, most rows are settled by their curvature. Where they are not, a
        `sparing` measure is infinite: it would cost more than another step.
        """
        w, b = objective.split(x)
        inverse = self.root @ self.root.T
        share = factor / objective.total

        def longest(block: Block) -> float:
            bends = share * objective.bends(block, w, b)
            settled = bends * enough**2 >= 1
            known = float(np.sqrt(1 / bends[settled].min())) if settled.any() else 0.0
            left = np.flatnonzero(~settled & (block.weights > 0))
            if not left.size:
                return known
            if sparing and left.size > DEAR * len(bends):
                return np.inf
            columns = block.X[left] - self.centre
            if self.intercept:
                columns = np.column_stack([columns, np.ones(len(columns))])
            return max(known, float(np.sqrt(np.sum((columns @ inverse) * columns, axis=1).max())))

        return max(each_block(objective.rows, longest, objective.threads))

    def places(self) -> list[np.ndarray]:
        """Return for each output where its coefficients, then its intercept, stand in the flat parameters."""
        return _places(len(self.centre), self.outputs, self.intercept)


def _places(columns: int, outputs: int, intercept: bool) -> list[np.ndarray]:
    tail = columns * outputs
    return [
        np.array([*range(k * columns, (k + 1) * columns), *([tail + k] if intercept else [])], dtype=np.intp)
        for k in range(outputs)
    ]


def metric_at(objective: RowsObjective, x: np.ndarray, centre: np.ndarray, *, coarse: bool = False) -> Metric:
    """Return the metric of the objective's Hessian at `x`, columns centred at `centre`; `coarse` as in `curvature`."""
    centre = centre if objective.intercept else np.zeros_like(centre)
    metric = _metric(objective, x, centre, coarse)
    if coarse:
        return metric
    if metric.defect == 0 or not objective.intercept or objective.loss.quadratic:
        return metric
    away = middle_of_bent(metric.hessian, len(centre), metric.outputs)
    if away is None:
        return metric
    nearer = _metric(objective, x, centre + away)
    return nearer if nearer.defect < metric.defect else metric


def middle_of_bent(hessian: np.ndarray, columns: int, outputs: int) -> np.ndarray | None:
    """Return how far from the centre the rows that bend are, shape (d,), where some column tells of nothing else.

    Rows far off that bend no more pull the mean away from those that do: it is best to look again from the middle of
    these. The Hessian is one with intercepts, in the parameters of centred columns.
    """
    blocks = np.sum([hessian[np.ix_(rows, rows)] for rows in _places(columns, outputs, intercept=True)], axis=0)
    squares, shift, bend = np.diag(blocks)[:-1], blocks[:-1, -1], blocks[-1, -1]
    return shift / bend if (shift**2 > 0.99 * bend * squares).any() else None


def _metric(objective: RowsObjective, x: np.ndarray, centre: np.ndarray, coarse: bool = False) -> Metric:
    hessian = objective.curvature(x, centre, coarse=coarse)
    if coarse:
        # what is rounded must not look like a direction without curvature
        place = np.arange(len(hessian))
        hessian[place, place] *= 1 + COARSE
    penalised, invariant = objective.penalised, objective.loss.invariant
    return Metric.of(hessian, centre, objective.outputs, objective.intercept, penalised, invariant)


def _free_shifts(diagonal: np.ndarray, columns: int, outputs: int, intercept: bool, penalised: bool) -> np.ndarray:
    """Return projections on the shifts of all outputs alike that change nothing, in parameters of unit diagonal."""
    total = np.zeros((len(diagonal), len(diagonal)))
    places = [columns * outputs + np.arange(outputs)] if intercept else []
    if not penalised:
        places += [j + columns * np.arange(outputs) for j in range(columns)]
    for place in places:
        square = float(diagonal[place] @ diagonal[place])
        if square > 0:
            total[np.ix_(place, place)] += np.outer(diagonal[place], diagonal[place]) / square
    return total


def inverse_root(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a root of the pseudo-inverse of a matrix of unit diagonal, and its null space.

    Examples
    --------
    >>> root, null = inverse_root(np.ones((2, 2)))
    >>> (root @ root.T).round(3), null.shape
    (array([[0.25, 0.25],
           [0.25, 0.25]]), (2, 1))
    """
    from scipy.linalg import get_lapack_funcs

    invert: Any = get_lapack_funcs("trtri", (unit,))
    with contextlib.suppress(np.linalg.LinAlgError):  # many times quicker, where nothing is near to singular
        lower = np.linalg.cholesky(unit)
        if np.min(np.diag(lower)) > 1e-4:
            return invert(lower, lower=1)[0].T, np.zeros((len(unit), 0))
    values, vectors = np.linalg.eigh(unit)
    keep = values > 30 * len(values) * np.finfo(float).eps * max(values[-1], 0.0)
    return vectors[:, keep] / np.sqrt(values[keep]), vectors[:, ~keep]
