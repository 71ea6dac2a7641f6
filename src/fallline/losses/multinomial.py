"""The softmax loss of several classes."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Multinomial"]


class Multinomial(Loss):
    """The softmax loss of a class `y`, 0 to K-1, with a predictor for each: ``log(sum(exp(z))) - z[y]``.

    Generalised self-concordant: along any direction the third derivative is at most the range of the predictors'
    change times the second, being a third and a second moment of the same distribution.

    Examples
    --------
    >>> import numpy as np
    >>> Multinomial.derivative(np.array([1]), np.zeros((1, 2)))
    array([[ 0.5, -0.5]])
    """

    name = "multinomial"
    task = "classification"
    steepest = 0.5
    multiple = True

    @staticmethod
    def value(y, z):
        top = z.max(axis=1)
        return top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - z[np.arange(len(z)), y.astype(np.intp)]

    @staticmethod
    def derivative(y, z):
        share = np.exp(z - z.max(axis=1)[:, None])
        share /= share.sum(axis=1)[:, None]
        own = np.arange(len(z)), y.astype(np.intp)
        # less the sum of the others, which is exact where the own share is almost one
        share[own] = 0.0
        share[own] = -share.sum(axis=1)
        return share

    @staticmethod
    def curvature(y, z):
        share = np.exp(z - z.max(axis=1)[:, None])
        share /= share.sum(axis=1)[:, None]
        return share[:, :, None] * (np.eye(z.shape[1]) - share[:, None, :])

    @staticmethod
    def constant(y, weights):
        totals = np.bincount(y.astype(np.intp), weights=weights)
        return np.log(totals / totals.sum())
