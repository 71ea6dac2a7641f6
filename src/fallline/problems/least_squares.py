"""The cost of a nonlinear least-squares problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["SumOfSquares"]


@dataclass(frozen=True)
class SumOfSquares:
    """The cost of a least-squares problem: the sum of its squared residuals.

    Attributes
    ----------
    residuals : callable
        From `x`, shape (n,), to the residuals, shape (m,).
    count : int or None
        Their number, where the function must be told it.
    """

    residuals: Callable[..., Any]
    count: int | None = None

    def at(self, x: Any) -> Any:
        """Return the residuals at `x`, shape (m,)."""
        return self.residuals(x) if self.count is None else self.residuals(x, self.count)

    def __call__(self, x: Any) -> Any:
        """Return the cost at `x`, shape (n,)."""
        return np.sum(self.at(x) ** 2)
