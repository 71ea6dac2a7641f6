"""The logistic loss of two classes."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Logistic"]


class Logistic(Loss):
    """The logistic loss of a class `y`, 0 or 1: ``log(1 + exp(z)) - y·z``.

    Written with ``exp(-|z|)``, so that nothing overflows and the slope of a row far on its own side keeps its digits;
    generalised self-concordant: ``|loss'''| <= loss''``
    (Bach, Self-concordant analysis for logistic regression, 2010).

    Examples
    --------
    >>> print(f"{Logistic.value(1.0, 0.0):.4f}", f"{Logistic.value(0.0, 1e4):.0f}", Logistic.derivative(1.0, 0.0))
    0.6931 10000 -0.5
    """

    name = "logistic"
    task = "classification"
    steepest = 0.25

    @staticmethod
    def value(y, z):
        return z * ((z >= 0) - y) + np.log1p(np.exp(-np.abs(z)))

    @staticmethod
    def derivative(y, z):
        e = np.exp(-np.abs(z))
        right, left = (z >= 0) + (z < 0) * e, (z < 0) + (z >= 0) * e
        return ((1.0 - y) * right - y * left) / (1.0 + e)

    @staticmethod
    def curvature(y, z):
        e = np.exp(-np.abs(z))
        return e / (1.0 + e) ** 2

    @staticmethod
    def constant(y, weights):
        share = np.average(y, weights=weights)
        return np.log(share) - np.log1p(-share)
