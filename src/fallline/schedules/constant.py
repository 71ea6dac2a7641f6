"""The same rate at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.schedules.base import Schedule, positive_rate

__all__ = ["Constant"]


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate at every step; what a plain number as ``learning_rate`` means.

    Parameters
    ----------
    rate : float
        Positive.

    Raises
    ------
    InputError
        Where `rate` is not positive and finite.

    Examples
    --------
    >>> Constant(0.1)(25)
    0.1
    """

    rate: float

    def __post_init__(self) -> None:
        positive_rate("learning_rate", self.rate)

    def __call__(self, k: Any) -> Any:
        return self.rate
