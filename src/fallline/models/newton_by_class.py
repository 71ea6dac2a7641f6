"""The method behind ``method="auto"`` for losses of each class against all others: Newton's, class by class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.data.blocks import Block, Retargeted
from fallline.data.sums import each_block, sum_blocks
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_gram import centred
from fallline.objectives.rows_metric import Metric

__all__ = ["NewtonByClass"]

LEVEL, SMALL, TRIALS = 1e-2, 0.1, 30
"""Share of a class's slope that the search for its rate may leave, that of the steepest class which counts as such for
all, and the trials at the most."""


@dataclass(frozen=True, eq=False)
class NewtonByClass:
    """Newton's steps for several classes, each told from all others by itself, and the best rate for each of them.

    The cost is a sum over the classes: its Hessian has a block for each, and what is a good rate for one is none for
    another. The direction is scaled class by class to the lowest point along it, found by Newton's method on the slope
    along the step, between bounds; the predictors are those of two passes whatever the number of trials.

    Parameters
    ----------
    objective : RowsObjective
        Of a smooth loss that is separate in its predictors, every coefficient being penalised.
    centre : array, shape (d,)
        Of the columns.

    References
    ----------
    S. Keerthi and D. DeCoste, "A modified finite Newton method for fast solution of large scale linear SVMs", 2005.
    """

    objective: RowsObjective
    centre: np.ndarray

    def init(self, x: Any) -> tuple[()]:
        return ()

    def update(self, gradient: Any, state: tuple[()], x: Any) -> tuple[Any, tuple[()]]:
        direction = self._direction(gradient, x)
        rows = self._by_class(direction)
        promised = np.sum(self._by_class(gradient) * rows, axis=1)
        return self._flat(_least_along(self._slopes_along(x, direction), promised)[:, None] * rows), state

    def _by_class(self, x: np.ndarray) -> np.ndarray:
        """Return flat parameters as a row for each class, its intercept the last of it."""
        w, b = self.objective.split(x)
        return np.column_stack([w, b]) if self.objective.intercept else w

    def _flat(self, rows: np.ndarray) -> np.ndarray:
        columns = self.objective.rows.columns
        return np.concatenate([rows[:, :columns].ravel(), rows[:, columns:].ravel()])

    def _direction(self, gradient: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return Newton's direction, each class's Hessian being formed in centred columns."""
        objective, outputs = self.objective, self.objective.outputs
        centre = self.centre if objective.intercept else np.zeros_like(self.centre)
        w, b = objective.split(x)

        def products(block: Block) -> np.ndarray:
            columns, z = centred(block, centre, objective.intercept), objective.predictors(block, w, b)
            bends = block.weights[:, None] * objective.loss.turn(block.y, z, np.ones_like(z))
            # of a hinge only the rows that are near or wrong bend
            bent = ((columns[mask], bends[mask, k]) for k, mask in enumerate((bends > 0).T))
            return np.stack([(some * bend[:, None]).T @ some for some, bend in bent])

        hessians = sum_blocks(objective.rows, products, objective.threads_to_multiply) / objective.total
        objective.counts.curvature += objective.size
        if objective.ridge is not None:
            place = np.arange(len(centre))
            hessians[:, place, place] += objective.ridge.strength.reshape(outputs, -1)
        slopes = self._by_class(gradient)
        metrics = [Metric.of(hessian, centre, 1, objective.intercept) for hessian in hessians]
        return self._flat(np.stack([metric.solve(slope) for metric, slope in zip(metrics, slopes, strict=True)]))

    def _slopes_along(self, x: np.ndarray, direction: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return what tells for a rate of each class the slope of its cost along the step, and how that bends."""
        objective, loss, outputs = self.objective, self.objective.loss, self.objective.outputs
        (w, b), (v, c) = objective.split(x), objective.split(direction)
        strength = np.zeros_like(w) if objective.ridge is None else objective.ridge.strength.reshape(outputs, -1)
        fall, bend = np.sum(strength * w * v, axis=1), np.sum(strength * v * v, axis=1)
        here, moves = (self._predictors(*at) for at in ((w, b), (v, c)))
        rows = Retargeted(objective.rows, np.column_stack([objective.rows.targets()[0], here, moves]))

        def slopes(rate: np.ndarray) -> np.ndarray:
            def term(block: Block) -> np.ndarray:
                y, (here, move) = block.y[:, 0], np.hsplit(block.y[:, 1:], 2)
                weighed, z = block.weights[:, None] * move, here - rate * move
                slope = -(weighed * loss.derivative(y, z)).sum(axis=0)
                return np.stack([slope, (weighed * loss.turn(y, z, move)).sum(axis=0)])

            total = sum_blocks(rows, term, objective.threads) / objective.total
            return total + np.stack([rate * bend - fall, bend])

        return slopes

    def _predictors(self, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the predictors of all rows, shape (n, outputs)."""
        objective = self.objective
        return np.concatenate(each_block(objective.rows, lambda block: objective.predictors(block, w, b)))


def _least_along(slopes: Callable[[np.ndarray], np.ndarray], promised: np.ndarray) -> np.ndarray:
    """Return the rates of least cost, where the slopes are 0 about, each of a convex cost: shape (outputs,).

    `promised` is how steeply the costs fall at a rate of 0.
    """
    enough = LEVEL * np.maximum(np.abs(promised), SMALL * np.abs(promised).max())
    rate, low, high = np.ones_like(promised), np.zeros_like(promised), np.full_like(promised, np.inf)
    for _ in range(TRIALS):
        slope, bend = slopes(rate)
        found = np.abs(slope) <= enough
        if found.all():
            break
        low, high = np.where(slope < 0, rate, low), np.where(slope > 0, rate, high)
        newton = rate - np.divide(slope, bend, out=np.zeros_like(slope), where=bend > 0)
        between = np.where(np.isfinite(high), 0.5 * (low + high), 2 * rate)
        inside = (bend > 0) & (newton > low) & (newton < high)
        rate = np.where(found, rate, np.where(inside, newton, between))
    return rate
