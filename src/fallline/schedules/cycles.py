"""Rates that climb and fall again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.arrays.namespace import namespace
from fallline.errors import InputError
from fallline.schedules.base import Schedule, check_count, positive_rate
from fallline.schedules.cosine import between

__all__ = ["Cyclic", "OneCycle"]


@dataclass(frozen=True)
class Cyclic(Schedule):
    """Climb in equal steps from `low` to `high` and fall back, over and over.

    The rate is ``high - (high - low) * abs(1 - t/half_period)`` with ``t = k % (2 * half_period)``.

    Parameters
    ----------
    low, high : float
        The bounds, ``0 < low < high``.
    half_period : int
        Updates of a climb, and of a fall, at least 1.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    L. Smith, "Cyclical learning rates for training neural networks", 2017, section 3.1; conventions of
    ``torch.optim.lr_scheduler.CyclicLR`` with its mode "triangular".

    Examples
    --------
    >>> import numpy as np
    >>> Cyclic(0.1, 0.5, half_period=2)(np.arange(6))
    array([0.1, 0.3, 0.5, 0.3, 0.1, 0.3])
    """

    low: float
    high: float
    half_period: int

    def __post_init__(self) -> None:
        positive_rate("low", self.low)
        positive_rate("high", self.high)
        check_count("half_period", self.half_period)
        if not self.low < self.high:
            raise InputError(
                f"high must be above low; got {self.high!r}, with {self.low!r} as low. The rate moves between them. "
                "Exchange the two, or give a number for a rate that stays."
            )

    def __call__(self, k: Any) -> Any:
        away = abs(1 - k % (2 * self.half_period) / self.half_period)
        return self.high - (self.high - self.low) * away


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Climb along half a cosine to `peak`, then fall along another to almost nothing, once.

    The climb starts at ``peak / div_factor`` and takes ``pct_start * steps - 1`` updates; the fall ends at
    ``peak / (div_factor * final_div_factor)`` at update ``steps - 1``, and the rate stays there.

    Parameters
    ----------
    peak : float
        The highest rate, positive.
    steps : int
        Updates of the run; ``pct_start * steps`` must be above 1.
    pct_start : float
        Share of the updates spent on the climb, in (0, 1).
    div_factor, final_div_factor : float
        How far the start lies below the peak, and the end below the start; at least 1.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    L. Smith and N. Topin, "Super-convergence: very fast training of neural networks using large learning rates", 2018;
    conventions of ``torch.optim.lr_scheduler.OneCycleLR``, which refuses to go past the end.

    Examples
    --------
    >>> import numpy as np
    >>> OneCycle(1.0, steps=10)(np.arange(11)).round(3)
    array([0.04 , 0.52 , 1.   , 0.95 , 0.812, 0.611, 0.389, 0.188, 0.05 , 0.   ,
           0.   ])
    """

    peak: float
    steps: int
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    def __post_init__(self) -> None:
        positive_rate("peak", self.peak)
        check_count("steps", self.steps)
        if not 0 < self.pct_start < 1:
            raise InputError(
                f"pct_start must be above 0 and below 1; got {self.pct_start!r}. It is a share of the steps."
            )
        if not self.pct_start * self.steps > 1:
            raise InputError(
                f"steps must be above 1/pct_start = {1 / self.pct_start:.6g}; got {self.steps!r}. The climb to "
                "the peak would take no step. Give more steps or a larger pct_start."
            )
        for name in ("div_factor", "final_div_factor"):
            if not 1 <= getattr(self, name) < float("inf"):
                raise InputError(
                    f"{name} must be at least 1 and finite; got {getattr(self, name)!r}. It divides the peak."
                )

    def __call__(self, k: Any) -> Any:
        xp = namespace(k)
        start = self.peak / self.div_factor
        top, last = self.pct_start * self.steps - 1, self.steps - 1
        climb = between(start, self.peak, xp.minimum(k, top) / top)
        fall = between(self.peak, start / self.final_div_factor, (xp.clip(k, top, last) - top) / (last - top))
        return xp.where(k <= top, climb, fall)[()]
