"""The method behind ``method="auto"`` for many columns and absolute values: Newton's steps in those that matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fallline.data.columns import columns_of
from fallline.models.face_steps import along_the_face
from fallline.models.proximal_newton import kinked_minimum
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_coordinates import descend_coordinates
from fallline.objectives.rows_products import diagonal_of, guarded_bends, hessian_with, product_with
from fallline.penalties import Ridge

__all__ = ["WorkingSets"]

FIRST = 100
"""Zeros that are let go together, where no more coefficients are free yet."""

FACES = 600
"""Columns up to which the quadratic's minimum is found exactly, where rows are many times more; beyond, about."""


FAR, TRUSTED = 20.0, 1e3
"""How far a row may go for itself alone, at first and where the quadratic is trusted."""

LITTLE = 0.1
"""A step's share of the parameters' length from which on it is."""


class _Set(NamedTuple):
    """The columns in the last set, ascending, and the cost over them alone; where the last step began, and the step."""

    columns: np.ndarray
    part: RowsObjective | None
    start: np.ndarray | None = None
    step: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class WorkingSets:
    """Proximal Newton steps over the coefficients that are not zero, and those zeros that promise most.

    Most coefficients are zero at the minimum. A Hessian is formed, and the quadratic with its absolute values minimised
    exactly, for the columns of a working set only: those of the coefficients that are free, and as many of the zeros
    whose slope is steeper than the penalty holds, by what letting them go promises.

    Parameters
    ----------
    objective : RowsObjective
        Of one output and a smooth loss.
    strength : array, shape (size,)
        Of the absolute values.
    centre, spread : array, shape (d,)
        Of the columns.

    References
    ----------
    M. Massias, A. Gramfort and J. Salmon, "Celer: a fast solver for the Lasso with dual extrapolation", 2018, section
    4, for sets that at most double; the steps are those of `ProximalNewton`.
    """

    objective: RowsObjective
    strength: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    def init(self, x: Any) -> _Set:
        return _Set(np.arange(0), None)

    def update(self, gradient: Any, state: _Set, x: Any) -> tuple[Any, _Set]:
        columns, part = self._renewed(state, gradient, x)
        places = np.append(columns, self.objective.rows.columns) if part.intercept else columns
        here = x[places]
        bends = guarded_bends(part, here, _allowed(state, x))
        direction = np.zeros_like(x)
        direction[places] = here - self._minimum(part, columns, bends, gradient[places], self.strength[places], here)
        return direction, _Set(columns, part, x, direction)

    def saved(self, state: _Set) -> list[np.ndarray]:
        """Return the arrays from which `restored` makes a state."""
        return [] if state.part is None else [state.columns, np.array(state.start), np.array(state.step)]

    def restored(self, state: _Set, saved: list[np.ndarray], x: np.ndarray) -> _Set:
        """Return the state that was `saved`."""
        if not saved:
            return state
        columns, start, step = saved
        return _Set(columns, self._over(columns), start, step)

    def _minimum(
        self,
        part: RowsObjective,
        columns: np.ndarray,
        bends: np.ndarray,
        gradient: np.ndarray,
        strength: np.ndarray,
        x: np.ndarray,
    ) -> np.ndarray:
        """Return where the quadratic over the set is least, for a small set exactly; else by coordinates and faces."""
        if len(columns) > min(FACES, part.rows.count // 4):
            there = descend_coordinates(part, bends, gradient, strength, x)
            product, diagonal = product_with(part, bends), diagonal_of(part, bends)
            return along_the_face(product, diagonal, gradient, strength, x, there)
        centre = self.centre[columns] if part.intercept else np.zeros(len(columns))
        return kinked_minimum(hessian_with(part, bends, centre), centre, 1, gradient, strength, x)

    def _renewed(self, state: _Set, gradient: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, RowsObjective]:
        """Return the columns that the next step moves, and the cost over them; the last ones where they will do."""
        columns = self._wanted(gradient, x)
        if state.part is not None and np.isin(columns, state.columns, assume_unique=True).all():
            return state.columns, state.part
        return columns, self._over(columns)

    def _over(self, columns: np.ndarray) -> RowsObjective:
        """Return the cost over some columns alone."""
        whole = self.objective
        ridge = None if whole.ridge is None else Ridge(whole.ridge.strength[columns])
        rows = columns_of(whole.rows, columns)
        return RowsObjective(rows, whole.loss, ridge=ridge, intercept=whole.intercept, threads=whole.threads)

    def _wanted(self, gradient: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the columns whose coefficients are not zero, or should not be, ascending."""
        w, slope = x[: self.objective.coefficients], gradient[: self.objective.coefficients]
        held = self.strength[: self.objective.coefficients]
        excess = np.abs(slope) - held
        free = (w != 0) | ((held == 0) & (slope != 0))
        gain = np.divide(excess, self.spread, out=np.zeros_like(excess), where=self.spread > 0)
        gain[free] = 0.0
        count = min(max(FIRST, int(free.sum())), len(gain))
        most = np.argpartition(gain, -count)[-count:]
        free[most[gain[most] > 0]] = True
        return np.flatnonzero(free)


def _allowed(state: _Set, x: np.ndarray) -> float:
    """Return how far rows may go: the quadratic is trusted once a whole step has changed little."""
    if state.start is None or state.step is None:
        return FAR
    moved = np.linalg.norm(x - state.start)
    return TRUSTED if 0.99 * np.linalg.norm(state.step) < moved <= LITTLE * np.linalg.norm(x) else FAR
