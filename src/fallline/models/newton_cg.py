"""The method behind ``method="auto"`` for wide tables with a penalty: Newton's steps by conjugate gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fallline.models.conjugate_gradients import PRODUCTS, conjugate_gradients
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_coarse import CoarseInverse
from fallline.objectives.rows_products import diagonal_of, products_at

__all__ = ["NewtonCG"]

ELEMENTWISE = 30
"""Operations for each row and output of a product with a Hessian, besides those for each column."""

QUICKER = 8
"""How many times as quick the operations are that form a Hessian."""

LOOSE = 0.25
"""Share of the gradient that a step may leave, far from the minimum."""


class _Memory(NamedTuple):
    """What the next step depends on.

    The size of the first gradient, which later ones are compared with, 0 before the first step; and about the inverse
    of a Hessian, where one was measured.
    """

    size: float
    inverse: CoarseInverse | None = None


@dataclass(frozen=True, eq=False)
class NewtonCG:
    """Newton's method by conjugate gradients: ``direction`` solves ``H·direction = gradient`` about.

    The Hessian H is only multiplied with vectors, at the price of a pass over the rows each; its diagonal makes up for
    the scales of the columns. Far from the minimum a rough solution does: the share of the gradient that is left falls
    with the square root of the gradient's size. Where that takes more products than a Hessian costs, and it is not too
    large to be formed, it is, in single precision, and its inverse shortens this step and the next ones, until they in
    turn take as many.

    Parameters
    ----------
    objective : RowsObjective
        Of a smooth loss, every coefficient being penalised.
    columns : tuple of two arrays, shape (d,), optional
        The columns' means and spreads, where Hessians may be formed.

    References
    ----------
    R. Dembo and T. Steihaug, "Truncated-Newton algorithms for large-scale unconstrained optimization", 1983;
    J. Nocedal and S. Wright, *Numerical Optimization*, 2006, algorithm 7.1.
    """

    objective: RowsObjective
    columns: tuple[np.ndarray, np.ndarray] | None = None

    def init(self, x: Any) -> _Memory:
        return _Memory(0.0)

    def update(self, gradient: Any, state: _Memory, x: Any) -> tuple[Any, _Memory]:
        bends, product = products_at(self.objective, x)
        precondition = state.inverse or self._by_diagonal(bends)
        size = _size(precondition, gradient)
        first = state.size or size
        share = min(LOOSE, float(np.sqrt(size / first)) if first > 0 else LOOSE)
        most = self._price if self.columns is not None else PRODUCTS
        direction, left, done = conjugate_gradients(product, precondition, gradient, share * size, most)
        inverse = state.inverse
        if not done and self.columns is not None:
            inverse = CoarseInverse(self.objective, x, *self.columns)
            renewed = _size(inverse, gradient)
            direction += conjugate_gradients(product, inverse, left, share * renewed)[0]
            # sizes are measured by the new one from now on
            first *= renewed / max(size, 1e-300)
        return direction if direction.any() else precondition(gradient), _Memory(first, inverse)

    def saved(self, state: _Memory) -> list[np.ndarray]:
        """Return the arrays from which `restored` makes a state."""
        return [np.array(state.size), np.zeros(0) if state.inverse is None else state.inverse.x]

    def restored(self, state: _Memory, saved: list[np.ndarray], x: np.ndarray) -> _Memory:
        """Return the state that was `saved`; the Hessian is measured again where it was."""
        size, measured = saved
        inverse = None
        if self.columns is not None and measured.size:
            inverse = CoarseInverse(self.objective, measured, *self.columns)
        return _Memory(float(size), inverse)

    def _by_diagonal(self, bends: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return what divides by the Hessian's diagonal."""
        diagonal = diagonal_of(self.objective, bends)
        scale = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
        return lambda v: scale * v

    @property
    def _price(self) -> int:
        """About how many products with a Hessian take as long as forming and factoring it."""
        whole = self.objective
        rows, size = whole.rows.count, whole.size
        forming = rows * size**2 + size**3 / 3
        product = rows * whole.outputs * (4 * whole.rows.columns + ELEMENTWISE)
        return max(1, round(forming / (QUICKER * product)))


def _size(precondition: Callable[[np.ndarray], np.ndarray], gradient: np.ndarray) -> float:
    return float(np.sqrt(max(gradient @ precondition(gradient), 0.0)))
