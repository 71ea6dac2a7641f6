"""An objective with its penalty."""

from __future__ import annotations

import numpy as np

from fallline.objectives.base import Counts, Objective
from fallline.penalties import Penalty

__all__ = ["PenalisedFunction"]


class PenalisedFunction(Objective):
    """A function with a penalty: the cost is the sum of both; gradient, curvature and program are the function's own.

    Parameters
    ----------
    smooth : Objective
        The function.
    penalty : Penalty
        Laid out for its parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.arrays.layout import flatten
    >>> from fallline.objectives.ladder import differentiate
    >>> from fallline.penalties import L1
    >>> x, layout, _ = flatten([3.0, -1.0])
    >>> smooth, _ = differentiate(lambda x: np.sum(x**2), x, layout, ())
    >>> PenalisedFunction(smooth, L1(0.5)).value_and_gradient(x)
    (12.0, array([ 6., -2.]))
    """

    def __init__(self, smooth: Objective, penalty: Penalty) -> None:
        self.smooth, self.penalty, self._penalty = smooth, penalty, penalty
        self.size, self.dtype, self.source = smooth.size, smooth.dtype, smooth.source
        self.exact, self.pure, self.program = smooth.exact, smooth.pure, smooth.program
        plain = smooth.plain
        self.plain = None if plain is None else lambda x: plain(x) + self._added(x)

    @property
    def counts(self) -> Counts:
        return self.smooth.counts

    @counts.setter
    def counts(self, counts: Counts) -> None:
        self.smooth.counts = counts

    def value(self, x: np.ndarray) -> float:
        return self.smooth.value(x) + self._added(x)

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        cost, gradient = self.smooth.value_and_gradient(x)
        return cost + self._added(x), gradient

    def slope(self, x: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        return np.asarray(self._penalty.slope(x, gradient), dtype=self.dtype)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        return self.smooth.hessian_products(x, directions)

    def hessian(self, x: np.ndarray) -> np.ndarray:
        return self.smooth.hessian(x)

    def values(self, points: np.ndarray) -> np.ndarray:
        return self.smooth.values(points) + np.array([self._added(point) for point in points])

    def _added(self, x: np.ndarray) -> float:
        return float(self._penalty.value(x))
