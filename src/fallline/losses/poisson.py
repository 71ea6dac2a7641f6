"""The Poisson loss of counts."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Poisson"]

FAR = 600.0
"""Beyond this predictor the loss goes on straight: no data lies there, and nothing overflows."""


class Poisson(Loss):
    """Half the Poisson deviance of a count `y` for the mean ``exp(z)``: ``exp(z) - y·z + y·log(y) - y``.

    It is 0 at a perfect fit, ``y·log(y)`` being 0 for no count, and written with ``expm1(z - log(y))``, which keeps its
    digits near one. Generalised self-concordant: its third derivative is its second. Its conjugate, at the mean
    ``m = u + y``, is ``m·log(m) - m - y·log(y) + y`` (P. McCullagh and J. Nelder, *Generalized Linear Models*, 2nd
    edition, 1989, section 2.3). Deviation: beyond ``z = 600`` it goes on straight, its curvature told as that of 600.

    Examples
    --------
    >>> loss = Poisson()
    >>> print(loss.value(1.0, 0.0), loss.derivative(3.0, 0.0))
    0.0 -2.0
    """

    name = "poisson"
    task = "regression"
    steepest = np.inf
    concordant = True
    demand = "hold counts, zero or more,", "No mean count is negative. Use the squared loss for such targets."

    def value(self, y, z):
        some, near = y + (y == 0), np.minimum(z, FAR)
        ratio = near - np.log(some)
        return some * np.expm1(ratio) + (y == 0) - y * ratio + (z - near) * (np.exp(near) - y)

    def derivative(self, y, z):
        return np.exp(np.minimum(z, FAR)) - y

    def curvature(self, y, z):
        return np.exp(np.minimum(z, FAR))

    def constant(self, y, weights):
        return np.log(np.maximum(np.average(y, weights=weights), 1e-300))

    def conjugate(self, y, u):
        mean = u + y
        return _entropy(mean) - _entropy(y) - u

    def project(self, y, u):
        return np.maximum(u, -y)

    def steepness(self, cost, target):
        # value >= slope²/(2·max(y, y + slope)), as 1/m, the curvature of the conjugate, falls
        return 2 * cost + np.sqrt(2 * cost * target)

    def mean(self, z):
        return np.exp(np.minimum(z, FAR))

    def accepts(self, y):
        return np.isfinite(y) & (y >= 0)


def _entropy(m):
    return m * np.log(m + (m == 0))
