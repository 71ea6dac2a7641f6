"""What a step rule is: given a direction, it tries points along it and says how far to go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.penalties.base import Penalty

__all__ = ["Evaluate", "Point", "StepRule", "Taken"]


class Point(NamedTuple):
    """A place with its cost and gradient: `x` and `gradient` of shape (d,), `fun` a scalar."""

    x: Any
    fun: Any
    gradient: Any


class Evaluate(NamedTuple):
    """The objective, as a step rule may ask it: the cost alone, or the point with cost and gradient.

    Where there is a penalty, the cost includes it; the gradient is that of the smooth part.
    """

    cost: Callable[[Any], Any]
    point: Callable[[Any], Point]
    penalty: Penalty | None = None

    def reach(self, x: Any, direction: Any, rate: Any) -> Any:
        """Return where the step ``x - rate * direction`` leads, through the penalty's proximal map."""
        there = x - rate * direction
        return there if self.penalty is None else self.penalty.prox(there, rate)

    def fall(self, x: Any, there: Any, rate: Any, slope: Any) -> Any:
        """Return how far the cost should fall on the way: ``rate * slope``, or of a proximal step its equal.

        `slope` is the gradient times the direction. See A. Beck, *First-Order Methods in Optimization*, 2017,
        section 10.3.3.
        """
        if self.penalty is None:
            return rate * slope
        xp, moved = namespace(x), x - there
        return xp.sum(moved * moved) / xp.where(rate > 0, rate, 1)

    def leads_down(self, slope: Any) -> Any:
        """Tell whether a step goes down at first, gradient times direction being `slope`; a proximal one does."""
        return slope > (0 if self.penalty is None else -float("inf"))

    def slope(self, point: Point) -> Any:
        """Return the gradient at a point, or of a penalised cost the vector that is zero where the point is optimal."""
        return point.gradient if self.penalty is None else self.penalty.slope(point.x, point.gradient)


class Taken(NamedTuple):
    """A step taken: its rate, where it led, the rule's next state, and the evaluations it took."""

    rate: Any
    point: Point
    state: Any
    evaluations: Any


@dataclass(frozen=True, kw_only=True)
class StepRule(ABC):
    """A learning rate measured at every step."""

    @abstractmethod
    def init(self, x: Any) -> Any:
        """Return the first state for parameters like `x`, shape (d,)."""

    @abstractmethod
    def take(self, here: Point, direction: Any, evaluate: Evaluate, state: Any) -> Taken:
        """Take the step ``x - rate * direction`` for the rate found; a rate of 0 means that none was."""
