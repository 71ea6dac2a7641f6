"""The minimum of a quadratic with absolute values over the coefficients that are not zero, by conjugate gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fallline.models.conjugate_gradients import conjugate_gradients
from fallline.models.faces import furthest

__all__ = ["along_the_face"]

LEFT = 0.7
"""Share of the slope along the face that a step may leave."""


def along_the_face(
    product: Callable[[np.ndarray], np.ndarray],
    diagonal: np.ndarray,
    gradient: np.ndarray,
    strength: np.ndarray,
    x: np.ndarray,
    there: np.ndarray,
) -> np.ndarray:
    """Return a point that costs less than `there`, on the face of its signs: what would change sign is left at zero.

    The cost is ``gradient·v + ½ v·H·v + Σ strength·|x + v|`` with ``v`` the way from `x`.

    Parameters
    ----------
    product : callable
        Multiplies a vector, shape (size,), with the Hessian H.
    diagonal : array, shape (size,)
        Of H.
    gradient, strength, x, there : array, shape (size,)

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2006, section 16.7, for the two halves of gradient projection
    for bounded quadratics, which are those of coordinates and faces here.

    Examples
    --------
    >>> import numpy as np
    >>> H = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> start, there = np.zeros(2), np.array([0.5, 0.5])
    >>> along_the_face(lambda v: H @ v, np.diag(H), np.array([-4.0, -4.0]), np.ones(2), start, there)
    array([1., 1.])
    """
    slope = gradient + product(there - x)
    sign = np.sign(there)
    free = (there != 0) | (strength == 0)
    steep = slope + strength * sign
    scale = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=free & (diagonal > 0))
    wanted = LEFT * float(np.sqrt(steep @ (scale * steep)))
    step = -conjugate_gradients(product, lambda v: scale * v, steep, wanted)[0]
    turned = product(step)
    rate, stopped = furthest(there, step, float(step @ steep), float(step @ turned), strength)
    along, whole = there + rate * step, there + step
    along[stopped] = 0.0
    cut = np.where((whole * sign < 0) & (strength > 0), 0.0, whole) - there
    norms = float(strength @ np.abs(there))
    gain = float(rate * step @ (slope + 0.5 * rate * turned)) + float(strength @ np.abs(along)) - norms
    better = float(cut @ (slope + 0.5 * product(cut))) + float(strength @ np.abs(there + cut)) - norms
    return there + cut if better <= min(gain, 0.0) else along if gain < 0 else there
