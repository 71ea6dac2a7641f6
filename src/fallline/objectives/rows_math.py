"""NumPy as the kernels see it: with exponentials and logarithms that run on several rows at once.

A call of the C library's keeps a loop from being vectorised. These are within two units in the last place of it, for
all arguments, and six times as fast over an array. Every other name is NumPy's own.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable

__all__ = ["exp", "expm1", "log", "log1p"]

LEAST, MOST = 2.2250738585072014e-308, 1.7976931348623157e308
"""The ends of the normal numbers."""

ABOVE_MINUS_ONE = -0.9999999999999999

# Python's min and max are quicker than NumPy's here; their first argument comes through where it is no number

# sums within these are not to be reordered: the reduced arguments would lose their digits
_exact = register_jitable(fastmath={"contract"}, error_model="numpy", forceinline=True)


def __getattr__(name: str) -> Any:
    return getattr(np, name)


@_exact
def _nearest(t: float) -> float:
    """Return the whole number nearest to `t`, by adding what leaves no room for a fraction."""
    return (t + 6755399441055744.0) - 6755399441055744.0


@_exact
def _power_of_two(k: Any) -> float:
    return np.int64((k + 1023) << 52).view(np.float64)


@_exact
def _reduced(x: float, k: float) -> float:
    """Return ``x - k·log(2)``, log(2) being in two parts of which the first has zeros at its end."""
    return (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10


@_exact
def _expm1_near_zero(r: float) -> float:
    """Return ``exp(r) - 1`` for ``|r| <= log(2)/2`` by Taylor's series to the thirteenth power."""
    p = 1.6059043836821613e-10
    p = p * r + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 1.984126984126984e-04
    p = p * r + 1.388888888888889e-03
    p = p * r + 8.333333333333333e-03
    p = p * r + 4.1666666666666664e-02
    p = p * r + 1.6666666666666666e-01
    p = p * r + 0.5
    return p * r * r + r


@_exact
def exp(x: float) -> float:
    """Return ``exp(x)``.

    Examples
    --------
    >>> print(exp(0.0), exp(-1e4), f"{exp(1.0):.6f}")
    1.0 0.0 2.718282
    """
    low = max(x, -750.0)
    near = min(low, 710.0)
    k = _nearest(near * 1.4426950408889634)
    whole = np.int64(k)
    half = whole >> 1
    # in two steps, so that neither leaves the range of numbers before the product does
    return (_expm1_near_zero(_reduced(near, k)) + 1.0) * _power_of_two(half) * _power_of_two(whole - half)


@_exact
def expm1(x: float) -> float:
    """Return ``exp(x) - 1`` with all its digits near zero.

    Examples
    --------
    >>> print(expm1(1e-20), expm1(-1e4), f"{expm1(1.0):.6f}")
    1e-20 -1.0 1.718282
    """
    low = max(x, -50.0)
    near = min(low, 710.0)
    k = _nearest(near * 1.4426950408889634)
    whole = np.int64(k)
    half = whole >> 1
    less = 1.0 - _power_of_two(-min(whole, 1000))
    return (_expm1_near_zero(_reduced(near, k)) + less) * _power_of_two(half) * _power_of_two(whole - half)


@_exact
def _log_of_normal(u: float, lost: float) -> float:
    """Return ``log(u) + lost`` of a positive normal number.

    The series is that of ``log((1 + s)/(1 - s))``, with the coefficients of Sun's fdlibm (`e_log.c`, 1993).
    """
    bits = np.float64(u).view(np.int64)
    # the exponent for which the rest lies between the roots of a half and of two
    whole = (bits - 4604544271217802189) >> 52
    f = np.int64(bits - (whole << 52)).view(np.float64) - 1.0
    k = np.float64(whole)
    s = f / (2.0 + f)
    t = s * s
    p = 1.479819860511658591e-01
    p = p * t + 1.531383769920937332e-01
    p = p * t + 1.818357216161805012e-01
    p = p * t + 2.222219843214978396e-01
    p = p * t + 2.857142874366239149e-01
    p = p * t + 3.999999999940941908e-01
    p = p * t + 6.666666666666735130e-01
    square = 0.5 * f * f
    tail = s * (square + t * p) + (k * 1.90821492927058770002e-10 + lost)
    return k * 6.93147180369123816490e-01 - ((square - tail) - f)


@_exact
def log(x: float) -> float:
    """Return ``log(x)``.

    Examples
    --------
    >>> print(f"{log(1.0):.6g} {log(2.0):.6f}")
    0 0.693147
    """
    # the ends are put right by sums, as a branch would keep a loop from being vectorised
    small = np.float64(x < LEAST)
    normal = x * (1.0 + small * 18014398509481983.0)
    low = max(normal, LEAST)
    near = min(low, MOST)
    below = (x == 0.0) / np.abs(max(x, 0.0))
    return _log_of_normal(near, 0.0) - small * 37.42994775023705 + (low - near) - below


@_exact
def log1p(x: float) -> float:
    """Return ``log(1 + x)`` with all its digits near zero: what ``1 + x`` rounds away is added to first order.

    Examples
    --------
    >>> print(f"{log1p(1e-20):.6g} {log1p(1.0):.6f}")
    1e-20 0.693147
    """
    low = max(x, ABOVE_MINUS_ONE)
    near = min(low, MOST)
    u = 1.0 + near
    found = _log_of_normal(u, (near - (u - 1.0)) / u)
    return found + (low - near) + (min(x, 0.0) - min(low, 0.0)) / np.sqrt(1.0 + x)
