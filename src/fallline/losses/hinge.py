"""The hinge loss of the support vector machine."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Hinge"]


class Hinge(Loss):
    """The hinge loss of a class `y`, 0 or 1: ``max(0, 1 - s·z)`` with the sign ``s = 2y - 1``.

    Its conjugate is ``s·u`` for ``s·u`` from -1 to 0 (C. Cortes and V. Vapnik, "Support-vector networks", 1995).

    Examples
    --------
    >>> loss = Hinge()
    >>> print(loss.value(1.0, 0.25), loss.derivative(1.0, 0.25), loss.value(0.0, -2.0))
    0.75 -1.0 0.0
    """

    name = "hinge"
    task = "classification"
    steepest = np.inf
    smooth = False

    def value(self, y, z):
        return np.maximum(1.0 - (2.0 * y - 1.0) * z, 0.0)

    def derivative(self, y, z):
        s = 2.0 * y - 1.0
        return -s * (s * z < 1.0)

    def curvature(self, y, z):
        return 0.0 * y

    def constant(self, y, weights):
        return np.sign(np.average(2.0 * y - 1.0, weights=weights))

    def conjugate(self, y, u):
        return (2.0 * y - 1.0) * u

    def project(self, y, u):
        return np.clip(u, -y, 1.0 - y)

    def parts(self, y):
        return ((-y, 1.0 - y, 2.0 * y - 1.0, 0.0 * y),)
