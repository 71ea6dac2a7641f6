"""Limited-memory BFGS within bounds and beside kinks."""

from __future__ import annotations

from typing import Any

from fallline.arrays.namespace import namespace
from fallline.methods.lbfgs import LBFGSState, remember
from fallline.penalties.separable import Separable
from fallline.steps.base import Point

__all__ = ["turn_on_face"]


def turn_on_face(here: Point, state: LBFGSState, penalty: Separable) -> tuple[Any, LBFGSState]:
    """Return the direction for a cost with a separable penalty, shape (d,), and the next state.

    The pairs are those of the smooth part, squares included. Parameters that the penalty holds stay; the slope of the
    others is turned by the pairs, cut down to them.

    References
    ----------
    D. Bertsekas, "Projected Newton methods for optimization problems with simple constraints", 1982, section 3, with
    the pairs of J. Nocedal and S. Wright, *Numerical Optimization*, 2nd edition, 2006, algorithm 7.4.
    """
    xp, x = namespace(here.x), here.x
    slope = penalty.slope(x, here.gradient)
    state, _, _ = remember(here.gradient + penalty.parts().l2 * x, state, x)
    low, high = penalty.edges(x, slope)
    slope = state.unit * slope
    free = (slope != 0) | ((x > low) & (x < high))
    direction = _turned(slope, state, free)
    length = xp.sqrt(xp.sum(slope * slope))
    descends = xp.sum(direction * slope) > 1e-14 * length * xp.sqrt(xp.sum(direction * direction))
    plain = slope / xp.maximum(length, 0 * length + 1)
    return xp.where(xp.any(state.diagonal > 0) & descends, direction, plain), state


def _turned(slope: Any, state: LBFGSState, free: Any) -> Any:
    """Return the inverse-Hessian approximation, of the pairs cut down to `free`, times the slope."""
    xp = namespace(slope)
    memory = state.diagonal.shape[0]
    oldest_first = (xp.arange(memory) + xp.asarray(state.place, dtype="int64")) % memory
    steps, changes = xp.where(free, xp.take(state.pairs, oldest_first, axis=1), 0)
    products = xp.sum(steps * changes, axis=1)
    tiny = xp.finfo(slope.dtype).eps * xp.sqrt(xp.sum(steps * steps, axis=1) * xp.sum(changes * changes, axis=1))
    used = products > tiny
    inverse = xp.where(used, 1 / xp.where(used, products, 1), 0 * products)
    turned, shares = slope, []
    newest_first = range(steps.shape[0] - 1, -1, -1)
    for i in newest_first:
        shares.append(inverse[i] * xp.sum(steps[i] * turned))
        turned = turned - shares[-1] * changes[i]
    turned = state.scale * turned
    for i, share in zip(reversed(newest_first), reversed(shares), strict=True):
        turned = turned + (share - inverse[i] * xp.sum(changes[i] * turned)) * steps[i]
    return turned
