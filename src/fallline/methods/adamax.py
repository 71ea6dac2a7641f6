"""AdaMax: Adam in the maximum norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import check_adam, decayed, zero

__all__ = ["AdaMax", "AdaMaxState"]


class AdaMaxState(NamedTuple):
    """The gradient's moving average and its fading largest size, shape (d,), and the power of the first beta."""

    mean: Any
    largest: Any
    power1: Any


@dataclass(frozen=True, kw_only=True)
class AdaMax(Method):
    """Scale every parameter by its gradient's largest recent size.

    ``m = beta1*m + (1-beta1)*g``, ``u = max(beta2*u, |g| + eps)``, and the direction is ``m/(1-beta1ᵗ) / u``.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the average and of the largest size kept, each in [0, 1).
    eps : float
        Added to the gradient's size, positive.
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    learning_rate : float, schedule, step rule or None
        About the length of a step in each parameter; None for 2e-3.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 2, which has no `eps`;
    conventions of ``torch.optim.Adamax``.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="adamax", learning_rate=0.5, max_iterations=2).trace.x.round(4)
    array([3.    , 2.5   , 2.0434])
    """

    name: ClassVar[str] = "adamax"
    default_rate: ClassVar[Any] = 2e-3

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, self.weight_decay)

    def init(self, x: Any) -> AdaMaxState:
        zeros = namespace(x).zeros_like(x)
        return AdaMaxState(zeros, zeros, zero(x) + 1)

    def update(self, gradient: Any, state: AdaMaxState, x: Any) -> tuple[Any, AdaMaxState]:
        xp, (beta1, beta2) = namespace(x), self.betas
        gradient = decayed(gradient, x, self.weight_decay)
        mean = beta1 * state.mean + (1 - beta1) * gradient
        largest = xp.maximum(beta2 * state.largest, xp.abs(gradient) + self.eps)
        power1 = beta1 * state.power1
        return mean / (1 - power1) / largest, AdaMaxState(mean, largest, power1)
