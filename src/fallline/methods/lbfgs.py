"""Limited-memory BFGS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method, require
from fallline.steps.strong_wolfe import StrongWolfe

__all__ = ["LBFGS", "LBFGSState"]


class LBFGSState(NamedTuple):
    """The last pairs of steps and gradient changes, newest last, shape (memory, d); 1/(s·y), zero where empty."""

    steps: Any
    changes: Any
    inverse: Any
    scale: Any
    x: Any
    gradient: Any
    started: Any


@dataclass(frozen=True, kw_only=True)
class LBFGS(Method):
    """Turn the gradient by the curvature that the last steps have shown.

    The direction is ``H @ gradient`` with H the inverse-Hessian approximation of the last `memory` pairs
    ``s = x - x_before``, ``y = gradient - gradient_before``, by the two-loop recursion started from
    ``(s·y / y·y) I``. Pairs without positive curvature are left out. The first direction is the gradient, shortened
    to length one where it is longer; a step that led nowhere empties the memory and starts anew.

    Parameters
    ----------
    memory : int
        Pairs kept, at least 1.
    learning_rate : float, schedule, step rule or None
        None searches along the line (`fallline.steps.StrongWolfe`).

    Raises
    ------
    InputError
        Where `memory` is below 1.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd edition, 2006, algorithms 7.4 and 7.5.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0], method="lbfgs")
    >>> result.success, result.x.round(4)
    (True, array([1., 1.]))
    """

    name: ClassVar[str] = "lbfgs"
    default_rate: ClassVar[Any] = StrongWolfe()

    memory: int = 10

    def __post_init__(self) -> None:
        require(self.memory >= 1, "memory", "at least 1", self.memory, "Without a pair there is no curvature to use.")

    def init(self, x: Any) -> LBFGSState:
        xp = namespace(x)
        zeros = xp.zeros_like(x)
        table = xp.zeros((self.memory, x.shape[0]), dtype=x.dtype)
        return LBFGSState(table, table, table[:, 0], 0 * zeros[0] + 1, zeros, zeros, 0 * zeros[0])

    def update(self, gradient: Any, state: LBFGSState, x: Any) -> tuple[Any, LBFGSState]:
        xp = namespace(x)
        state = self._remember(gradient, state, x)
        direction = _two_loops(gradient, state)
        norm = xp.sqrt(xp.sum(gradient * gradient))
        known = xp.any(state.inverse > 0)
        descends = xp.sum(direction * gradient) > 1e-14 * norm * xp.sqrt(xp.sum(direction * direction))
        plain = gradient / xp.maximum(norm, 0 * norm + 1)
        return xp.where(known & descends, direction, plain), state

    def _remember(self, gradient: Any, state: LBFGSState, x: Any) -> LBFGSState:
        xp = namespace(x)
        step, change = x - state.x, gradient - state.gradient
        product, square = xp.sum(step * change), xp.sum(change * change)
        tiny = xp.finfo(x.dtype).eps * xp.sqrt(square * xp.sum(step * step))
        keep = (state.started > 0) & (product > tiny)
        inverse = xp.where(keep, 1 / xp.where(keep, product, 1), 0)
        stuck = (state.started > 0) & ~xp.any(step != 0)

        def push(table: Any, row: Any) -> Any:
            return xp.where(keep, xp.concat([table[1:], row[None]]), table)

        return LBFGSState(
            push(state.steps, step),
            push(state.changes, change),
            xp.where(stuck, 0 * state.inverse, push(state.inverse, inverse)),
            xp.where(keep, product / xp.where(keep, square, 1), state.scale),
            x,
            gradient,
            0 * state.started + 1,
        )


def _two_loops(gradient: Any, state: LBFGSState) -> Any:
    xp = namespace(gradient)
    memory = state.inverse.shape[0]
    q, weights = gradient, []
    for i in reversed(range(memory)):
        weight = state.inverse[i] * xp.sum(state.steps[i] * q)
        q = q - weight * state.changes[i]
        weights.append(weight)
    r = state.scale * q
    for i, weight in zip(range(memory), reversed(weights), strict=True):
        r = r + (weight - state.inverse[i] * xp.sum(state.changes[i] * r)) * state.steps[i]
    return r
