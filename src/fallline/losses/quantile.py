"""The quantile loss."""

from dataclasses import dataclass

import numpy as np

from fallline.losses.base import Loss
from fallline.losses.order import quantile_of

__all__ = ["Quantile"]


@dataclass(frozen=True)
class Quantile(Loss):
    """The quantile loss ``max(q·(y - z), (1 - q)·(z - y))``, whose best constant is the targets' quantile `q`.

    Its conjugate is ``u·y`` for `u` from ``-q`` to ``1 - q``
    (R. Koenker and G. Bassett, "Regression quantiles", 1978).

    Parameters
    ----------
    quantile : float
        The share `q` of targets to lie below the predictions, above 0 and below 1.

    Raises
    ------
    InputError
        Where it is not.

    Examples
    --------
    >>> loss = Quantile(quantile=0.75)
    >>> print(loss.value(1.0, 0.0), loss.value(0.0, 1.0))
    0.75 0.25
    """

    name = "quantile"
    task = "regression"
    steepest = np.inf
    smooth = False

    quantile: float = 0.5

    def __post_init__(self) -> None:
        if not (self._is_number(self.quantile) and 0 < self.quantile < 1):
            self._refuse_parameter(
                "quantile",
                "a number above 0 and below 1",
                self.quantile,
                "It is a share of the targets. Use 0.5 for the median.",
            )

    def value(self, y, z):
        return np.maximum(self.quantile * (y - z), (1.0 - self.quantile) * (z - y))

    def derivative(self, y, z):
        side = np.sign(z - y)
        return 0.5 * side + (0.5 - self.quantile) * np.abs(side)

    def curvature(self, y, z):
        return 0.0 * y

    def constant(self, y, weights):
        return quantile_of(y, weights, self.quantile)

    def conjugate(self, y, u):
        return u * y

    def project(self, y, u):
        return np.clip(u, -self.quantile, 1.0 - self.quantile)

    def parts(self, y):
        return ((0.0 * y - self.quantile, 0.0 * y + 1.0 - self.quantile, y, 0.0 * y),)
