"""The squared error without the half, as most tutorials write it."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["MeanSquaredError"]


class MeanSquaredError(Loss):
    """The squared error, ``(z - y)²``; its mean is the mean squared error.

    Examples
    --------
    >>> MeanSquaredError().value(1.0, 4.0), MeanSquaredError().derivative(1.0, 4.0)
    (9.0, 6.0)
    """

    name = "mse"
    task = "regression"
    steepest = 2.0
    concordant = True
    quadratic = True

    def value(self, y, z):
        return (z - y) ** 2

    def derivative(self, y, z):
        return 2.0 * (z - y)

    def curvature(self, y, z):
        return 0.0 * y + 2.0

    def constant(self, y, weights):
        return np.average(y, weights=weights)

    def conjugate(self, y, u):
        return u * (y + 0.25 * u)

    def project(self, y, u):
        return u
