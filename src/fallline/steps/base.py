"""What a step rule is: given a direction, it tries points along it and says how far to go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Evaluate", "Point", "StepRule", "Taken"]


class Point(NamedTuple):
    """A place with its cost and gradient: `x` and `gradient` of shape (d,), `fun` a scalar."""

    x: Any
    fun: Any
    gradient: Any


class Evaluate(NamedTuple):
    """The objective, as a step rule may ask it: the cost alone, or the point with cost and gradient."""

    cost: Callable[[Any], Any]
    point: Callable[[Any], Point]


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
