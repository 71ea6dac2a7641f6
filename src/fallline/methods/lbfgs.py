"""Limited-memory BFGS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.ranges import check_whole
from fallline.penalties.base import Penalty
from fallline.penalties.separable import Separable
from fallline.steps.base import Point
from fallline.steps.strong_wolfe import StrongWolfe

__all__ = ["LBFGS", "LBFGSState", "remember"]


class LBFGSState(NamedTuple):
    """The last pairs, each in the place of the oldest before it, zero where there is none yet.

    `pairs`, shape (2, memory, d), are the steps and the gradient changes; `diagonal`, shape (memory,), their products.
    `inverse`, shape (memory, memory), inverts the part of ``steps @ changes.T`` in which no step is younger than the
    change, an upper triangle but for the order; `gram`, shape (memory, memory), is ``changes @ changes.T``. `place` is
    where the next pair goes. Gradients are kept times `unit`: 1 but for costs so large, or so small, that their squares
    would not be finite, or the first step would be none.
    """

    pairs: Any
    inverse: Any
    gram: Any
    diagonal: Any
    scale: Any
    place: Any
    x: Any
    gradient: Any
    started: Any
    unit: Any


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
        pairs = xp.zeros((2, self.memory, x.shape[0]), dtype=x.dtype)
        square = xp.zeros((self.memory, self.memory), dtype=x.dtype)
        zeros = xp.zeros_like(x)
        none = 0 * zeros[0]
        return LBFGSState(pairs, square, square, square[0], none + 1, none, zeros, zeros, none, none + 1)

    def update(self, gradient: Any, state: LBFGSState, x: Any) -> tuple[Any, LBFGSState]:
        xp = namespace(x)
        state, across, square = remember(gradient, state, x)
        gradient = state.gradient
        direction = _apply(gradient, state, across)
        slope = xp.sum(direction * gradient)
        descends = (slope > 0) & (slope * slope > 1e-28 * square * xp.sum(direction * direction))
        plain = gradient / xp.maximum(xp.sqrt(square), 0 * square + 1)
        return xp.where(xp.any(state.diagonal > 0) & descends, direction, plain), state

    def turn(self, here: Point, state: LBFGSState, penalty: Penalty | None) -> tuple[Any, LBFGSState]:
        if not isinstance(penalty, Separable):
            return super().turn(here, state, penalty)
        from fallline.methods.lbfgs_faces import turn_on_face

        return turn_on_face(here, state, penalty)


def remember(gradient: Any, state: LBFGSState, x: Any) -> tuple[LBFGSState, Any, Any]:
    """Take the last step in as a pair, where it shows positive curvature; forget all where it led nowhere.

    Return with the state, which holds the gradient in its unit, the pairs times that gradient, shape (2, memory), and
    its square.
    """
    xp = namespace(x)
    unit = xp.where(state.started > 0, state.unit, _unit_for(gradient))
    gradient = unit * gradient
    recent = xp.stack([x - state.x, gradient - state.gradient, gradient])
    # all products of vectors in two matrices: the fewer operations, the sooner they are compiled
    among = recent @ recent.T
    beside = xp.reshape(xp.reshape(state.pairs, (-1, x.shape[0])) @ recent.T, (2, -1, 3))
    product, square = among[0, 1], among[1, 1]
    keep = (state.started > 0) & (product > xp.finfo(x.dtype).eps * xp.sqrt(square * among[0, 0]))
    stuck = (state.started > 0) & (among[0, 0] == 0)
    place = keep & (xp.arange(state.diagonal.shape[0]) == state.place)
    product, square = xp.where(keep, product, 1), xp.where(keep, square, 1)
    # bordering: the inverse of a triangle that loses its first row and column and gains a last one
    older = -_times(state.inverse, xp.where(place, 0, beside[0, :, 1])) / product
    column = xp.where(place, 1 / product, older)
    changes = xp.where(place, square, beside[1, :, 1])
    following = state.place + keep
    kept = LBFGSState(
        xp.where(place[:, None], recent[:2, None], state.pairs),
        xp.where(place, column[:, None], xp.where(place[:, None], 0, state.inverse)),
        xp.where(place, changes[:, None], xp.where(place[:, None], changes, state.gram)),
        xp.where(place, product, state.diagonal),
        xp.where(keep, product / square, state.scale),
        xp.where(following < state.diagonal.shape[0], following, 0),
        x,
        gradient,
        0 * state.started + 1,
        unit,
    )
    across = xp.where(place, among[:2, 2, None], beside[:, :, 2])
    pairs, inverse, gram, diagonal = (xp.where(stuck, 0, part) for part in kept[:4])
    state = kept._replace(pairs=pairs, inverse=inverse, gram=gram, diagonal=diagonal)
    return state, xp.where(stuck, 0, across), among[2, 2]


TINY = 1e-12
"""A slope from which the first step is one: a shorter one is of a cost in tiny units."""


def _unit_for(gradient: Any) -> Any:
    """Return the unit of a run's gradients, from the first of them."""
    xp = namespace(gradient)
    most = xp.max(xp.abs(gradient))
    extreme = (most > 0) & ((most < TINY) | (most > xp.finfo(gradient.dtype).max ** 0.3))
    return xp.where(extreme, 1 / xp.where(extreme, most, 1), 0 * most + 1)


def _apply(gradient: Any, state: LBFGSState, across: Any) -> Any:
    """Return the inverse-Hessian approximation times the gradient, in the compact form."""
    xp, scale = namespace(gradient), state.scale
    along = _times(state.inverse, across[0])
    middle = state.diagonal * along - scale * (across[1] - _times(state.gram, along))
    shares = xp.concat([_times(state.inverse.T, middle), -scale * along])
    return scale * gradient + shares @ xp.reshape(state.pairs, (-1, gradient.shape[0]))


def _times(matrix: Any, vector: Any) -> Any:
    """Return the product of a small matrix and a vector, compiled as one with what is done to it."""
    return namespace(vector).sum(matrix * vector, axis=-1)
