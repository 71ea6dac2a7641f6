"""Newton's step from products with the Hessian."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["conjugate_gradients"]

PRODUCTS = 200
"""Products with the Hessian that a step may take."""


def conjugate_gradients(
    product: Callable[[np.ndarray], np.ndarray], scale: np.ndarray, gradient: np.ndarray, wanted: float
) -> np.ndarray:
    """Return about the solution of ``H·direction = gradient``, shape (size,).

    Parameters
    ----------
    product : callable
        Multiplies a vector, shape (size,), with the Hessian H.
    scale : array, shape (size,)
        The reciprocals of its diagonal, which make up for the scales of the parameters; where 0, a parameter stays.
    gradient : array, shape (size,)
    wanted : float
        The length ``√(rᵀ·scale·r)`` of what may be left of the gradient.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2006, algorithms 5.3 and 7.1.

    Examples
    --------
    >>> import numpy as np
    >>> H = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> conjugate_gradients(lambda v: H @ v, 1 / np.diag(H), np.array([3.0, 3.0]), 1e-9)
    array([1., 1.])
    """
    direction, left = np.zeros_like(gradient), np.array(gradient)
    scaled = scale * left
    along, height = scaled.copy(), float(left @ scaled)
    for _ in range(min(PRODUCTS, len(gradient))):
        if not height > wanted**2:
            break
        turned = product(along)
        bend = float(along @ turned)
        if not bend > 0:
            break
        rate = height / bend
        direction += rate * along
        left -= rate * turned
        scaled = scale * left
        before, height = height, float(left @ scaled)
        along = scaled + height / before * along
    return direction
