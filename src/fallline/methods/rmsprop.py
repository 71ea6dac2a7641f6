"""RMSProp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import decayed
from fallline.methods.ranges import check_not_negative, check_positive, check_share

__all__ = ["RMSProp", "RMSPropState"]


class RMSPropState(NamedTuple):
    """Moving averages of the gradient's square and of the gradient, and the velocity, shape (d,)."""

    square: Any
    mean: Any
    velocity: Any


@dataclass(frozen=True, kw_only=True)
class RMSProp(Method):
    """Scale every parameter by the root of its gradient's recent mean square.

    ``v = alpha*v + (1-alpha)*g²``, the direction is ``b = momentum*b + g/(sqrt(v) + eps)``; centred, the square of the
    gradient's own average is taken off v.

    Parameters
    ----------
    alpha : float
        Share of the averages kept, in [0, 1).
    eps : float
        Added to the denominator, positive.
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    momentum : float
        Share of the direction kept, in [0, 1).
    centered : bool
        Whether to scale by the gradient's spread about its average.
    learning_rate : float, schedule, step rule or None
        About the length of a step in each parameter; None for 1e-2.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    T. Tieleman and G. Hinton, "Lecture 6.5: RMSProp", 2012; centred: A. Graves, "Generating sequences with recurrent
    neural networks", 2013, equations 38-45; conventions of ``torch.optim.RMSprop``.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="rmsprop", learning_rate=0.1, max_iterations=2).trace.x.round(4)
    array([3.    , 2.    , 1.4434])
    """

    name: ClassVar[str] = "rmsprop"
    default_rate: ClassVar[Any] = 1e-2

    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum: float = 0.0
    centered: bool = False

    def __post_init__(self) -> None:
        check_share("alpha", self.alpha, "An average must fade. The usual one is 0.99.")
        check_positive("eps", self.eps, "It keeps the step finite where the gradient is zero. The usual one is 1e-8.")
        check_not_negative(
            "weight_decay", self.weight_decay, "It pulls the parameters towards 0. With 0 there is none."
        )
        check_share("momentum", self.momentum, "The velocity would never fade. With 0 there is none.")

    def init(self, x: Any) -> RMSPropState:
        zeros = namespace(x).zeros_like(x)
        return RMSPropState(zeros, zeros, zeros)

    def update(self, gradient: Any, state: RMSPropState, x: Any) -> tuple[Any, RMSPropState]:
        xp, mean = namespace(x), state.mean
        gradient = decayed(gradient, x, self.weight_decay)
        square = self.alpha * state.square + (1 - self.alpha) * gradient * gradient
        spread = square
        if self.centered:
            mean = self.alpha * mean + (1 - self.alpha) * gradient
            spread = xp.maximum(square - mean * mean, 0 * square)
        velocity = self.momentum * state.velocity + gradient / (xp.sqrt(spread) + self.eps)
        return velocity, RMSPropState(square, mean, velocity)
