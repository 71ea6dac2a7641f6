"""AdaBelief: Adam that scales by surprise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import Moments, check_adam, first_moments

__all__ = ["AdaBelief"]


@dataclass(frozen=True, kw_only=True)
class AdaBelief(Method):
    """Scale every parameter by how far its gradients stray from their average: large steps where they agree.

    ``m = beta1*m + (1-beta1)*g``, ``s = beta2*s + (1-beta2)*(g-m)² + eps``, and the direction is
    ``m/(1-beta1ᵗ) / (sqrt(s/(1-beta2ᵗ)) + eps)``.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the averages kept, each in [0, 1).
    eps : float
        Added to the average square and to the denominator, positive.
    learning_rate : float, schedule, step rule or None
        About the length of a step in each parameter; None for 1e-3.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    J. Zhuang et al., "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients", NeurIPS 2020,
    algorithm 2; `eps` is that of the authors' program and of ``optax.adabelief``, not the paper's 1e-8.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t**2, 3.0, method="adabelief", learning_rate=0.1, max_iterations=2).trace.x.round(4)
    array([3.    , 2.8889, 2.7722])
    """

    name: ClassVar[str] = "adabelief"
    default_rate: ClassVar[Any] = 1e-3

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-16

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, 0.0)

    def init(self, x: Any) -> Moments:
        return first_moments(x)

    def update(self, gradient: Any, state: Moments, x: Any) -> tuple[Any, Moments]:
        beta1, beta2 = self.betas
        mean = beta1 * state.mean + (1 - beta1) * gradient
        surprise = gradient - mean
        square = beta2 * state.square + (1 - beta2) * surprise * surprise + self.eps
        state = Moments(mean, square, beta1 * state.power1, beta2 * state.power2)
        size = namespace(x).sqrt(square / (1 - state.power2)) + self.eps
        return mean / (1 - state.power1) / size, state
