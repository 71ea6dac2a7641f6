"""The minimum of a quadratic with absolute values, exactly: face by face."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

__all__ = ["furthest", "minimise_kinked"]

EPS = float(np.finfo(float).eps)

ROUNDING = 8 * EPS

FIRST = 8
"""Zeros that are let go together, where no more are free yet."""


def minimise_kinked(hessian: np.ndarray, gradient: np.ndarray, strength: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the minimiser over ``x + v`` of ``gradient·v + ½ v·hessian·v + Σ strength·|x + v|``, all zeros exact.

    Feature-sign search: a Newton step on the parameters that are not zero, their signs kept; along it the exact
    minimum over the kinks where signs change; then the worst of those zeros that hold the cost back no longer are let
    go, many at once where that leads down and one by one where not. Every step lowers the cost: no face is met twice.

    Parameters
    ----------
    hessian : array, shape (size, size)
        Positive semidefinite.
    gradient, strength, x : array, shape (size,)
        The quadratic's gradient at the start `x`; the strengths, at least 0.

    References
    ----------
    H. Lee, A. Battle, R. Raina and A. Ng, "Efficient sparse coding algorithms", 2007, section 3, for one zero let go
    at a time; here many are.

    Examples
    --------
    >>> import numpy as np
    >>> minimise_kinked(np.eye(2), np.array([-3.0, -0.5]), np.ones(2), np.zeros(2))
    array([2., 0.])
    """
    diagonal = np.sqrt(np.maximum(np.diag(hessian), 0.0))
    scale = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
    unit, q, a = hessian * scale * scale[:, None], gradient * scale, strength * scale
    u = x * diagonal
    bent = diagonal > 0
    # each slope is a sum whose terms' rounding must not keep the search going
    terms, sizes = np.abs(q) + a, np.abs(unit)
    sizes_of_start = sizes @ np.abs(u)
    one_by_one = False
    for _ in range(50 + 10 * len(x)):
        tolerance = ROUNDING * (terms + sizes_of_start + sizes @ np.abs(u))
        sign = np.sign(u)
        free = bent & ((u != 0) | (a == 0))
        excess = np.where(bent & ~free, np.abs(q) - a, 0.0)
        settled = bool((np.abs(q + a * sign) <= tolerance)[free].all())
        if settled and not (excess > tolerance).any():
            break
        let_go = _let_go(excess, tolerance, int(free.sum()), one_by_one, settled)
        sign[let_go] = -np.sign(q[let_go])
        step = _newton(unit, q + a * sign, free, let_go, sign)
        moved, gain, bent_by = _best(u, step, q, a, sign, unit)
        if not gain < 0:
            if one_by_one:
                break
            one_by_one = True
            continue
        u, q, one_by_one = moved, q + bent_by, False
    # without curvature nothing but the penalty is left
    return np.where(bent, u * scale, np.where(strength > 0, 0.0, x))


def _let_go(excess: np.ndarray, tolerance: np.ndarray, moving: int, one_by_one: bool, settled: bool) -> np.ndarray:
    """Return the zeros to let go, shape (size,): of those that hold back too little, the worst or only the very worst.

    `moving` is the number of parameters that are free already.
    """
    worst = np.zeros(len(excess), dtype=bool)
    if not one_by_one:
        # no more than double what is there: faces stay as small as the minimum's own
        count = min(max(FIRST, moving), len(excess))
        worst[np.argpartition(excess, -count)[-count:]] = True
        worst &= excess > tolerance
    elif settled:
        worst[np.argmax(excess)] = True
    return worst


def _newton(unit: np.ndarray, slope: np.ndarray, free: np.ndarray, let_go: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Return the step to the minimum on a face, shape (size,); of those let go, only what moves to its own side."""
    moving = let_go.copy()
    while True:
        step, place = np.zeros(len(slope)), (free | moving).nonzero()[0]
        step[place] = -_solved(unit[place[:, None], place], slope[place])
        wrong = moving & (step * sign < 0)
        if not wrong.any():
            return step
        moving &= ~wrong


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the solution for a matrix of unit diagonal, a little lifted where it is singular."""
    if not len(matrix):
        return right
    solve = _solver()
    lift, raised = 0.0, matrix
    while True:
        factor, solution, minor = solve(raised, right, lower=1)
        if minor:
            lift = max(100 * lift, 16 * EPS * len(matrix))
        elif lift == 0 and factor.diagonal().min() ** 2 < 16 * EPS * len(matrix):
            lift = 16 * EPS * len(matrix)
        else:
            return solution
        raised = matrix + lift * np.eye(len(matrix))


@cache
def _solver() -> Any:
    from scipy.linalg import get_lapack_funcs

    return get_lapack_funcs("posv", dtype=np.float64)


def _best(
    u: np.ndarray, step: np.ndarray, q: np.ndarray, a: np.ndarray, sign: np.ndarray, unit: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray]:
    """Return where a step leads best, by how much the cost changes, and the change of the gradient.

    Tried are the least cost along the step, and the whole step with what changes sign left at zero, which lets go of
    many parameters at once.
    """
    turned, sizes = unit @ step, np.abs(u)
    rate, stopped = furthest(u, step, float(step @ (q + a * sign)), float(step @ turned), a)

    def tried(end: np.ndarray, turn: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        return end, float((end - u) @ (q + 0.5 * turn)) + float(a @ (np.abs(end) - sizes)), turn

    along = u + rate * step
    along[stopped] = 0.0
    found = tried(along, rate * turned)
    whole = u + step
    changed = (whole * sign < 0) & (a > 0)
    if rate == 1 and not changed.any():
        return found
    whole[changed] = 0.0
    return min(found, tried(whole, unit @ (whole - u)), key=lambda end: end[1])


def furthest(u: np.ndarray, step: np.ndarray, steep: float, bend: float, a: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the rate of least cost along a step from `u`, and the parameters that it leaves at zero.

    The quadratic with absolute values, of strengths `a`, has the slope `steep` along the step and the curvature `bend`.
    """
    crossing = np.flatnonzero((u * step < 0) & (np.abs(u) <= np.abs(step)) & (a > 0))
    places = -u[crossing] / step[crossing]
    order = np.argsort(places, kind="stable")
    crossing, places = crossing[order], places[order]
    for place, parameter in zip(places.tolist(), crossing.tolist(), strict=True):
        if steep + bend * place >= 0:
            break
        steep += 2 * float(a[parameter]) * abs(float(step[parameter]))
        if steep + bend * place >= 0:
            return place, np.array([parameter])
    rate = -steep / bend if bend > 0 else 1.0
    return min(rate, 1.0), np.arange(0)
