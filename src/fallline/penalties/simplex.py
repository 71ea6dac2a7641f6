"""The simplex: shares of a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.namespace import namespace
from fallline.errors import InputError, shown
from fallline.penalties.base import Penalty, Subgradients, Tangent

__all__ = ["Simplex"]


@dataclass(frozen=True)
class Simplex(Penalty):
    """The set of parameters that are at least 0 and sum to `total`: shares, weights, probabilities.

    Parameters
    ----------
    total : float
        What they sum to, positive.

    Raises
    ------
    InputError
        Where `total` is not positive and finite.

    References
    ----------
    J. Duchi, S. Shalev-Shwartz, Y. Singer and T. Chandra, "Efficient projections onto the l1-ball for learning in high
    dimensions", 2008, figure 1.

    Examples
    --------
    >>> import numpy as np, fallline as fl
    >>> fl.penalties.Simplex().prox(np.array([0.5, 0.9, -0.3]), 1.0)
    array([0.3, 0.7, 0. ])
    """

    total: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.total, (int, float)) or not 0 < self.total < float("inf"):
            raise InputError(
                f"total must be positive and finite; got {shown(self.total)}. The parameters sum to it. Try 1."
            )

    def value(self, x: Any) -> Any:
        return 0 * x[0]

    def prox(self, x: Any, rate: Any) -> Any:
        xp = namespace(x)
        falling = xp.flip(xp.sort(x))
        excess = xp.cumulative_sum(falling) - self.total
        places = xp.arange(1, x.shape[0] + 1, dtype=x.dtype)
        positive = falling * places > excess
        threshold = xp.max(xp.where(positive, excess / places, -float("inf")))
        # a point whose sum is true to rounding stays as it is, and keeps its zeros
        rounding = 4 * xp.finfo(x.dtype).eps * self.total
        return xp.maximum(x - xp.where(xp.abs(threshold) > rounding, threshold, 0 * threshold), xp.zeros_like(x))

    def tangent(self, x: np.ndarray, gradient: np.ndarray, rate: float) -> Tangent:
        free = self.prox(x - rate * gradient, rate) > 0
        level = float(np.mean(gradient[free]))

        def project(rows: np.ndarray) -> np.ndarray:
            return free * (rows - np.mean(rows, axis=-1, where=free, keepdims=True))

        outside = float(np.sum(np.maximum(gradient - level, 0) * x, where=~free))
        return Tangent(project, np.where(free, gradient - level, 0), 0.0, outside)

    def subgradients(self, x: np.ndarray) -> Subgradients:
        level = np.ones((1, x.size))
        ways = np.vstack([level, -level, -np.eye(x.size)[x <= 0]])
        return Subgradients(np.zeros(x.size), ways, np.full(len(ways), np.inf))

    def refusal(self, x: np.ndarray, layout: Layout) -> str | None:
        if (x >= 0).all() and abs(x.sum() - self.total) <= 1e-6 * self.total:
            return None
        return (
            f"must be at least 0 and sum to {self.total:g} for a Simplex; got a smallest of {x.min():g} and a sum of "
            f"{x.sum():g}"
        )
