"""The gamma loss of positive amounts."""

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Gamma"]

FAR = 600.0
"""Beyond this logarithm of the target over its mean the loss goes on straight, so that nothing overflows."""


class Gamma(Loss):
    """Half the gamma deviance of an amount `y` for the mean ``exp(z)``: ``r - log(r) - 1`` with ``r = y/exp(z)``.

    It is 0 at a perfect fit. Generalised self-concordant: its third derivative is less its second. Its conjugate, with
    the ratio ``r = 1 - u``, is ``r·log(r) + u·(1 + log(y))`` (P. McCullagh and J. Nelder, *Generalized Linear
    Models*, 2nd edition, 1989, section 8.3). Deviation: beyond ``log(r) = 600`` it goes on straight, its curvature told
    as that of 600.

    Examples
    --------
    >>> loss = Gamma()
    >>> print(loss.value(1.0, 0.0), f"{loss.derivative(3.0, 0.0):.1f}")
    0.0 -2.0
    """

    name = "gamma"
    task = "regression"
    steepest = np.inf
    concordant = True
    demand = "hold amounts above 0", "Their mean is fitted on a logarithmic scale. Leave such rows out, or use poisson."

    def value(self, y, z):
        log_ratio = np.log(y) - z
        near = np.minimum(log_ratio, FAR)
        return np.expm1(near) - near + (log_ratio - near) * np.expm1(near)

    def derivative(self, y, z):
        return -np.expm1(np.minimum(np.log(y) - z, FAR))

    def curvature(self, y, z):
        return np.exp(np.minimum(np.log(y) - z, FAR))

    def constant(self, y, weights):
        return np.log(np.average(y, weights=weights))

    def conjugate(self, y, u):
        ratio = 1.0 - u
        return ratio * np.log(ratio + (ratio == 0)) + u * (1.0 + np.log(y))

    def project(self, y, u):
        return np.minimum(u, 1.0)

    def steepness(self, cost, target):
        # value >= slope²/(2·max(1, 1 - slope))
        return 2 * cost + np.sqrt(2 * cost)

    def mean(self, z):
        return np.exp(np.minimum(z, FAR))

    def accepts(self, y):
        return np.isfinite(y) & (y > 0)
