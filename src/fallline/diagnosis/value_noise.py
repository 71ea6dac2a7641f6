"""How far a function's values can be trusted: noise found in the differences of neighbouring ones."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np

__all__ = ["noise_of_values"]

FAR = 1e3
"""How many fold rounding what is called noise must be."""

POINTS = 9
"""Values of a table of differences."""


def noise_of_values(value: Callable[[np.ndarray], float], x: np.ndarray) -> float:
    """Return the size of the noise in a function's values about `x`, shape (d,): 0 where there is none beyond rounding.

    The differences of order k of equally spaced values of a smooth function vanish as the spacing does; those of noise
    of size s have the size ``s * sqrt((2k)!) / k!`` whatever the spacing. What three orders agree on, and another
    spacing confirms, is noise.

    References
    ----------
    J. Moré and S. Wild, "Estimating computational noise", 2011, sections 2-4.

    Examples
    --------
    >>> import numpy as np
    >>> noise_of_values(lambda x: float(x @ x), np.ones(3))
    0.0
    >>> 1e-5 < noise_of_values(lambda x: round(float(x @ x), 4), np.ones(3)) < 6e-5
    True
    """
    size = max(1.0, float(np.abs(x).max()))
    for direction in np.random.default_rng(0).standard_normal((2, x.size)):  # rounded values can be regular along one
        step = size * direction / np.linalg.norm(direction)
        found = [_noise(value, x, spacing * step, size) for spacing in 10.0 ** np.arange(-8, -1.5, 0.5)]
        for one, other in zip(found, found[2:], strict=False):  # what a corner leaves grows with the spacing
            if one > 0 and other > 0 and max(one, other) <= 4 * min(one, other):
                return float(np.sqrt(one * other))
    return 0.0


def _noise(value: Callable[[np.ndarray], float], x: np.ndarray, step: np.ndarray, size: float) -> float:
    """Return the noise that the differences along a step agree on, 0 where they do not or see only rounding."""
    places = np.arange(POINTS) - POINTS // 2
    values = differences = np.array([value((x + place * step).astype(x.dtype)) for place in places])
    if not np.isfinite(values).all() or len(set(values)) <= POINTS // 2:
        return 0.0
    # rounding of the values, and of the parameters themselves
    slope = float(np.abs(np.diff(values)).max()) / float(np.linalg.norm(step))
    rounding = float(np.finfo(x.dtype).eps) * (float(np.abs(values).max()) + slope * size * np.sqrt(x.size))
    found = []
    for order in range(1, 7):
        differences = np.diff(differences)
        if order < 3:
            continue
        mixed = bool((differences > 0).any() and (differences < 0).any())
        scale = factorial(order) / np.sqrt(float(factorial(2 * order)))
        found.append((mixed, scale * float(np.sqrt(np.mean(differences**2)))))
    for three in (found[:3], found[1:]):
        sizes = [size for _, size in three]
        if all(mixed for mixed, _ in three) and max(sizes) <= 4 * min(sizes) and min(sizes) > FAR * rounding:
            return float(np.median(sizes))
    return 0.0
