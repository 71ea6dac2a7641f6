"""AdaDelta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import decayed
from fallline.methods.ranges import check_not_negative, check_positive, check_share

__all__ = ["AdaDelta", "AdaDeltaState"]


class AdaDeltaState(NamedTuple):
    """Moving averages of the squares of the gradient and of the step, shape (d,)."""

    square: Any
    moved: Any


@dataclass(frozen=True, kw_only=True)
class AdaDelta(Method):
    """Scale every parameter by the ratio of its recent steps to its recent gradients, so that no unit is left over.

    ``v = rho*v + (1-rho)*g²``, the direction is ``d = g * sqrt(u + eps)/sqrt(v + eps)``, and then
    ``u = rho*u + (1-rho)*d²``. It begins with steps of about ``sqrt(eps)`` and needs a while to grow them.

    Parameters
    ----------
    rho : float
        Share of the averages kept, in [0, 1).
    eps : float
        Added inside the roots, positive.
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    learning_rate : float, schedule, step rule or None
        Scales the steps; None for 1, the paper's rule.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    M. Zeiler, "ADADELTA: an adaptive learning rate method", 2012, algorithm 1; conventions of
    ``torch.optim.Adadelta``.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="adadelta", max_iterations=2).trace.x.round(4)
    array([3.    , 2.9968, 2.9936])
    """

    name: ClassVar[str] = "adadelta"
    default_rate: ClassVar[Any] = 1.0

    rho: float = 0.9
    eps: float = 1e-6
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_share("rho", self.rho, "An average must fade. The usual one is 0.9.")
        check_positive("eps", self.eps, "The first step is as long as its root. The usual one is 1e-6.")
        check_not_negative(
            "weight_decay", self.weight_decay, "It pulls the parameters towards 0. With 0 there is none."
        )

    def init(self, x: Any) -> AdaDeltaState:
        zeros = namespace(x).zeros_like(x)
        return AdaDeltaState(zeros, zeros)

    def update(self, gradient: Any, state: AdaDeltaState, x: Any) -> tuple[Any, AdaDeltaState]:
        xp = namespace(x)
        gradient = decayed(gradient, x, self.weight_decay)
        square = self.rho * state.square + (1 - self.rho) * gradient * gradient
        direction = xp.sqrt(state.moved + self.eps) / xp.sqrt(square + self.eps) * gradient
        return direction, AdaDeltaState(square, self.rho * state.moved + (1 - self.rho) * direction * direction)
