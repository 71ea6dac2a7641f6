"""A line search for the strong Wolfe conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from fallline.arrays.namespace import namespace, while_loop
from fallline.errors import InputError
from fallline.steps.base import Evaluate, Point, StepRule, Taken

__all__ = ["StrongWolfe"]


class _Search(NamedTuple):
    """The bracket: `low` is the best rate that fell enough and still slopes down; `high` is past the minimum.

    Each is (rate, cost, slope); `best` is the point at `low`, or the one accepted.
    """

    low: tuple[Any, Any, Any]
    high: tuple[Any, Any, Any]
    best: Point
    rate: Any
    ended: Any
    trials: Any


STRONG = 8
"""Trials that insist on the strong condition; a smooth function hardly ever takes so many."""


@dataclass(frozen=True, kw_only=True)
class StrongWolfe(StepRule):
    """Search along the line, from a rate of 1, until the cost fell enough and the slope has flattened.

    Accepts a rate t with ``f(t) <= f(0) + c1*t*f'(0)`` and ``|f'(t)| <= c2*|f'(0)|``; near the minimum, where the
    first is lost in rounding, also the approximate form ``(2*c1 - 1)*f'(0) >= f'(t) >= c2*f'(0)`` as long as the
    cost has not risen by more than rounding. Trial rates come from cubic interpolation, kept inside the bracket. After
    eight trials, as at a corner of the function, ``f'(t) >= c2*f'(0)`` is enough of the slope.

    Parameters
    ----------
    c1, c2 : float
        Shares of fall and slope, ``0 < c1 < c2 < 1``.
    max_trials : int
        Evaluations a step may take; the best one that fell enough is taken then.
    noise : float
        By how much the cost may be off, at least 0: a rise of up to twice that is forgiven.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2006, section 3.5; the approximate condition is from
    W. Hager and H. Zhang, "A new conjugate gradient method with guaranteed descent", 2005, (4.1).

    Examples
    --------
    >>> import fallline as fl
    >>> rule = fl.steps.StrongWolfe(c2=0.1)
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="gd", learning_rate=rule).nit
    1
    """

    c1: float = 1e-4
    c2: float = 0.9
    max_trials: int = 40
    noise: float = field(default=0.0, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.c1 < self.c2 < 1:
            raise InputError(f"c1 and c2 must obey 0 < c1 < c2 < 1; got {self.c1!r} and {self.c2!r}. No rate would do.")
        if self.max_trials < 1:
            raise InputError(f"max_trials must be at least 1; got {self.max_trials!r}. A step needs one evaluation.")
        if not 0 <= self.noise < float("inf"):
            raise InputError(f"noise must be finite and at least 0; got {self.noise!r}. It is an error of the cost.")

    def init(self, x: Any) -> Any:
        return 0 * x[0] + 1

    def take(self, here: Point, direction: Any, evaluate: Evaluate, state: Any) -> Taken:
        xp = namespace(here.x)
        slope = -xp.sum(here.gradient * direction)
        zero = 0 * slope
        # rounding of the cost, and of the parameters themselves
        rounding = xp.finfo(here.x.dtype).eps * (4 * xp.abs(here.fun) + xp.sum(xp.abs(here.x * here.gradient)))
        noise = rounding + 2 * self.noise

        def going(search: _Search) -> Any:
            return ~search.ended & (search.trials < self.max_trials)

        def attempt(search: _Search) -> _Search:
            trial = evaluate.point(here.x - search.rate * direction)
            return self._judge(search, trial, -xp.sum(trial.gradient * direction), here, slope, noise)

        # the state is the slope of the last search where it found nothing: there the same one would find nothing again
        vain = (slope >= 0) | (slope == state)
        low, high = (zero, here.fun, slope), (zero + float("inf"), here.fun, zero)
        start = _Search(low, high, here, zero + 1, vain, 0 * xp.sum(here.x != here.x))
        end = while_loop(going, attempt, start, here.x)
        found = end.low[0] > 0
        return Taken(end.low[0], end.best, xp.where(found, zero + 1, slope), end.trials)

    def _judge(self, s: _Search, trial: Point, trial_slope: Any, here: Point, slope: Any, noise: Any) -> _Search:
        # comparisons with what is not a number are false: such a trial is neither taken nor walked on from
        xp = namespace(trial.x)
        fell = trial.fun <= here.fun + self.c1 * s.rate * slope
        nearly = trial.fun <= here.fun + noise
        flat = xp.abs(trial_slope) <= -self.c2 * slope
        approximate = (trial_slope <= (2 * self.c1 - 1) * slope) & (trial_slope >= self.c2 * slope)
        # across a corner no slope is small: there a lower point beyond it will do
        weak = (s.trials >= STRONG) & fell & (trial_slope >= self.c2 * slope)
        accepted = (fell & flat) | (nearly & approximate) | weak
        if xp is np and accepted:  # no bracket is left to narrow; a search that is being compiled cannot branch here
            return _Search((s.rate, trial.fun, trial_slope), s.high, trial, s.rate, accepted, s.trials + 1)
        ahead = accepted | ((fell | nearly) & (trial_slope < 0) & (trial.fun <= s.low[1] + noise))
        tried = (s.rate, trial.fun, trial_slope)
        low, high = _pick(xp, ahead, tried, s.low), _pick(xp, ahead, s.high, tried)
        best = Point(*_pick(xp, ahead, trial, s.best))
        # what is left of the bracket is too level, or too narrow, for a cost that differs
        spent = (low[2] * (low[0] - high[0]) <= noise / 8) | ~xp.any(trial.x != here.x)
        following = _next_rate(xp, low, high, s.low, _unit_for(xp, slope))
        return _Search(low, high, best, following, accepted | spent, s.trials + 1)


def _pick(xp: Any, condition: Any, yes: tuple[Any, ...], no: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(xp.where(condition, a, b) for a, b in zip(yes, no, strict=True))


def _unit_for(xp: Any, slope: Any) -> Any:
    """Return the unit to reckon a line's costs in: 1, but where the squares of its slopes would not be finite."""
    size, most = xp.abs(slope), xp.finfo(slope.dtype).max ** 0.3
    extreme = (size > 0) & ((size > most) | (size < 1 / most))
    return xp.where(extreme, 1 / xp.where(extreme, size, 1), 0 * size + 1)


def _next_rate(xp: Any, low: tuple[Any, ...], high: tuple[Any, ...], before: tuple[Any, ...], unit: Any) -> Any:
    """Return the next rate: inside the bracket where there is one, further out otherwise.

    It is where the cubic through two rates, their costs and slopes has its minimum (Nocedal & Wright, eq. 3.59); costs
    and slopes are reckoned times `unit`.
    """
    outwards = ~xp.isfinite(high[0])
    a, b = _pick(xp, outwards, before, low), _pick(xp, outwards, low, high)
    width = b[0] - a[0]
    d1 = unit * (a[2] + b[2] - 3 * (b[1] - a[1]) / width)
    slope_a, slope_b = unit * a[2], unit * b[2]
    inner = d1 * d1 - slope_a * slope_b
    d2 = xp.sqrt(xp.where(inner > 0, inner, 0))
    bottom = slope_b - slope_a + 2 * d2
    share = 1 - (slope_b + d2 - d1) / xp.where(bottom != 0, bottom, 1)
    # a cost that is not finite, or too large to reckon with, tells nothing but to stay far from it
    otherwise = xp.where(outwards, 10, xp.where(xp.isfinite(inner), 0.5, 0.1))
    good = (inner >= 0) & (bottom != 0) & ((share > 1) | ~outwards) & xp.isfinite(share)
    bounded = xp.minimum(xp.maximum(share, xp.where(outwards, 2, 0.1)), xp.where(outwards, 10, 0.9))
    return a[0] + width * xp.where(good, bounded, otherwise)
