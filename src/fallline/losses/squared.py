"""Half the squared error."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Squared"]


class Squared(Loss):
    """Half the squared error, ``½(z - y)²``.

    Examples
    --------
    >>> Squared.value(1.0, 4.0), Squared.derivative(1.0, 4.0)
    (4.5, 3.0)
    """

    name = "squared"
    task = "regression"
    steepest = 1.0
    quadratic = True

    @staticmethod
    def value(y, z):
        return 0.5 * (z - y) ** 2

    @staticmethod
    def derivative(y, z):
        return z - y

    @staticmethod
    def curvature(y, z):
        return 0.0 * y + 1.0

    @staticmethod
    def constant(y, weights):
        return np.average(y, weights=weights)
