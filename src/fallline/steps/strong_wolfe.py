"""A line search for the strong Wolfe conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace, while_loop
from fallline.errors import InputError
from fallline.steps.base import Evaluate, Point, StepRule, Taken

__all__ = ["StrongWolfe"]


class _Search(NamedTuple):
    """The bracket: `low` is the best rate that fell enough and still slopes down; `high` is past the minimum."""

    low: Any
    low_fun: Any
    low_slope: Any
    high: Any
    high_fun: Any
    high_slope: Any
    rate: Any
    trial: Point
    best: Point
    accepted: Any
    trials: Any


@dataclass(frozen=True, kw_only=True)
class StrongWolfe(StepRule):
    """Search along the line, from a rate of 1, until the cost fell enough and the slope has flattened.

    Accepts a rate t with ``f(t) <= f(0) + c1*t*f'(0)`` and ``|f'(t)| <= c2*|f'(0)|``; near the minimum, where the
    first is lost in rounding, also the approximate form ``(2*c1 - 1)*f'(0) >= f'(t) >= c2*f'(0)`` as long as the
    cost has not risen by more than rounding. Trial rates come from cubic interpolation, kept inside the bracket.

    Parameters
    ----------
    c1, c2 : float
        Shares of fall and slope, ``0 < c1 < c2 < 1``.
    max_trials : int
        Evaluations a step may take; the best one that fell enough is taken then.

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

    def __post_init__(self) -> None:
        if not 0 < self.c1 < self.c2 < 1:
            raise InputError(f"c1 and c2 must obey 0 < c1 < c2 < 1; got {self.c1!r} and {self.c2!r}. No rate would do.")
        if self.max_trials < 1:
            raise InputError(f"max_trials must be at least 1; got {self.max_trials!r}. A step needs one evaluation.")

    def init(self, x: Any) -> tuple[()]:
        return ()

    def take(self, here: Point, direction: Any, evaluate: Evaluate, state: tuple[()]) -> Taken:
        xp = namespace(here.x)
        slope = -xp.sum(here.gradient * direction)
        noise = 4 * xp.finfo(here.x.dtype).eps * xp.abs(here.fun)

        def going(search: _Search) -> Any:
            return ~search.accepted & (search.trials < self.max_trials)

        def attempt(search: _Search) -> _Search:
            trial = evaluate.point(here.x - search.rate * direction)
            return self._judge(search, trial, -xp.sum(trial.gradient * direction), here.fun, slope, noise)

        zero = 0 * slope
        infinity, none = zero + float("inf"), 0 * xp.sum(here.x != here.x)
        start = _Search(
            zero, here.fun, slope, infinity, here.fun, zero, zero + 1, here, here, slope >= 0, none
        )  # fmt: skip
        end = while_loop(going, attempt, start, here.x)
        rate = xp.where(end.accepted & (end.trials > 0), end.rate, end.low)
        point = Point(*(xp.where(end.accepted, a, b) for a, b in zip(end.trial, end.best, strict=True)))
        return Taken(rate, point, state, end.trials)

    def _judge(self, s: _Search, trial: Point, trial_slope: Any, fun: Any, slope: Any, noise: Any) -> _Search:
        xp = namespace(trial.x)
        finite = xp.isfinite(trial.fun) & xp.isfinite(trial_slope)
        fell = finite & (trial.fun <= fun + self.c1 * s.rate * slope)
        nearly = finite & (trial.fun <= fun + noise)
        flat = xp.abs(trial_slope) <= -self.c2 * slope
        approximate = nearly & (trial_slope <= (2 * self.c1 - 1) * slope) & (trial_slope >= self.c2 * slope)
        accepted = (fell & flat) | approximate
        ahead = (fell | nearly) & (trial_slope < 0) & (trial.fun <= s.low_fun + noise)
        low = _pick(xp, ahead, (s.rate, trial.fun, trial_slope), (s.low, s.low_fun, s.low_slope))
        high = _pick(xp, ahead, (s.high, s.high_fun, s.high_slope), (s.rate, trial.fun, trial_slope))
        best = Point(*(xp.where(ahead, a, b) for a, b in zip(trial, s.best, strict=True)))
        following = xp.where(accepted, s.rate, _next_rate(xp, low, high, (s.low, s.low_fun, s.low_slope)))
        (a, fa, sa), (b, fb, sb) = low, high
        return _Search(a, fa, sa, b, fb, sb, following, trial, best, accepted, s.trials + 1)


def _pick(xp: Any, condition: Any, yes: tuple[Any, ...], no: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(xp.where(condition, a, b) for a, b in zip(yes, no, strict=True))


def _next_rate(xp: Any, low: tuple[Any, ...], high: tuple[Any, ...], before: tuple[Any, ...]) -> Any:
    """Return the next rate: inside the bracket where there is one, further out otherwise."""
    open_ended = ~xp.isfinite(high[0])
    width = xp.where(open_ended, 0, high[0] - low[0])
    usable = xp.isfinite(high[1]) & xp.isfinite(high[2]) & ~open_ended
    # a side whose cost is not finite tells nothing but to stay far from it
    share = xp.where(usable, 0.5, 0.1)
    inside = _cubic_minimum(xp, low, high, usable, low[0] + share * width)
    inside = xp.minimum(xp.maximum(inside, low[0] + 0.1 * width), low[0] + 0.9 * width)
    step = low[0] - before[0]
    outside = _cubic_minimum(xp, before, low, open_ended, low[0] + 9 * step)
    outside = xp.where(outside > low[0], outside, low[0] + 9 * step)
    outside = xp.minimum(xp.maximum(outside, low[0] + step), low[0] + 9 * step)
    return xp.where(open_ended, outside, inside)


def _cubic_minimum(xp: Any, a: tuple[Any, ...], b: tuple[Any, ...], usable: Any, otherwise: Any) -> Any:
    """Return where the cubic through two (rate, value, slope) has its minimum (Nocedal & Wright, eq. 3.59)."""
    span = xp.where(usable & (b[0] != a[0]), b[0] - a[0], 1)
    fb, sb = xp.where(usable, b[1], 0), xp.where(usable, b[2], 0)
    d1 = a[2] + sb - 3 * (fb - a[1]) / span
    inner = d1 * d1 - a[2] * sb
    d2 = xp.sqrt(xp.where(inner > 0, inner, 0))
    bottom = sb - a[2] + 2 * d2
    share = (sb + d2 - d1) / xp.where(bottom != 0, bottom, 1)
    good = usable & (inner >= 0) & (bottom != 0) & xp.isfinite(share)
    return xp.where(good, b[0] - span * xp.where(good, share, 0), otherwise)
