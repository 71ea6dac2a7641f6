"""A loss of two classes for many: each class against all others."""

# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.losses import Loss

__all__ = ["OneVsRest"]


@dataclass(frozen=True)
class OneVsRest(Loss):
    """The sum over the classes of a loss that tells each from all others, a predictor for each.

    Parameters
    ----------
    inner : Loss
        Of two classes.

    Examples
    --------
    >>> from fallline.losses import find
    >>> loss = OneVsRest(find("hinge", "classification"))
    >>> loss.value(np.array([1.0]), np.array([[-2.0, 0.5, 0.0]]))
    array([1.5])
    """

    name = "one-vs-rest"
    task = "classification"
    multiple = True
    separate = True

    inner: Loss

    @property
    def steepest(self) -> float:
        return self.inner.steepest

    @property
    def smooth(self) -> bool:
        return self.inner.smooth

    @property
    def concordant(self) -> bool:
        return self.inner.concordant

    def value(self, y: Any, z: Any) -> Any:
        return np.sum(self.inner.value(_own(y, z.shape[1]), z), axis=1)

    def derivative(self, y: Any, z: Any) -> Any:
        return self.inner.derivative(_own(y, z.shape[1]), z)

    def curvature(self, y: Any, z: Any) -> Any:
        bends = self.inner.curvature(_own(y, z.shape[1]), z)
        return bends[:, :, None] * np.eye(z.shape[1])

    def turn(self, y: Any, z: Any, change: Any) -> Any:
        return self.inner.curvature(_own(y, z.shape[1]), z) * change

    def constant(self, y: Any, weights: Any) -> Any:
        own = _own(y, int(y.max()) + 1)
        return np.array([self.inner.constant(column, weights) for column in own.T])

    def conjugate(self, y: Any, u: Any) -> Any:
        return np.sum(self.inner.conjugate(_own(y, u.shape[1]), u), axis=1)

    def project(self, y: Any, u: Any) -> Any:
        return self.inner.project(_own(y, u.shape[1]), u)

    def parts(self, y: Any) -> tuple[tuple[Any, Any, Any, Any], ...]:
        return self.inner.parts(_own(y, int(y.max()) + 1))


def _own(y: np.ndarray, classes: int) -> np.ndarray:
    """Return 1 where the column is the row's own class and 0 elsewhere, shape (n, classes)."""
    return (y[:, None] == np.arange(classes)).astype(np.float64)
