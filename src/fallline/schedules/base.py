"""What a schedule is: a learning rate for every iteration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from fallline.errors import InputError

__all__ = ["MeasuredSchedule", "Schedule", "check_count", "check_share", "positive_rate"]


@dataclass(frozen=True)
class Schedule(ABC):
    """A learning rate that is a function of the iteration alone."""

    @abstractmethod
    def __call__(self, k: Any) -> Any:
        """Return the rate of update `k`; the first is 0.

        `k` is a whole number or an array of them, NumPy's or JAX's; the answer has its shape.
        """


@dataclass(frozen=True)
class MeasuredSchedule(ABC):
    """A learning rate that follows a schedule and looks at the cost besides."""

    @property
    @abstractmethod
    def base(self) -> Schedule:
        """The schedule that it follows."""

    @abstractmethod
    def init(self, x: Any) -> Any:
        """Return the first state for parameters like `x`, shape (d,)."""

    @abstractmethod
    def follow(self, rate: Any, fun: Any, state: Any) -> tuple[Any, Any]:
        """Return the rate of an update and the next state.

        `rate` is the schedule's, and `fun` the cost at the point that the update leaves.
        """


def positive_rate(name: str, rate: Any) -> None:
    """Refuse a rate that is not a positive, finite number."""
    if type(rate) is float and 0 < rate < inf:  # as most are
        return
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not isfinite(rate) or rate <= 0:
        raise InputError(
            f"{name} must be a positive, finite number; got {rate!r}. Each step is the rate times the direction. "
            "Try 0.1, or leave learning_rate out and fallline finds one."
        )


def check_count(name: str, count: Any, least: int = 1) -> None:
    """Refuse what is not a whole number of at least `least`."""
    if isinstance(count, bool) or not isinstance(count, int) or count < least:
        raise InputError(f"{name} must be a whole number of at least {least}; got {count!r}. It counts updates.")


def check_share(name: str, share: Any, why: str) -> None:
    """Refuse what is not above 0 and at most 1."""
    if not 0 < share <= 1:
        raise InputError(f"{name} must be above 0 and at most 1; got {share!r}. {why}")
