"""AdamW: Adam with decoupled weight decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import Moments, check_adam, first_moments, next_moments

__all__ = ["AdamW"]


@dataclass(frozen=True, kw_only=True)
class AdamW(Method):
    """Adam whose pull towards zero is not scaled by the gradient's size: Adam's direction ``+ weight_decay * x``.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the averages kept, each in [0, 1).
    eps : float
        Added to the denominator, positive.
    weight_decay : float
        Share of `x` taken off at a step, in units of the learning rate.
    learning_rate : float, schedule, step rule or None
        About the length of a step in each parameter; None for 1e-3.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    Notes
    -----
    It settles where ``weight_decay * x`` balances Adam's direction, which is not the minimum of the cost.

    References
    ----------
    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2 with the decay times
    the learning rate, as in ``torch.optim.AdamW``.

    Examples
    --------
    >>> import fallline as fl
    >>> method = fl.methods.AdamW(weight_decay=0.1)
    >>> fl.minimize(lambda theta: theta**2, 3.0, method=method, learning_rate=0.5, max_iterations=1).trace.x.round(4)
    array([3.  , 2.35])
    """

    name: ClassVar[str] = "adamw"
    default_rate: ClassVar[Any] = 1e-3

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 1e-2

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, self.weight_decay)

    def init(self, x: Any) -> Moments:
        return first_moments(x)

    def update(self, gradient: Any, state: Moments, x: Any) -> tuple[Any, Moments]:
        state = next_moments(gradient, state, self.betas)
        size = namespace(x).sqrt(state.square / (1 - state.power2)) + self.eps
        return state.mean / (1 - state.power1) / size + self.weight_decay * x, state
