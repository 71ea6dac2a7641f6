"""Rates that fall with the iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.arrays.namespace import namespace
from fallline.errors import InputError
from fallline.schedules.base import Schedule, check_count, check_share, positive_rate

__all__ = ["ExponentialDecay", "InverseSqrt", "InverseTimeDecay", "PolynomialDecay", "StepDecay"]

STAYS = "A rate that decays must stay positive."


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
        check_share("factor", self.factor, STAYS)
        check_count("every", self.every)

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
        check_share("factor", self.factor, STAYS)

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
        _check_decay(self.decay)

    def __call__(self, k: Any) -> Any:
        return self.rate / (1 + self.decay * k)


@dataclass(frozen=True)
class InverseSqrt(Schedule):
    """``rate / sqrt(1 + decay * k)``: the rate of averaged stochastic descent without strong convexity.

    Parameters
    ----------
    rate : float
        The first rate, positive.
    decay : float
        At least 0. With 1 the rates are ``rate / sqrt(t)`` for t = 1, 2, ….

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    M. Zinkevich, "Online convex programming and generalized infinitesimal gradient ascent", 2003, theorem 1.

    Examples
    --------
    >>> import numpy as np
    >>> InverseSqrt(1.0)(np.array([0, 3, 8])).round(4)
    array([1.    , 0.5   , 0.3333])
    """

    rate: float
    decay: float = 1.0

    def __post_init__(self) -> None:
        positive_rate("rate", self.rate)
        _check_decay(self.decay)

    def __call__(self, k: Any) -> Any:
        return self.rate / (1 + self.decay * k) ** 0.5


@dataclass(frozen=True)
class PolynomialDecay(Schedule):
    """``end + (rate - end) * (1 - k/steps) ** power`` for `steps` updates, then `end`.

    Parameters
    ----------
    rate : float
        The first rate, positive.
    steps : int
        Updates until the end is reached, at least 1.
    end : float
        The rate that is kept from then on, at least 0. With 0 the run stands still there.
    power : float
        Positive; 1 falls along a line.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    Conventions of ``torch.optim.lr_scheduler.PolynomialLR``, which always ends at 0.

    Examples
    --------
    >>> import numpy as np
    >>> PolynomialDecay(1.0, steps=4, end=0.2)(np.arange(6)).round(4)
    array([1. , 0.8, 0.6, 0.4, 0.2, 0.2])
    """

    rate: float
    steps: int
    end: float = 0.0
    power: float = 1.0

    def __post_init__(self) -> None:
        positive_rate("rate", self.rate)
        check_count("steps", self.steps)
        check_end(self.end, self.rate)
        if not 0 < self.power < float("inf"):
            raise InputError(f"power must be positive and finite; got {self.power!r}. The rate would not fall. Try 1.")

    def __call__(self, k: Any) -> Any:
        left = 1 - namespace(k).clip(k, 0, self.steps) / self.steps
        return self.end + (self.rate - self.end) * left**self.power


def check_end(end: Any, rate: float) -> None:
    """Refuse a last rate that is negative or above the first."""
    if not 0 <= end <= rate:
        raise InputError(
            f"end must be at least 0 and at most rate; got {end!r}, with {rate!r} as the rate. A rate that decays "
            "cannot end above its start. Give a smaller end."
        )


def _check_decay(decay: Any) -> None:
    if not 0 <= decay < float("inf"):
        raise InputError(f"decay must be at least 0 and finite; got {decay!r}. {STAYS} Try 0.01.")
