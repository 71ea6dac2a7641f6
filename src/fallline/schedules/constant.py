"""The same rate at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.arrays.namespace import namespace
from fallline.schedules.base import Schedule, positive_rate

__all__ = ["Constant", "PerParameter"]


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
        return self.rate if isinstance(k, int) else self.rate + namespace(k).zeros(k.shape)


@dataclass(frozen=True, eq=False)
class PerParameter(Schedule):
    """A rate for each parameter, the same at every step; what a tree of rates as ``learning_rate`` means.

    Parameters
    ----------
    rates : array, shape (d,)
        Positive, in the order of the flat parameters. Unlike every other schedule's, the answer has this shape.

    Examples
    --------
    >>> PerParameter(np.array([0.1, 0.2]))(25)
    array([0.1, 0.2])
    """

    rates: np.ndarray

    def __call__(self, k: Any) -> np.ndarray:
        return self.rates
