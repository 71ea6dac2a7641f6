"""Rates that fall along half a cosine."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any

from fallline.arrays.namespace import namespace
from fallline.schedules.base import Schedule, check_count, positive_rate
from fallline.schedules.decay import check_end

__all__ = ["CosineDecay", "CosineRestarts"]

LAST_START = 2**31


@dataclass(frozen=True)
class CosineDecay(Schedule):
    """``end + (rate - end) * (1 + cos(pi * k/steps)) / 2``: half a cosine from `rate` to `end`.

    Past `steps` the cosine goes on, as PyTorch's does, and the rate climbs back: give the length of the run.

    Parameters
    ----------
    rate : float
        The first rate, positive.
    steps : int
        Updates until the end is reached, at least 1.
    end : float
        The lowest rate, at least 0.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, eq. (5);
    conventions of ``torch.optim.lr_scheduler.CosineAnnealingLR``.

    Examples
    --------
    >>> import numpy as np
    >>> CosineDecay(1.0, steps=4)(np.arange(5)).round(4)
    array([1.    , 0.8536, 0.5   , 0.1464, 0.    ])
    """

    rate: float
    steps: int
    end: float = 0.0

    def __post_init__(self) -> None:
        positive_rate("rate", self.rate)
        check_count("steps", self.steps)
        check_end(self.end, self.rate)

    def __call__(self, k: Any) -> Any:
        return between(self.rate, self.end, k / self.steps)


@dataclass(frozen=True)
class CosineRestarts(Schedule):
    """Half a cosine from `rate` towards `end`, over and over, each `multiplier` times as long as the one before.

    In a fall of T updates, t of them done, the rate is ``end + (rate - end) * (1 + cos(pi * t/T)) / 2``; the first T is
    `period`.

    Parameters
    ----------
    rate : float
        The rate at every start, positive.
    period : int
        Updates in the first fall, at least 1.
    multiplier : int
        How much longer each fall is than the last, at least 1.
    end : float
        What a fall tends to, at least 0.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, eq. (5);
    conventions of ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts``.

    Examples
    --------
    >>> import numpy as np
    >>> CosineRestarts(1.0, period=2, multiplier=2)(np.arange(7)).round(4)
    array([1.    , 0.5   , 1.    , 0.8536, 0.5   , 0.1464, 1.    ])
    """

    rate: float
    period: int
    multiplier: int = 1
    end: float = 0.0

    def __post_init__(self) -> None:
        positive_rate("rate", self.rate)
        check_count("period", self.period)
        check_count("multiplier", self.multiplier)
        check_end(self.end, self.rate)

    def __call__(self, k: Any) -> Any:
        if self.multiplier == 1:
            return between(self.rate, self.end, k % self.period / self.period)
        xp = namespace(k)
        starts, length = [0], self.period
        while starts[-1] + length < LAST_START:
            starts.append(starts[-1] + length)
            length *= self.multiplier
        lengths = [self.period * self.multiplier**fall for fall in range(len(starts))]
        fall = xp.searchsorted(xp.asarray(starts), k, side="right") - 1
        share = (k - xp.asarray(starts)[fall]) / xp.asarray(lengths, dtype=float)[fall]
        return between(self.rate, self.end, share)


def between(start: float, end: float, share: Any) -> Any:
    """Return the point of half a cosine from `start` to `end` when a share of it, 0 to 1, is done."""
    return end + (start - end) * (1 + namespace(share).cos(pi * share)) / 2
