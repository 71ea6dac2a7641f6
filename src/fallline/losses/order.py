"""Weighted quantiles, which some losses have for their best constant."""

import numpy as np

__all__ = ["quantile_of"]


def quantile_of(y, weights, share):
    """Return the smallest of `y`, shape (n,), that has at least the `share` of all weight up to and with it.

    Examples
    --------
    >>> import numpy as np
    >>> print(quantile_of(np.array([5.0, 1.0, 3.0]), None, 0.5))
    3.0
    """
    order = np.argsort(y, kind="stable")
    below = np.cumsum(np.ones(len(y)) if weights is None else weights[order])
    return y[order[np.searchsorted(below, share * below[-1])]]
