"""The method behind ``method="auto"`` for wide tables with a penalty: Newton's steps by conjugate gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fallline.models.conjugate_gradients import conjugate_gradients
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_products import diagonal_of, products_at

__all__ = ["NewtonCG"]

LOOSE = 0.25
"""Share of the gradient that a step may leave, far from the minimum."""


class _Start(NamedTuple):
    """The size of the first gradient, which later ones are compared with; 0 before the first step."""

    size: float


@dataclass(frozen=True, eq=False)
class NewtonCG:
    """Newton's method without a Hessian: ``direction`` solves ``H·direction = gradient`` by conjugate gradients.

    The Hessian H is only multiplied with vectors, at the price of a pass over the rows each; its diagonal makes up for
    the scales of the columns. Far from the minimum a rough solution does: the share of the gradient that is left falls
    with the square root of the gradient's size.

    Parameters
    ----------
    objective : RowsObjective
        Of a smooth loss, every coefficient being penalised.

    References
    ----------
    R. Dembo and T. Steihaug, "Truncated-Newton algorithms for large-scale unconstrained optimization", 1983;
    J. Nocedal and S. Wright, *Numerical Optimization*, 2006, algorithm 7.1.
    """

    objective: RowsObjective

    def init(self, x: Any) -> _Start:
        return _Start(0.0)

    def update(self, gradient: Any, state: _Start, x: Any) -> tuple[Any, _Start]:
        bends, product = products_at(self.objective, x)
        diagonal = diagonal_of(self.objective, bends)
        scale = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
        size = float(np.sqrt(gradient @ (scale * gradient)))
        first = state.size or size
        wanted = min(LOOSE, float(np.sqrt(size / first)) if first > 0 else LOOSE) * size
        direction = conjugate_gradients(product, scale, gradient, wanted)
        return direction if direction.any() else scale * gradient, _Start(first)
