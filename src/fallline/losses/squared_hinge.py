"""The squared hinge loss."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["SquaredHinge"]


class SquaredHinge(Loss):
    """The squared hinge loss of a class `y`, 0 or 1: ``max(0, 1 - s·z)²`` with the sign ``s = 2y - 1``, without a half.

    Its conjugate is ``s·u + u²/4`` for ``s·u <= 0`` (C.-J. Hsieh et al., "A dual coordinate descent method for
    large-scale linear SVM", 2008).

    Examples
    --------
    >>> loss = SquaredHinge()
    >>> print(loss.value(1.0, 0.5), loss.derivative(1.0, 0.5), loss.value(0.0, -2.0))
    0.25 -1.0 0.0
    """

    name = "squared-hinge"
    task = "classification"
    steepest = 2.0

    def value(self, y, z):
        return np.maximum(1.0 - (2.0 * y - 1.0) * z, 0.0) ** 2

    def derivative(self, y, z):
        s = 2.0 * y - 1.0
        return -2.0 * s * np.maximum(1.0 - s * z, 0.0)

    def curvature(self, y, z):
        return ((2.0 * y - 1.0) * z < 1.0) * (2.0 + 0.0 * y)

    def constant(self, y, weights):
        return np.average(2.0 * y - 1.0, weights=weights)

    def conjugate(self, y, u):
        return u * (2.0 * y - 1.0 + 0.25 * u)

    def project(self, y, u):
        return np.where(y > 0.5, np.minimum(u, 0.0), np.maximum(u, 0.0))
