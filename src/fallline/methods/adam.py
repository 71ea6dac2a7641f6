"""Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method, require

__all__ = ["Adam", "AdamState"]


class AdamState(NamedTuple):
    """Moving averages of the gradient and of its square, shape (d,), and the powers of the two betas."""

    mean: Any
    square: Any
    power1: Any
    power2: Any


@dataclass(frozen=True, kw_only=True)
class Adam(Method):
    """Scale every parameter by its gradient's recent size.

    With t = 1, 2, …: ``m = beta1*m + (1-beta1)*g``, ``v = beta2*v + (1-beta2)*g²``, and the direction is
    ``m/(1-beta1ᵗ) / (sqrt(v/(1-beta2ᵗ)) + eps)``.

    Parameters
    ----------
    betas : pair of float
        Shares of the averages kept, each in [0, 1).
    eps : float
        Added to the denominator, positive.
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

    def __post_init__(self) -> None:
        for beta in self.betas:
            require(0 <= beta < 1, "betas", "two numbers, each at least 0 and below 1", self.betas, "An average must fade.")
        require(self.eps > 0, "eps", "above 0", self.eps, "It keeps the step finite where the gradient is zero.")

    def init(self, x: Any) -> AdamState:
        zeros = namespace(x).zeros_like(x)
        one = 0 * zeros[0] + 1
        return AdamState(zeros, zeros, one, one)

    def update(self, gradient: Any, state: AdamState, x: Any) -> tuple[Any, AdamState]:
        beta1, beta2 = self.betas
        mean = beta1 * state.mean + (1 - beta1) * gradient
        square = beta2 * state.square + (1 - beta2) * gradient * gradient
        power1, power2 = beta1 * state.power1, beta2 * state.power2
        direction = mean / (1 - power1) / (namespace(x).sqrt(square / (1 - power2)) + self.eps)
        return direction, AdamState(mean, square, power1, power2)
