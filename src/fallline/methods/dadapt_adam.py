"""D-Adaptation for Adam."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import RatedMethod
from fallline.methods.moments import Moments, check_adam, first_moments, zero
from fallline.methods.ranges import check_growth, check_positive
from fallline.steps.base import Evaluate, Point

__all__ = ["DAdaptAdam", "DAdaptAdamState"]


class DAdaptAdamState(NamedTuple):
    """Adam's averages, the slower one of the weighted gradients, shape (d,), its products, and the estimate d."""

    moments: Moments
    sum: Any
    numerator: Any
    distance: Any


@dataclass(frozen=True, kw_only=True)
class DAdaptAdam(RatedMethod):
    """Adam whose learning rate is the distance from the start to the minimum, estimated as it goes.

    With ``lam = d*rate * sqrt(1-beta2ᵗ)/(1-beta1ᵗ)`` and ``q = sqrt(beta2)``:
    ``r = q*r + (1-q)*lam * g·(s/(sqrt(v) + eps))`` with the old s and v, ``m = beta1*m + (1-beta1)*lam*g``,
    ``v = beta2*v + (1-beta2)*g²``, ``s = q*s + (1-q)*lam*g``, ``d = max(d, r/((1-q)*||s||₁))``, and
    ``x = x - m/(sqrt(v) + eps) - lam*weight_decay*x``.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the averages kept, each in [0, 1).
    eps : float
        Added to the denominator, positive.
    weight_decay : float
        Share of `x` taken off at a step, in units of lam.
    d0 : float
        The first estimate, positive.
    growth_rate : float
        The most that d may grow at a step, above 1; infinite for no bound.
    learning_rate : float or schedule
        Scales the estimate; None for 1.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    A. Defazio and K. Mishchenko, "Learning-rate-free learning by D-Adaptation", ICML 2023, algorithm 5; the
    correction of bias, which the paper has not, is that of ``optax.contrib.dadapt_adamw``.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda theta: theta**2, 3.0, method="dadapt-adam")
    >>> result.success, abs(result.x) < 1e-4
    (True, True)
    """

    name: ClassVar[str] = "dadapt-adam"
    default_rate: ClassVar[Any] = 1.0

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    d0: float = 1e-6
    growth_rate: float = inf

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, self.weight_decay)
        check_positive("d0", self.d0, "It is a distance to begin with. The usual one is 1e-6.")
        check_growth("growth_rate", self.growth_rate, "A distance must be able to grow. Try 1.02.")

    def init(self, x: Any) -> DAdaptAdamState:
        return DAdaptAdamState(first_moments(x), namespace(x).zeros_like(x), zero(x), zero(x) + self.d0)

    def move(self, here: Point, state: DAdaptAdamState, rate: Any, evaluate: Evaluate) -> tuple[Any, DAdaptAdamState]:
        xp, (beta1, beta2), gradient, before = namespace(here.x), self.betas, here.gradient, state.moments
        power1, power2, keep = beta1 * before.power1, beta2 * before.power2, sqrt(beta2)
        weight = state.distance * rate * xp.sqrt(1 - power2) / (1 - power1)
        product = xp.sum(gradient * state.sum / (xp.sqrt(before.square) + self.eps))
        numerator = keep * state.numerator + (1 - keep) * weight * product
        mean = beta1 * before.mean + (1 - beta1) * weight * gradient
        square = beta2 * before.square + (1 - beta2) * gradient * gradient
        total = keep * state.sum + (1 - keep) * weight * gradient
        size = (1 - keep) * xp.sum(xp.abs(total))
        estimate = xp.where(size > 0, numerator / xp.where(size > 0, size, 1 + 0 * size), 0 * size)
        distance = xp.maximum(state.distance, xp.minimum(estimate, state.distance * self.growth_rate))
        change = mean / (xp.sqrt(square) + self.eps) + weight * self.weight_decay * here.x
        moments = Moments(mean, square, power1, power2)
        return change, DAdaptAdamState(moments, total, numerator, distance)
