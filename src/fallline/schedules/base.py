"""What a schedule is: a learning rate for every iteration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isfinite
from typing import Any

from fallline.errors import InputError

__all__ = ["Schedule", "positive_rate"]


@dataclass(frozen=True)
class Schedule(ABC):
    """A learning rate that is a function of the iteration alone."""

    @abstractmethod
    def __call__(self, k: Any) -> Any:
        """Return the rate of update `k`; the first is 0. `k` may be an integer being compiled."""


def positive_rate(name: str, rate: Any) -> None:
    """Refuse a rate that is not a positive, finite number."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not isfinite(rate) or rate <= 0:
        raise InputError(
            f"{name} must be a positive, finite number; got {rate!r}. Each step is the rate times the direction. "
            "Try 0.1, or leave learning_rate out and fallline finds one."
        )
