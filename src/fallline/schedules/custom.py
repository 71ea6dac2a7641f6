"""A schedule that is any function of the user's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.errors import InputTypeError, shown
from fallline.schedules.base import Schedule
from fallline.schedules.constant import Constant

__all__ = ["Custom", "as_schedule"]


@dataclass(frozen=True)
class Custom(Schedule):
    """Any Python function of the iteration; what a function as ``learning_rate`` means.

    The function is called with a Python integer, in Python, a block of iterations ahead of the compiled steps: it may
    hold an ``if``, and must answer the same each time that it is asked.

    Parameters
    ----------
    function : callable
        ``function(k)`` returns the rate of update `k`, a finite number that is not negative; the first is 0.

    Raises
    ------
    InputTypeError
        Where it is no function, or what it returns is no number.

    Examples
    --------
    >>> Custom(lambda k: 0.1 if k < 2 else 0.01)(np.arange(4))
    array([0.1 , 0.1 , 0.01, 0.01])
    """

    function: Any

    def __post_init__(self) -> None:
        if not callable(self.function) or isinstance(self.function, type):
            raise InputTypeError(
                f"learning_rate must be a number, a schedule, a step rule or a function of the iteration; "
                f"got {shown(self.function)} ({type(self.function).__name__}). Write 0.1, lambda k: 0.1 / (1 + k), "
                "fallline.schedules.InverseTimeDecay(0.1, 0.01) or fallline.steps.Backtracking()."
            )

    def __call__(self, k: Any) -> Any:
        if not isinstance(k, np.ndarray):
            return self._rate(int(k))
        return np.array([self._rate(int(each)) for each in k.ravel()], dtype=np.float64).reshape(k.shape)

    def _rate(self, k: int) -> float:
        rate = self.function(k)
        try:
            return float(rate)
        except (TypeError, ValueError):
            raise InputTypeError(
                f"learning_rate must return a number for each iteration; got {shown(rate)} at iteration {k}. "
                "It scales the step. Return one number, or give the method a tree of numbers."
            ) from None


def as_schedule(rate: Any) -> Schedule:
    """Return a schedule from a number, a schedule or a function of the iteration.

    Raises
    ------
    InputError, InputTypeError
        Where it is none of these.

    Examples
    --------
    >>> as_schedule(0.1)
    Constant(rate=0.1)
    """
    if isinstance(rate, Schedule):
        return rate
    if isinstance(rate, (int, float)) and not isinstance(rate, bool):
        return Constant(float(rate))
    return Custom(rate)
