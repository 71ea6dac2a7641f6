"""The Huber loss with the scale of the errors estimated besides, as an objective over rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fallline.data.blocks import ArrayRows, Block, Retargeted
from fallline.data.sums import each_block, sum_blocks
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_gram import gram, sparse_gram
from fallline.objectives.rows_metric import Metric

__all__ = ["ScaledHuberObjective"]

EPS = float(np.finfo(float).eps)

SCALED = 0.5
"""The share of its curvature that the cost may lose, in some direction, to the scale's giving way.

Towards a perfect fit it loses all; the curvature at a fixed scale, which is never less, then leads there in one step.
"""


class _Errors(NamedTuple):
    """The errors ``z - y`` in units of their scale `scale`, shape (n,), cut off at the loss's `delta` in `cut`."""

    scale: float
    error: np.ndarray
    cut: np.ndarray


class ScaledHuberObjective(RowsObjective):
    """The least over scales σ of ``(1/Σs) Σ s·(σ/2 + σ·h((z - y)/σ)) + ridge(w)``, h being the Huber loss.

    At the best scale the errors in its units, cut off at `delta`, have a mean square of one. The cost is convex in
    scale and parameters together, so it is in the parameters.

    Examples
    --------
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> rows = ArrayRows(np.ones((4, 1)), np.array([1.0, -1.0, 2.0, -2.0]))
    >>> objective = ScaledHuberObjective(rows, find("huber", "regression"), intercept=False)
    >>> round(objective.scale(np.zeros(1)) ** 2, 6)
    2.5
    """

    def baseline(self) -> float:
        y, weights = self.rows.targets()
        constant = ScaledHuberObjective(ArrayRows(np.zeros((len(y), 0)), y, weights), self.loss, threads=self.threads)
        x = np.array([float(np.median(y))])
        cost, gradient = constant.value_and_gradient(x)
        for _ in range(100):
            # at a fixed scale a step of Newton's never raises the cost
            bend = float(constant._bends_of(constant._errors(x), np.zeros(0))[0, 0])
            x = x - gradient / bend if bend > 0 else x
            before, (cost, gradient) = cost, constant.value_and_gradient(x)
            if not cost < before * (1 - 1e-12):
                break
        return cost

    @property
    def _delta(self) -> float:
        return float(self.loss.parameters.delta)

    def scale(self, x: np.ndarray) -> float:
        """Return the scale of least cost at `x`, shape (size,)."""
        return self._errors(x).scale

    def gap(self, x: np.ndarray, cost: float, gradient: np.ndarray, centre: np.ndarray) -> float:
        """Return a number that the cost, given with its gradient at `x`, is not more than above its minimum.

        A dual point of the joint problem is a slope for each row of at most `delta` with a mean square of at most one.
        """
        at, weights = self._errors(x), self._weights()
        bends = self._bends_of(at, centre)
        metric = Metric.of(self._held(bends), centre, 1, self.intercept)
        w, b = self.split(-metric.solve(gradient))
        moved = np.concatenate(each_block(self.rows, lambda block: (block.X @ w.T + b)[:, 0], self.threads))
        u = np.clip(at.cut + (at.cut == at.error) * moved / at.scale, -self._delta, self._delta)
        u = u / max(1.0, float(np.sqrt(weights @ u**2)))
        slope = self._slope(u)
        squares = np.zeros(self.size)
        if self.ridge is not None:
            squares[: self.coefficients] = self.ridge.strength
        sizes = np.append(self.sizes(), np.ones(self.size - self.coefficients))
        if (np.abs(slope) > 64 * EPS * sizes)[squares == 0].any():
            return cost
        apart = at.scale * ((at.cut - u) * (at.error - 0.5 * (at.cut + u)))
        rest = np.divide((slope + squares * x) ** 2, 2 * squares, out=np.zeros_like(x), where=squares > 0)
        spare = 0.5 * at.scale * max(1.0 - float(weights @ u**2), 0.0)
        total = float(weights @ np.maximum(apart, 0.0)) + spare + float(rest.sum())
        return min(total, cost) if np.isfinite(total) else cost

    def curvature(self, x: np.ndarray, centre: np.ndarray, *, coarse: bool = False) -> np.ndarray:
        self.counts.curvature += self.size
        bends = self._bends_of(self._errors(x), centre)
        fixed, across, bend = self._held(bends), bends[-1, :-1], bends[-1, -1]
        if bend > 0:
            toward = Metric.of(fixed, np.zeros_like(centre), 1, self.intercept).decrement(across) ** 2 / bend
            if toward <= SCALED:
                fixed -= np.outer(across, across) / bend
        return fixed

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        return directions @ self.curvature(x, np.zeros(self.rows.columns))

    def _held(self, bends: np.ndarray) -> np.ndarray:
        """Return the Hessian without the scale's row and column, with that of the ridge."""
        return self._with_ridge(bends[: self.size, : self.size])

    def _evaluate(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        at = self._errors(x)
        each = at.cut * (at.error - 0.5 * at.cut)
        value = at.scale * (0.5 + float(self._weights() @ each))
        gradient = self._slope(at.cut)
        if self.ridge is not None:
            value += self.ridge.value(x[: self.coefficients])
            gradient[: self.coefficients] += self.ridge.gradient(x[: self.coefficients])
        return value, gradient

    def _weights(self) -> np.ndarray:
        y, weights = self.rows.targets()
        return (np.ones(len(y)) if weights is None else weights) / self.total

    def _slope(self, u: np.ndarray) -> np.ndarray:
        rows = Retargeted(self.rows, u)
        total = sum_blocks(rows, lambda block: self.pull_back(block.X, block.weights * block.y), self.threads)
        return total / self.total

    def _bends_of(self, at: _Errors, centre: np.ndarray) -> np.ndarray:
        """Return the curvature in the parameters of centred columns and, last, in the scale."""
        multiply = gram if self.rows.crowded else sparse_gram
        inside = np.where(at.cut == at.error, at.error, np.nan)

        def term(block: Block) -> np.ndarray:
            near = np.isfinite(block.y)
            others = np.column_stack([np.ones(len(near)), np.where(near, -block.y, 0.0)][not self.intercept :])
            return multiply(block, others, block.weights * near, centre)

        return sum_blocks(Retargeted(self.rows, inside), term, self.threads) / (self.total * at.scale)

    def _errors(self, x: np.ndarray) -> _Errors:
        w, b = self.split(x)
        z = np.concatenate(each_block(self.rows, lambda block: (block.X @ w.T + b)[:, 0], self.threads))
        error = z - self.rows.targets()[0]
        scale = self._scale_of(np.abs(error))
        error /= scale
        return _Errors(scale, error, np.clip(error, -self._delta, self._delta))

    def _scale_of(self, far: np.ndarray) -> float:
        """Return the scale at which the mean of ``min(far/scale, delta)²`` is one, far being of shape (n,)."""
        order, weights = np.argsort(far), self._weights()
        sizes, shares = far[order], weights[order]
        inner, outer = np.cumsum(shares * sizes**2), 1.0 - np.cumsum(shares)
        left = 1.0 - self._delta**2 * np.maximum(outer, 0.0)
        # the row after the inner ones must be cut off at the scale that they give
        following = np.append(sizes[1:], np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            square = np.where(left > 0, inner / left, 0.0)
        fits = (left > 0) & (self._delta * np.sqrt(square) <= following)
        found = float(np.sqrt(square[np.argmax(fits)])) if fits.any() else 0.0
        return max(found, 16 * EPS * float(np.abs(self.rows.targets()[0]).max()), 1e-150)
