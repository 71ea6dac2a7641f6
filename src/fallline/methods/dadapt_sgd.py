"""D-Adaptation for gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import RatedMethod
from fallline.methods.moments import decayed, zero
from fallline.methods.ranges import check_growth, check_not_negative, check_positive, check_share
from fallline.steps.base import Evaluate, Point

__all__ = ["DAdaptSGD", "DAdaptSGDState"]


class DAdaptSGDState(NamedTuple):
    """The start and the weighted sum of gradients, shape (d,), their products, the estimate d, the first slope."""

    start: Any
    sum: Any
    numerator: Any
    distance: Any
    slope: Any


@dataclass(frozen=True, kw_only=True)
class DAdaptSGD(RatedMethod):
    """Gradient descent whose rate is the distance from the start to the minimum over the first slope.

    With ``lam = d*rate/||g(start)||``: ``s = s + lam*g``, the estimate ``d = max(d, (||s||² - Σ lam²||g||²)/||s||)``,
    and ``x = momentum*x + (1-momentum)*(start - s)``.

    Parameters
    ----------
    momentum : float
        Share of `x` kept, in [0, 1).
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
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
    A. Defazio and K. Mishchenko, "Learning-rate-free learning by D-Adaptation", ICML 2023, algorithm 4; defaults of
    the authors' program. The numerator is kept as ``2 Σ lam g·s``, which it equals, to lose no digits.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda theta: theta**2, 3.0, method="dadapt-sgd")
    >>> result.success, abs(result.x) < 1e-4
    (True, True)
    """

    name: ClassVar[str] = "dadapt-sgd"
    default_rate: ClassVar[Any] = 1.0

    momentum: float = 0.0
    weight_decay: float = 0.0
    d0: float = 1e-6
    growth_rate: float = inf

    def __post_init__(self) -> None:
        check_share("momentum", self.momentum, "The parameters would never move. The usual one is 0.9.")
        check_not_negative(
            "weight_decay", self.weight_decay, "It pulls the parameters towards 0. With 0 there is none."
        )
        check_positive("d0", self.d0, "It is a distance to begin with. The usual one is 1e-6.")
        check_growth("growth_rate", self.growth_rate, "A distance must be able to grow. Try 1.02.")

    def init(self, x: Any) -> DAdaptSGDState:
        return DAdaptSGDState(x, namespace(x).zeros_like(x), zero(x), zero(x) + self.d0, zero(x))

    def move(self, here: Point, state: DAdaptSGDState, rate: Any, evaluate: Evaluate) -> tuple[Any, DAdaptSGDState]:
        xp = namespace(here.x)
        gradient = decayed(here.gradient, here.x, self.weight_decay)
        slope = xp.where(state.slope > 0, state.slope, xp.sqrt(xp.sum(gradient * gradient)))
        weight = state.distance * rate / xp.where(slope > 0, slope, 1 + 0 * slope)
        numerator = state.numerator + 2 * weight * xp.sum(gradient * state.sum)
        total = state.sum + weight * gradient
        length = xp.sqrt(xp.sum(total * total))
        estimate = xp.where(length > 0, numerator / xp.where(length > 0, length, 1 + 0 * length), 0 * length)
        distance = xp.maximum(state.distance, xp.minimum(estimate, state.distance * self.growth_rate))
        change = (1 - self.momentum) * (here.x - (state.start - total))
        return change, DAdaptSGDState(state.start, total, numerator, distance, slope)
