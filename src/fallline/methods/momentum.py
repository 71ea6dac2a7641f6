"""Gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import decayed, zero
from fallline.methods.ranges import check_not_negative, check_share

__all__ = ["Momentum", "MomentumState"]


class MomentumState(NamedTuple):
    """The velocity, shape (d,), and whether a gradient has been seen yet (0 or 1)."""

    velocity: Any
    started: Any


@dataclass(frozen=True, kw_only=True)
class Momentum(Method):
    """Keep a velocity: ``velocity = momentum * velocity + (1 - dampening) * gradient``, and step against it.

    The first velocity is the first gradient, undamped, as in PyTorch's ``SGD``.

    Parameters
    ----------
    momentum : float
        Share of the velocity kept, in [0, 1).
    dampening : float
        Share of the gradient left out, in [0, 1).
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    learning_rate : float, schedule, step rule or None
        None for 1e-3, PyTorch's.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    B. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; conventions of
    ``torch.optim.SGD``.

    Examples
    --------
    >>> import fallline as fl
    >>> method = fl.methods.Momentum(momentum=0.5)
    >>> fl.minimize(lambda theta: theta**2, 3.0, method=method, learning_rate=0.25, max_iterations=2).trace.x
    array([3. , 1.5, 0. ])
    """

    name: ClassVar[str] = "momentum"
    default_rate: ClassVar[Any] = 1e-3

    momentum: float = 0.9
    dampening: float = 0.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_momentum(self.momentum, self.weight_decay)
        check_share("dampening", self.dampening, "Nothing of the gradient would be left. With 0 all of it is used.")

    def init(self, x: Any) -> MomentumState:
        return MomentumState(namespace(x).zeros_like(x), zero(x))

    def update(self, gradient: Any, state: MomentumState, x: Any) -> tuple[Any, MomentumState]:
        gradient = decayed(gradient, x, self.weight_decay)
        state = next_velocity(gradient, state, self.momentum, self.dampening)
        return state.velocity, state

    def stable_rate(self, curvature: float) -> float:
        return 2 * (1 + self.momentum) / ((1 - self.dampening) * (curvature + self.weight_decay))


def next_velocity(gradient: Any, state: MomentumState, momentum: float, dampening: float) -> MomentumState:
    """Return the velocity after this gradient; the first gradient is not damped."""
    share = 1 - dampening * state.started
    return MomentumState(momentum * state.velocity + share * gradient, 0 * state.started + 1)


def check_momentum(momentum: float, weight_decay: float) -> None:
    """Refuse a momentum outside [0, 1) and a negative weight decay."""
    check_share("momentum", momentum, "The velocity would never fade. The usual one is 0.9.")
    check_not_negative("weight_decay", weight_decay, "It pulls the parameters towards 0. With 0 there is none.")
