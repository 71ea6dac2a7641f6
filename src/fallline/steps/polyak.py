"""Polyak's rate, for a minimum that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.arrays.namespace import namespace
from fallline.steps.base import Evaluate, Point, StepRule, Taken
from fallline.steps.ranges import require

__all__ = ["Polyak"]


@dataclass(frozen=True, kw_only=True)
class Polyak(StepRule):
    """Step to where the tangent reaches the minimum: ``rate = (f(x) - minimum) / g·d``, at most `cap`.

    For gradient descent ``g·d`` is the squared norm of the gradient. The rate is 0 where the cost is at or below
    `minimum`, and where the direction does not go down.

    Parameters
    ----------
    minimum : float
        The least cost there is. Given too low, the run comes near but never settles; too high, it stops early.
    cap : float
        The highest rate, positive.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    B. Polyak, *Introduction to Optimization*, 1987, section 5.3; the cap is that of N. Loizou et al., "Stochastic
    Polyak step-size for SGD: an adaptive learning rate for fast convergence", 2021.

    Examples
    --------
    >>> import fallline as fl
    >>> rate = fl.steps.Polyak(minimum=0.0)
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="gd", learning_rate=rate, max_iterations=2).trace.x
    array([3.  , 1.5 , 0.75])
    """

    minimum: float = 0.0
    cap: float = float("inf")

    def __post_init__(self) -> None:
        finite = -float("inf") < self.minimum < float("inf")
        require(finite, "minimum", "a finite number", self.minimum, "It is the least cost. Give a known bound.")
        require(self.cap > 0, "cap", "positive", self.cap, "It is the highest rate. Leave it out for none.")

    def init(self, x: Any) -> tuple[()]:
        return ()

    def take(self, here: Point, direction: Any, evaluate: Evaluate, state: tuple[()]) -> Taken:
        xp = namespace(here.x)
        slope = xp.sum(here.gradient * direction)
        above = here.fun - self.minimum
        usable = (slope > 0) & (above > 0)
        rate = xp.where(usable, xp.minimum(above / xp.where(usable, slope, 1), self.cap + 0 * slope), 0 * slope)
        return Taken(rate, evaluate.point(evaluate.reach(here.x, direction, rate)), state, 1)
