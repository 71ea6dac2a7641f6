"""The logistic loss of two classes."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Logistic"]


class Logistic(Loss):
    """The logistic loss of a class `y`, 0 or 1: ``log(1 + exp(z)) - y·z``.

    Written with ``exp(-|z|)``, so that nothing overflows and the slope of a row far on its own side keeps its digits;
    generalised self-concordant (F. Bach, "Self-concordant analysis for logistic regression", 2010). Its conjugate is
    ``p·log(p) + (1 - p)·log(1 - p)`` at the probability ``p = u + y``.

    Examples
    --------
    >>> loss = Logistic()
    >>> print(f"{loss.value(1.0, 0.0):.4f}", f"{loss.value(0.0, 1e4):.0f}", loss.derivative(1.0, 0.0))
    0.6931 10000 -0.5
    """

    name = "logistic"
    task = "classification"
    steepest = 0.25
    concordant = True

    def value(self, y, z):
        return z * ((z >= 0) - y) + np.log1p(np.exp(-np.abs(z)))

    def derivative(self, y, z):
        e = np.exp(-np.abs(z))
        right, left = (z >= 0) + (z < 0) * e, (z < 0) + (z >= 0) * e
        return ((1.0 - y) * right - y * left) / (1.0 + e)

    def curvature(self, y, z):
        e = np.exp(-np.abs(z))
        return e / (1.0 + e) ** 2

    def constant(self, y, weights):
        share = np.average(y, weights=weights)
        return np.log(share) - np.log1p(-share)

    def conjugate(self, y, u):
        # the probability of the other class: the entropy is the same for both
        other = np.clip((1.0 - 2.0 * y) * u, 0.0, 1.0)
        return other * np.log(other + (other == 0)) + (1.0 - other) * np.log1p(-other * (other < 1))

    def project(self, y, u):
        return np.clip(u, -y, 1.0 - y)
