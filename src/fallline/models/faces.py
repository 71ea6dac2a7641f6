"""The minimum of a quadratic with absolute values, exactly: face by face."""

from __future__ import annotations

import numpy as np

__all__ = ["minimise_kinked"]

EPS = float(np.finfo(float).eps)


def minimise_kinked(hessian: np.ndarray, gradient: np.ndarray, strength: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the minimiser over ``x + v`` of ``gradient·v + ½ v·hessian·v + Σ strength·|x + v|``, all zeros exact.

    Feature-sign search: a Newton step on the parameters that are not zero, their signs kept; along it the exact
    minimum over the kinks where signs change; then those zeros that hold the cost back no longer are let go, all at
    once where that leads down and one by one where not. Every step lowers the cost, so no face is met twice.

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
    tolerance = 4 * EPS * (float(np.abs(q).max(initial=0.0)) + float(a.max(initial=0.0)))
    one_by_one = False
    for _ in range(50 + 10 * len(x)):
        sign = np.sign(u)
        free = bent & ((u != 0) | (a == 0))
        excess = np.where(bent & ~free, np.abs(q) - a, 0.0)
        settled = bool((np.abs(q + a * sign)[free] <= tolerance).all())
        if settled and not (excess > tolerance).any():
            break
        let_go = _let_go(excess, tolerance, one_by_one, settled)
        sign[let_go] = -np.sign(q[let_go])
        step = _newton(unit, q + a * sign, free, let_go, sign)
        rate, stopped = _furthest(u, step, q, a, sign, unit)
        gain = rate * float(step @ (q + a * sign))
        if not gain < 0:
            if one_by_one:
                break
            one_by_one = True
            continue
        u = u + rate * step
        u[stopped] = 0.0
        q = q + rate * (unit @ step)
    # without curvature nothing but the penalty is left
    return np.where(bent, u * scale, np.where(strength > 0, 0.0, x))


def _let_go(excess: np.ndarray, tolerance: float, one_by_one: bool, settled: bool) -> np.ndarray:
    """Return the zeros to let go, shape (size,): of those that hold back too little, all or only the worst."""
    if not one_by_one:
        return excess > tolerance
    worst = np.zeros(len(excess), dtype=bool)
    if settled:
        worst[np.argmax(excess)] = True
    return worst


def _newton(unit: np.ndarray, slope: np.ndarray, free: np.ndarray, let_go: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Return the step to the minimum on a face, shape (size,); of those let go, only what moves to its own side."""
    moving = let_go.copy()
    while True:
        step, place = np.zeros(len(slope)), np.flatnonzero(free | moving)
        step[place] = -_solved(unit[np.ix_(place, place)], slope[place])
        wrong = moving & (step * sign < 0)
        if not wrong.any():
            return step
        moving &= ~wrong


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the solution for a matrix of unit diagonal, a little lifted where it is singular."""
    from scipy.linalg import cho_factor, cho_solve

    lift = 0.0
    while True:
        try:
            factor = cho_factor(matrix + lift * np.eye(len(matrix)), lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            lift = max(100 * lift, 16 * EPS * len(matrix))
            continue
        if lift == 0 and len(matrix) and np.diag(factor[0]).min() ** 2 < 16 * EPS * len(matrix):
            lift = 16 * EPS * len(matrix)
            continue
        return cho_solve(factor, right, check_finite=False)


def _furthest(
    u: np.ndarray, step: np.ndarray, q: np.ndarray, a: np.ndarray, sign: np.ndarray, unit: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the rate of least cost along a step, and the parameters that it leaves at zero."""
    steep, bend = float(step @ (q + a * sign)), float(step @ (unit @ step))
    crossing = np.flatnonzero((u * step < 0) & (np.abs(u) <= np.abs(step)) & (a > 0))
    places = -u[crossing] / step[crossing]
    order = np.argsort(places, kind="stable")
    crossing, places = crossing[order], places[order]
    for place, parameter in zip(places.tolist(), crossing.tolist(), strict=True):
        if steep + bend * place >= 0:
            break
        steep += 2 * a[parameter] * abs(step[parameter])
        if steep + bend * place >= 0:
            return place, np.array([parameter])
    rate = -steep / bend if bend > 0 else 1.0
    return min(rate, 1.0) if not crossing.size else rate, np.arange(0)
