"""RAdam: Adam that warms itself up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import Moments, check_adam, decayed, first_moments, next_moments, zero

__all__ = ["RAdam", "RAdamState"]


class RAdamState(NamedTuple):
    """Adam's averages, and the number of gradients seen."""

    moments: Moments
    count: Any


@dataclass(frozen=True, kw_only=True)
class RAdam(Method):
    """Adam that scales by the gradient's size only once that is known well enough.

    With ``rho_max = 2/(1-beta2) - 1`` and ``rho = rho_max - 2*t*beta2ᵗ/(1-beta2ᵗ)``, the number of gradients that the
    average square stands for: up to rho = 5 the direction is ``m/(1-beta1ᵗ)``, beyond it is
    ``r * m/(1-beta1ᵗ) * sqrt(1-beta2ᵗ)/(sqrt(v) + eps)`` with
    ``r² = (rho-4)(rho-2)*rho_max / ((rho_max-4)(rho_max-2)*rho)``.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the averages kept, each in [0, 1).
    eps : float
        Added to the denominator, positive.
    weight_decay : float
        Times `x` is added to the gradient or, decoupled, to the direction.
    decoupled_weight_decay : bool
        Whether the decay bypasses the scaling, as in AdamW.
    learning_rate : float, schedule, step rule or None
        About the length of a step in each parameter, once warm; None for 1e-3.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    L. Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020, algorithm 2, which warms up
    to rho = 4 and has no `eps`; conventions of ``torch.optim.RAdam``.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="radam", learning_rate=0.1, max_iterations=2).trace.x.round(4)
    array([3.    , 2.4   , 1.8632])
    """

    name: ClassVar[str] = "radam"
    default_rate: ClassVar[Any] = 1e-3

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    decoupled_weight_decay: bool = False

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, self.weight_decay)

    def init(self, x: Any) -> RAdamState:
        return RAdamState(first_moments(x), zero(x))

    def update(self, gradient: Any, state: RAdamState, x: Any) -> tuple[Any, RAdamState]:
        coupled, decoupled = (0.0, self.weight_decay) if self.decoupled_weight_decay else (self.weight_decay, 0.0)
        moments = next_moments(decayed(gradient, x, coupled), state.moments, self.betas)
        state = RAdamState(moments, state.count + 1)
        direction = self._scale(state, x) * moments.mean / (1 - moments.power1)
        return decayed(direction, x, decoupled), state

    def _scale(self, state: RAdamState, x: Any) -> Any:
        """Return what the corrected mean is multiplied by: 1 while cold."""
        xp, most = namespace(x), 2 / (1 - self.betas[1]) - 1
        if most <= 5:
            return 1.0
        power, square = state.moments.power2, state.moments.square
        length = most - 2 * state.count * power / (1 - power)
        warm = length > 5
        known = xp.where(warm, length, 5.0 + 0 * length)
        rectified = xp.sqrt((known - 4) * (known - 2) * most / ((most - 4) * (most - 2) * known))
        return xp.where(warm, rectified * xp.sqrt(1 - power) / (xp.sqrt(square) + self.eps), 1 + 0 * square)
