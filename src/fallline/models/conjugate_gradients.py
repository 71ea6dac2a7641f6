"""Newton's step from products with the Hessian."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["PRODUCTS", "conjugate_gradients"]

PRODUCTS = 200
"""Products with the Hessian that a step may take."""


def conjugate_gradients(
    product: Callable[[np.ndarray], np.ndarray],
    precondition: Callable[[np.ndarray], np.ndarray],
    gradient: np.ndarray,
    wanted: float,
    most: int = PRODUCTS,
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return about the solution of ``H·direction = gradient``, what it leaves of it, and whether that is little enough.

    Parameters
    ----------
    product : callable
        Multiplies a vector, shape (size,), with the Hessian H.
    precondition : callable
        Multiplies one with about its inverse M: the reciprocals of its diagonal, say, which make up for the scales of
        the parameters.
    gradient : array, shape (size,)
    wanted : float
        The length ``√(rᵀMr)`` of what may be left.
    most : int
        Products at the most.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2006, algorithms 5.3 and 7.1.

    Examples
    --------
    >>> import numpy as np
    >>> H = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> direction, _, done = conjugate_gradients(lambda v: H @ v, lambda v: v / 2, np.array([3.0, 3.0]), 1e-9)
    >>> direction, done
    (array([1., 1.]), True)
    """
    direction, left = np.zeros_like(gradient), np.array(gradient)
    along = scaled = precondition(left)
    height = float(left @ scaled)
    for _ in range(min(most, len(gradient))):
        if not height > wanted**2:
            break
        turned = product(along)
        bend = float(along @ turned)
        if not bend > 0:
            break
        rate = height / bend
        direction += rate * along
        left -= rate * turned
        scaled = precondition(left)
        before, height = height, float(left @ scaled)
        along = scaled + height / before * along
    return direction, left, not height > wanted**2
