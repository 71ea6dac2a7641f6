"""Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import Moments, check_adam, decayed, first_moments, next_moments

__all__ = ["Adam"]


@dataclass(frozen=True, kw_only=True)
class Adam(Method):
    """Scale every parameter by its gradient's recent size.

    With t = 1, 2, …: ``m = beta1*m + (1-beta1)*g``, ``v = beta2*v + (1-beta2)*g²``, and the direction is
    ``m/(1-beta1ᵗ) / (sqrt(v/(1-beta2ᵗ)) + eps)``.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the averages kept, each in [0, 1).
    eps : float
        Added to the denominator, positive.
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    learning_rate : float, schedule, step rule or None
        About the length of a step in each parameter; None for 1e-3.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; conventions of
    ``torch.optim.Adam``.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="adam", learning_rate=0.5, max_iterations=2).trace.x.round(4)
    array([3.    , 2.5   , 2.0044])
    """

    name: ClassVar[str] = "adam"
    default_rate: ClassVar[Any] = 1e-3

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, self.weight_decay)

    def init(self, x: Any) -> Moments:
        return first_moments(x)

    def update(self, gradient: Any, state: Moments, x: Any) -> tuple[Any, Moments]:
        state = next_moments(decayed(gradient, x, self.weight_decay), state, self.betas)
        size = namespace(x).sqrt(state.square / (1 - state.power2)) + self.eps
        return state.mean / (1 - state.power1) / size, state
