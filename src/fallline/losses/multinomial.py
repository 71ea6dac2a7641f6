"""The softmax loss of several classes."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Multinomial", "rest_of"]


class Multinomial(Loss):
    """The softmax loss of a class `y`, 0 to K-1, with a predictor for each: ``log(sum(exp(z))) - z[y]``.

    Generalised self-concordant: along any direction the third derivative is at most the range of the predictors'
    change times the second, being a third and a second moment of the same distribution. Its conjugate is
    ``sum(p·log(p))`` at the probabilities ``p = u + (the class's own unit vector)``.

    Examples
    --------
    >>> import numpy as np
    >>> Multinomial().derivative(np.array([1]), np.zeros((1, 2)))
    array([[ 0.5, -0.5]])
    """

    name = "multinomial"
    task = "classification"
    steepest = 0.5
    concordant = True
    multiple = True
    invariant = True

    def value(self, y, z):
        return self.value_and_derivative(y, z)[0]

    def derivative(self, y, z):
        return self.value_and_derivative(y, z)[1]

    def value_and_derivative(self, y, z):
        own = np.arange(len(z)), y.astype(np.intp)
        top = z.max(axis=1)
        share = np.exp(z - top[:, None])
        total = share.sum(axis=1)
        value = top + np.log(total) - z[own]
        share /= total[:, None]
        # less the sum of the others, which is exact where the own share is almost one
        share[own] = 0.0
        share[own] = -share.sum(axis=1)
        return value, share

    def chances(self, z):
        """Return the probabilities `p`, shape (n, K), whose curvature is ``diag(p) - p·pᵀ``."""
        share = np.exp(z - z.max(axis=1)[:, None])
        share /= share.sum(axis=1)[:, None]
        return share

    def curvature(self, y, z):
        share = self.chances(z)
        bends = -share[:, :, None] * share[:, None, :]
        place = np.arange(z.shape[1])
        bends[:, place, place] = share * rest_of(share)
        return bends

    def turn(self, y, z, change):
        share = self.chances(z)
        return share * (change - (share * change).sum(axis=1)[:, None])

    def constant(self, y, weights):
        totals = np.bincount(y.astype(np.intp), weights=weights)
        return np.log(totals / totals.sum())

    def conjugate(self, y, u):
        share = _shares(y, u)
        return np.sum(share * np.log(share + (share <= 0)), axis=1)

    def project(self, y, u):
        # onto the probabilities: less a shift that leaves a sum of one, nothing below zero
        share = _shares(y, u)
        falling = -np.sort(-share, axis=1)
        shifts = (np.cumsum(falling, axis=1) - 1.0) / np.arange(1, u.shape[1] + 1, dtype=u.dtype)
        last = np.sum(falling > shifts, axis=1) - 1
        share = np.maximum(share - shifts[np.arange(len(u)), last][:, None], 0.0)
        share[np.arange(len(u)), y.astype(np.intp)] -= 1.0
        return share


def rest_of(share):
    """Return the sum of the other classes' probabilities, shape (n, K): ``1 - share`` with digits near a share of one.

    Examples
    --------
    >>> rest_of(np.array([[1.0, 1e-20]]))
    array([[1.e-20, 1.e+00]])
    """
    left, own = 1.0 - share, (np.arange(len(share)), share.argmax(axis=1))
    rest = share.copy()
    rest[own] = 0.0
    left[own] = rest.sum(axis=1)
    return left


def _shares(y, u):
    share = u.copy()
    share[np.arange(len(u)), y.astype(np.intp)] += 1.0
    return share
