"""Rates that fall with the iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.errors import InputError
from fallline.schedules.base import Schedule, positive_rate

__all__ = ["ExponentialDecay", "InverseTimeDecay", "StepDecay"]


@dataclass(frozen=True)
class StepDecay(Schedule):
    """``rate * factor ** (k // every)``: the rate falls by `factor` after each `every` updates.

    Parameters
    ----------
    rate : float
        The first rate, positive.
    every : int
        Updates between falls, at least 1.
    factor : float
        In (0, 1].

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    Examples
    --------
    >>> [StepDecay(1.0, every=2, factor=0.5)(k) for k in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    rate: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        positive_rate("rate", self.rate)
        _check_factor(self.factor)
        if isinstance(self.every, bool) or not isinstance(self.every, int) or self.every < 1:
            raise InputError(f"every must be a whole number of at least 1; got {self.every!r}. It counts updates.")

    def __call__(self, k: Any) -> Any:
        return self.rate * self.factor ** (k // self.every)


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """``rate * factor ** k``.

    Parameters
    ----------
    rate : float
        The first rate, positive.
    factor : float
        In (0, 1].

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    Examples
    --------
    >>> [ExponentialDecay(1.0, factor=0.5)(k) for k in range(3)]
    [1.0, 0.5, 0.25]
    """

    rate: float
    factor: float

    def __post_init__(self) -> None:
        positive_rate("rate", self.rate)
        _check_factor(self.factor)

    def __call__(self, k: Any) -> Any:
        return self.rate * self.factor**k


@dataclass(frozen=True)
class InverseTimeDecay(Schedule):
    """``rate / (1 + decay * k)``: slow enough for the sum of rates to grow without end.

    Parameters
    ----------
    rate : float
        The first rate, positive.
    decay : float
        At least 0.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    H. Robbins and S. Monro, "A stochastic approximation method", 1951.

    Examples
    --------
    >>> [InverseTimeDecay(1.0, decay=1.0)(k) for k in range(3)]
    [1.0, 0.5, 0.3333333333333333]
    """

    rate: float
    decay: float

    def __post_init__(self) -> None:
        positive_rate("rate", self.rate)
        if not 0 <= self.decay < float("inf"):
            raise InputError(f"decay must be at least 0 and finite; got {self.decay!r}. The rate would not stay positive.")

    def __call__(self, k: Any) -> Any:
        return self.rate / (1 + self.decay * k)


def _check_factor(factor: float) -> None:
    if not 0 < factor <= 1:
        raise InputError(f"factor must be above 0 and at most 1; got {factor!r}. A rate that decays must stay positive.")
