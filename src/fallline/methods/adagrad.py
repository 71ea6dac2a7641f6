"""AdaGrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import decayed, zero
from fallline.methods.ranges import check_not_negative, check_positive

__all__ = ["AdaGrad", "AdaGradState"]


class AdaGradState(NamedTuple):
    """The sum of the squared gradients, shape (d,), and their number."""

    total: Any
    count: Any


@dataclass(frozen=True, kw_only=True)
class AdaGrad(Method):
    """Scale every parameter by the size of all its gradients so far: rarely moved ones take longer steps.

    ``G = G + g²``, and the direction at step t = 1, 2, … is ``g / (sqrt(G) + eps) / (1 + (t-1)*lr_decay)``.

    Parameters
    ----------
    lr_decay : float
        How fast the steps shrink besides, at least 0.
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    initial_accumulator_value : float
        G before the first step, at least 0.
    eps : float
        Added to the denominator, positive.
    learning_rate : float, schedule, step rule or None
        The length of the first step in each parameter; None for 1e-2.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
    JMLR 2011, figure 1 with diagonal matrices; conventions of ``torch.optim.Adagrad``.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="adagrad", learning_rate=0.5, max_iterations=2).trace.x.round(4)
    array([3.    , 2.5   , 2.1799])
    """

    name: ClassVar[str] = "adagrad"
    default_rate: ClassVar[Any] = 1e-2

    lr_decay: float = 0.0
    weight_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10

    def __post_init__(self) -> None:
        check_not_negative("lr_decay", self.lr_decay, "The steps would grow. With 0 only the sum shrinks them.")
        check_not_negative(
            "weight_decay", self.weight_decay, "It pulls the parameters towards 0. With 0 there is none."
        )
        check_not_negative(
            "initial_accumulator_value",
            self.initial_accumulator_value,
            "It begins a sum of squares. The usual one is 0.",
        )
        check_positive("eps", self.eps, "It keeps the step finite where the gradient is zero. The usual one is 1e-10.")

    def init(self, x: Any) -> AdaGradState:
        return AdaGradState(namespace(x).zeros_like(x) + self.initial_accumulator_value, zero(x))

    def update(self, gradient: Any, state: AdaGradState, x: Any) -> tuple[Any, AdaGradState]:
        gradient = decayed(gradient, x, self.weight_decay)
        total = state.total + gradient * gradient
        shrinking = 1 + self.lr_decay * state.count
        return gradient / (namespace(x).sqrt(total) + self.eps) / shrinking, AdaGradState(total, state.count + 1)
