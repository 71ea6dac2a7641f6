"""Half the squared error."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Squared"]


class Squared(Loss):
    """Half the squared error, ``½(z - y)²``.

    Examples
    --------
    >>> Squared().value(1.0, 4.0), Squared().derivative(1.0, 4.0)
    (4.5, 3.0)
    """

    name = "squared"
    task = "regression"
    steepest = 1.0
    concordant = True
    quadratic = True

    def value(self, y, z):
        return 0.5 * (z - y) ** 2

    def derivative(self, y, z):
        return z - y

    def curvature(self, y, z):
        return 0.0 * y + 1.0

    def constant(self, y, weights):
        return np.average(y, weights=weights)

    def conjugate(self, y, u):
        return u * (y + 0.5 * u)

    def project(self, y, u):
        return u
