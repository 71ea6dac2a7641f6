"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import Moments, check_adam, decayed, first_moments, next_moments, zero
from fallline.methods.ranges import check_not_negative

__all__ = ["NAdam", "NAdamState"]


class NAdamState(NamedTuple):
    """Adam's averages, ``0.96**(t * momentum_decay)``, and the product of the momenta so far."""

    moments: Moments
    cooling: Any
    product: Any


@dataclass(frozen=True, kw_only=True)
class NAdam(Method):
    """Adam that looks ahead by the momentum to come.

    With the momenta ``mu(t) = beta1 * (1 - 0.96**(t*momentum_decay) / 2)`` and ``P(t) = mu(1)·…·mu(t)`` the direction
    is ``(mu(t+1)*m/(1-P(t+1)) + (1-mu(t))*g/(1-P(t))) / (sqrt(v/(1-beta2ᵗ)) + eps)``.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the averages kept, each in [0, 1).
    eps : float
        Added to the denominator, positive.
    weight_decay : float
        Times `x` is added to the gradient or, decoupled, to the direction.
    momentum_decay : float
        How soon the momentum reaches `beta1`, at least 0.
    decoupled_weight_decay : bool
        Whether the decay bypasses the scaling, as in AdamW.
    learning_rate : float, schedule, step rule or None
        About the length of a step in each parameter; None for 2e-3.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, algorithm 2; conventions of
    ``torch.optim.NAdam``.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="nadam", learning_rate=0.5, max_iterations=2).trace.x.round(4)
    array([3.    , 2.4718, 2.1151])
    """

    name: ClassVar[str] = "nadam"
    default_rate: ClassVar[Any] = 2e-3

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum_decay: float = 4e-3
    decoupled_weight_decay: bool = False

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, self.weight_decay)
        check_not_negative("momentum_decay", self.momentum_decay, "The momentum grows towards beta1. Try 0.004.")

    def init(self, x: Any) -> NAdamState:
        return NAdamState(first_moments(x), zero(x) + 1, zero(x) + 1)

    def update(self, gradient: Any, state: NAdamState, x: Any) -> tuple[Any, NAdamState]:
        beta1, factor = self.betas[0], 0.96**self.momentum_decay
        coupled, decoupled = (0.0, self.weight_decay) if self.decoupled_weight_decay else (self.weight_decay, 0.0)
        gradient = decayed(gradient, x, coupled)
        moments = next_moments(gradient, state.moments, self.betas)
        cooling = factor * state.cooling
        momentum, coming = beta1 * (1 - cooling / 2), beta1 * (1 - factor * cooling / 2)
        product = state.product * momentum
        size = namespace(x).sqrt(moments.square / (1 - moments.power2)) + self.eps
        ahead = coming / (1 - product * coming) * moments.mean + (1 - momentum) / (1 - product) * gradient
        return decayed(ahead / size, x, decoupled), NAdamState(moments, cooling, product)
