"""Limited-memory BFGS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.ranges import check_whole
from fallline.steps.strong_wolfe import StrongWolfe

__all__ = ["LBFGS", "LBFGSState"]


class LBFGSState(NamedTuple):
    """The last pairs, newest last: steps and gradient changes, shape (memory, d), zero where there is none yet.

    `inverse`, shape (memory, memory), inverts the upper triangle of ``steps @ changes.T``; `diagonal`, shape
    (memory,), is its diagonal.
    """

    steps: Any
    changes: Any
    inverse: Any
    diagonal: Any
    scale: Any
    x: Any
    gradient: Any
    started: Any


@dataclass(frozen=True, kw_only=True)
class LBFGS(Method):
    """Turn the gradient by the curvature that the last steps have shown.

    The direction is ``H @ gradient`` with H the inverse-Hessian approximation of the last `memory` pairs
    ``s = x - x_before``, ``y = gradient - gradient_before``, in its compact form started from ``(s·y / y·y) I``. Pairs
    without positive curvature are left out. The first direction is the gradient, shortened to length one where it is
    longer; a step that led nowhere empties the memory and starts anew.

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
    R. Byrd, J. Nocedal and R. Schnabel, "Representations of quasi-Newton matrices and their use in limited memory
    methods", 1994, theorem 2.2 and section 3.

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
        check_whole("memory", self.memory, 1, "Without a pair there is no curvature to use. The usual number is 10.")

    def init(self, x: Any) -> LBFGSState:
        xp = namespace(x)
        pairs = xp.zeros((self.memory, x.shape[0]), dtype=x.dtype)
        square = xp.zeros((self.memory, self.memory), dtype=x.dtype)
        zeros = xp.zeros_like(x)
        return LBFGSState(pairs, pairs, square, square[0], 0 * zeros[0] + 1, zeros, zeros, 0 * zeros[0])

    def update(self, gradient: Any, state: LBFGSState, x: Any) -> tuple[Any, LBFGSState]:
        xp = namespace(x)
        state = _remember(gradient, state, x)
        direction = _apply(gradient, state)
        norm = xp.sqrt(xp.sum(gradient * gradient))
        descends = xp.sum(direction * gradient) > 1e-14 * norm * xp.sqrt(xp.sum(direction * direction))
        plain = gradient / xp.maximum(norm, 0 * norm + 1)
        return xp.where(xp.any(state.diagonal > 0) & descends, direction, plain), state


def _remember(gradient: Any, state: LBFGSState, x: Any) -> LBFGSState:
    """Take the last step in as a pair, where it shows positive curvature; forget all where it led nowhere."""
    xp = namespace(x)
    step, change = x - state.x, gradient - state.gradient
    product, square = xp.sum(step * change), xp.sum(change * change)
    tiny = xp.finfo(x.dtype).eps * xp.sqrt(square * xp.sum(step * step))
    keep = (state.started > 0) & (product > tiny)
    stuck = (state.started > 0) & ~xp.any(step != 0)
    product = xp.where(keep, product, 1)
    # bordering: the inverse of a triangle that loses its first row and column and gains a last one
    kept = state.inverse[1:, 1:]
    column = -(kept @ (state.steps[1:] @ change)) / product
    bottom = xp.concat([0 * column, (1 / product)[None]])
    inverse = xp.concat([xp.concat([kept, column[:, None]], axis=1), bottom[None]])

    def choose(pushed: Any, before: Any) -> Any:
        return xp.where(stuck, 0 * before, xp.where(keep, pushed, before))

    return LBFGSState(
        choose(xp.concat([state.steps[1:], step[None]]), state.steps),
        choose(xp.concat([state.changes[1:], change[None]]), state.changes),
        choose(inverse, state.inverse),
        choose(xp.concat([state.diagonal[1:], product[None]]), state.diagonal),
        xp.where(keep, product / xp.where(keep, square, 1), state.scale),
        x,
        gradient,
        0 * state.started + 1,
    )


def _apply(gradient: Any, state: LBFGSState) -> Any:
    """Return the inverse-Hessian approximation times the gradient, in the compact form."""
    steps, changes, scale = state.steps, state.changes, state.scale
    along = state.inverse @ (steps @ gradient)
    turned = gradient - changes.T @ along
    middle = state.diagonal * along - scale * (changes @ turned)
    return scale * turned + steps.T @ (state.inverse.T @ middle)
