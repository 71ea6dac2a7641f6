"""Nesterov's accelerated gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import decayed, zero
from fallline.methods.momentum import MomentumState, check_momentum, next_velocity

__all__ = ["Nesterov"]


@dataclass(frozen=True, kw_only=True)
class Nesterov(Method):
    """Momentum that looks ahead: step against ``gradient + momentum * velocity``, the velocity being the new one.

    Parameters
    ----------
    momentum : float
        Share of the velocity kept, in [0, 1).
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
    Y. Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", 1983; the form is
    that of ``torch.optim.SGD(nesterov=True)``.

    Examples
    --------
    >>> import fallline as fl
    >>> method = fl.methods.Nesterov(momentum=0.5)
    >>> fl.minimize(lambda theta: theta**2, 3.0, method=method, learning_rate=0.1, max_iterations=2).trace.x.round(3)
    array([3.  , 2.1 , 1.32])
    """

    name: ClassVar[str] = "nesterov"
    default_rate: ClassVar[Any] = 1e-3

    momentum: float = 0.9
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_momentum(self.momentum, self.weight_decay)

    def init(self, x: Any) -> MomentumState:
        return MomentumState(namespace(x).zeros_like(x), zero(x))

    def update(self, gradient: Any, state: MomentumState, x: Any) -> tuple[Any, MomentumState]:
        gradient = decayed(gradient, x, self.weight_decay)
        state = next_velocity(gradient, state, self.momentum, 0.0)
        return gradient + self.momentum * state.velocity, state

    def stable_rate(self, curvature: float) -> float:
        return 2 * (1 + self.momentum) / ((1 + 2 * self.momentum) * (curvature + self.weight_decay))
