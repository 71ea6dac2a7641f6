"""Kinks: places where a function has a corner instead of a slope, found by bisection and judged by many slopes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fallline.objectives.base import Counts, Objective
from fallline.penalties.base import Subgradients

__all__ = ["Kink", "find_kink", "gap_at_kink", "kink_on_the_way"]

HALVINGS = 26
"""A change of slope that stays on a segment cut in half so often belongs to one point."""

SOON = 4
"""Halvings after which it is looked whether to go on."""

LEFT = 0.3
"""Share of the first change that must be left at the end."""

MOST = 100
"""Parameters up to which the slopes around a point are put together."""


@dataclass(frozen=True)
class Kink:
    """A point at which the gradient jumps: between `x` a step of `width` along `direction`, by `jump` (2-norm)."""

    x: np.ndarray
    direction: np.ndarray
    jump: float
    width: float


def find_kink(objective: Objective, a: np.ndarray, b: np.ndarray, least: float = 0.0) -> Kink | None:
    """Return the kink between two points, None where the gradient changes gradually.

    The half across which the gradient changes more is cut in half again and again: what bends shows less and less
    change, what has a corner as much as ever. A jump of up to `least` is none.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.arrays.layout import flatten
    >>> from fallline.objectives.ladder import differentiate
    >>> x, layout, _ = flatten([1.0])
    >>> corner, _ = differentiate(lambda x: np.sum(np.abs(x - 0.3)), x, layout, ())
    >>> float(find_kink(corner, x, -x).jump)
    2.0
    """
    before = Counts(**vars(objective.counts))
    (_, at_a), (_, at_b) = objective.value_and_gradient(a), objective.value_and_gradient(b)
    first = float(np.linalg.norm(at_b - at_a))
    # finite differences see a corner only from further off
    halvings = HALVINGS if objective.exact else HALVINGS // 3
    # what is narrower, a segment can miss
    while halvings > SOON and np.linalg.norm(b - a) < _narrow(a) * 2**halvings:
        halvings -= 1
    for k in range(halvings):
        if k >= SOON and not np.linalg.norm(at_b - at_a) > max(LEFT * first, least):
            break
        middle = a + (b - a) / 2
        _, slope = objective.value_and_gradient(middle)
        if np.linalg.norm(slope - at_a) >= np.linalg.norm(at_b - slope):
            b, at_b = middle, slope
        else:
            a, at_a = middle, slope
    objective.counts = before
    jump, width = float(np.linalg.norm(at_b - at_a)), float(np.linalg.norm(b - a))
    if not jump > max(LEFT * first, least) or width == 0:
        return None
    return Kink(a, (b - a) / width, jump, width)


def _narrow(x: np.ndarray) -> float:
    """Return the width of a segment about `x` at which rounding begins to count."""
    return 16 * float(np.finfo(x.dtype).eps) * max(1.0, float(np.abs(x).max()))


def kink_on_the_way(objective: Objective, best: np.ndarray, path: np.ndarray, slope: float) -> Kink | None:
    """Return a kink that a run has met at its end, None where there is none.

    Looked at are the steps along the last points of its `path`, shape (n, d), the latest first, that led across a
    valley; after a step that led nowhere, short segments through the best point, along its slope and along random
    directions. Jumps below a ten-thousandth of `slope`, that at the start, are none.
    """
    counts = Counts(**vars(objective.counts))
    rng = np.random.default_rng(0)
    step = float(np.linalg.norm(path[-1] - path[-2])) if len(path) > 1 else 0.0
    for a, b in zip(path[-2::-1], path[:0:-1], strict=True):
        if not _narrow(best) < np.linalg.norm(b - a) < np.inf:
            continue
        falls = [float(objective.value_and_gradient(point)[1] @ (b - a)) for point in (a, b)]
        objective.counts = Counts(**vars(counts))
        if falls[0] < 0 < falls[1] and (kink := find_kink(objective, a, b, 1e-4 * slope)) is not None:
            return kink
    if step > 1e-6 * max(1.0, float(np.abs(best).max())):
        return None
    size = float(np.finfo(best.dtype).eps) ** 0.5 * max(1.0, float(np.abs(best).max()))
    reach = max(step, size) if np.isfinite(step) else size
    _, gradient = objective.value_and_gradient(best)
    directions = [gradient, *rng.standard_normal((4, best.size))]
    lengths = [float(np.linalg.norm(direction)) for direction in directions]
    penalty = objective.penalty
    found = None
    for direction, length in zip(directions, lengths, strict=True):
        if not 0 < length < np.inf:
            continue
        ends = [best + sign * reach * direction / length for sign in (-1, 1)]
        if penalty is not None:
            ends = [np.asarray(penalty.prox(end, 0.0)) for end in ends]
        found = find_kink(objective, ends[0].astype(best.dtype), ends[1].astype(best.dtype), 1e-4 * slope)
        if found is not None:
            break
    objective.counts = counts
    return found


def gap_at_kink(objective: Objective, x: np.ndarray, fun: float, reach: float) -> float:
    """Return about how far the cost at `x`, shape (d,), lies above the minimum, of a function that has corners there.

    With gradients ``g_i`` at points ``x_i`` around `x`, and shares ``s_i`` that sum to 1, a convex function is at every
    y at least ``f(x) - sum(s_i * e_i) - ||sum(s_i * g_i) + v|| * ||y - x||``, with
    ``e_i = f(x) - f(x_i) - g_i·(x - x_i)`` and v any subgradient of the penalty, if there is one. The shares are those
    of the shortest sum; points are taken nearer and nearer, and the least gap within `reach` counts. Infinite with more
    than 100 parameters, and for a penalty whose subgradients are not known.

    References
    ----------
    J. Burke, A. Lewis and M. Overton, "A robust gradient sampling algorithm for nonsmooth, nonconvex optimization",
    2005, for the points; C. Lemaréchal, "An extension of Davidon methods to nondifferentiable problems", 1975, for the
    bound.
    """
    beside = None if objective.penalty is None else objective.penalty.subgradients(x)
    if x.size > MOST or (objective.penalty is not None and beside is None):
        return np.inf
    before = Counts(**vars(objective.counts))
    rng = np.random.default_rng(0)
    smallest = 10 * float(np.finfo(x.dtype).eps) * max(1.0, float(np.abs(x).max()))
    gaps = [
        _share_out(*_slopes_around(objective, x, fun, smallest * 10**power, rng), beside, reach) for power in range(8)
    ]
    objective.counts = before
    return min(gaps)


def _slopes_around(
    objective: Objective, x: np.ndarray, fun: float, radius: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return gradients of the smooth part near `x`, shape (m, d), and how far off their tangents are at `x`, (m,)."""
    points = (x + radius * rng.uniform(-1, 1, size=(4 * x.size + 8, x.size))).astype(x.dtype)
    penalty = objective.penalty
    if penalty is not None:
        points = np.array([penalty.prox(point, 0.0) for point in points], x.dtype)
        fun -= float(penalty.value(x))
    found = [objective.value_and_gradient(point) for point in points]
    costs, slopes = np.array([cost for cost, _ in found]), np.array([slope for _, slope in found], dtype=np.float64)
    if penalty is not None:
        costs -= np.array([float(penalty.value(point)) for point in points])
    return slopes, np.abs(fun - costs - np.sum(slopes * (x - points), axis=1))


def _share_out(slopes: np.ndarray, errors: np.ndarray, beside: Subgradients | None, reach: float) -> float:
    """Return the gap by the shares for which the slopes, with a subgradient `beside` them, sum up to the least."""
    from scipy.optimize import lsq_linear, nnls

    count, size = slopes.shape
    if not np.isfinite(slopes).all() or not np.isfinite(errors).all():
        return np.inf
    scale = float(np.abs(slopes).max()) or 1.0
    # the last row, made heavy, holds the sum of the shares to 1
    heavy = 1e4
    columns, wanted = np.vstack([slopes.T / scale, np.full(count, heavy)]), np.append(np.zeros(size), heavy)
    if beside is None:
        return _gap(nnls(columns, wanted)[0], slopes, errors, 0.0, reach)
    columns = np.hstack([columns, np.vstack([beside.ways.T, np.zeros(len(beside.ways))])])
    wanted[:size] = -beside.centre / scale
    most = np.append(np.full(count, np.inf), beside.most / scale)
    if np.isinf(most).all():
        shares = nnls(columns, wanted)[0]
    else:
        shares = lsq_linear(columns, wanted, (0.0, most), method="bvls", tol=1e-14).x
    added = beside.centre + scale * (shares[count:] @ beside.ways)
    return _gap(shares[:count], slopes, errors, added, reach)


def _gap(shares: np.ndarray, slopes: np.ndarray, errors: np.ndarray, added: np.ndarray | float, reach: float) -> float:
    shares = shares / shares.sum()
    return float(shares @ errors + np.linalg.norm(shares @ slopes + added) * reach)
