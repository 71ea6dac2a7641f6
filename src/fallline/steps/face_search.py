"""A search along a line that bends where it meets a bound or a kink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace, while_loop
from fallline.steps.base import Evaluate, Point, StepRule, Taken

__all__ = ["FaceSearch"]


class _Search(NamedTuple):
    """The rate tried with where it led; the longest rate known to be too short, where it led; the shortest too long."""

    rate: Any
    trial: Point
    low: Any
    best: Point
    high: Any
    fell: Any
    done: Any
    trials: Any


@dataclass(frozen=True, kw_only=True)
class FaceSearch(StepRule):
    """Find a rate at which the penalised cost has fallen enough and no longer falls as steeply: for LBFGS.

    From `x` the point tried is the nearest one to ``x - rate*direction`` on the same side of zero and within the
    bounds. The fall is enough where ``F(there) <= F(x) + c1 * slope·(there - x)``, with the penalty's slope; it is
    steep still where the slope along what moves is more than `c2` of what it was. Where rounding hides the fall, a
    shorter slope decides.

    Parameters
    ----------
    c1, c2 : float
        Share of the predicted fall that must be real, and of the slope that may be left, in (0, 1).
    max_trials : int
        Trials before the rule makes do with what it has, at least 1.

    References
    ----------
    D. Bertsekas, "Projected Newton methods for optimization problems with simple constraints", 1982, equation 32;
    G. Andrew and J. Gao, "Scalable training of L1-regularized log-linear models", 2007, section 3.2.
    """

    c1: float = 1e-4
    c2: float = 0.9
    max_trials: int = 40

    def init(self, x: Any) -> tuple[()]:
        return ()

    def take(self, here: Point, direction: Any, evaluate: Evaluate, state: tuple[()]) -> Taken:
        xp, penalty = namespace(here.x), evaluate.penalty
        if penalty is None:
            raise TypeError("a FaceSearch is for penalised costs")
        slope = evaluate.slope(here)
        steepness, steep = xp.sum(slope * slope), xp.sum(slope * direction)
        noise = 4 * xp.finfo(here.x.dtype).eps * xp.abs(here.fun)

        def attempt(search: _Search) -> _Search:
            rate, wanted = search.rate, here.x - search.rate * direction
            trial = evaluate.point(penalty.keep(here.x, slope, wanted))
            after, fall = evaluate.slope(trial), xp.sum(slope * (here.x - trial.x))
            enough = trial.fun <= here.fun - self.c1 * fall
            hidden = (fall <= 1e4 * noise) & (trial.fun <= here.fun + noise) & (xp.sum(after * after) < steepness)
            fell = (enough | hidden) & (fall > 0) & xp.isfinite(trial.fun)
            still = xp.sum(xp.where(trial.x == wanted, after * direction, 0 * after)) > self.c2 * steep
            low, high = xp.where(fell, rate, search.low), xp.where(fell, search.high, rate)
            best = Point(*(xp.where(fell, a, b) for a, b in zip(trial, search.best, strict=True)))
            # the minimum of the parabola through both costs and the slope, kept between a tenth and a half
            excess = 2 * (trial.fun - here.fun + fall)
            usable = (excess > 0) & xp.isfinite(excess)
            share = xp.clip(xp.where(usable, fall / xp.where(usable, excess, 1), 0.1), 0.1, 0.5)
            between = xp.where(low > 0, (low + high) / 2, share * rate)
            following = xp.where(xp.isfinite(high), between, 4 * rate)
            return _Search(following, trial, low, best, high, search.fell | fell, fell & ~still, search.trials + 1)

        def going(search: _Search) -> Any:
            return ~search.done & (steepness > 0) & (search.trials < self.max_trials)

        zero, none = 0 * here.fun, 0 * xp.sum(here.x != here.x)
        start = _Search(zero + 1, here, zero, here, zero + float("inf"), zero > 0, zero > 0, none)
        end = while_loop(going, attempt, start, here.x)
        return Taken(end.low, end.best, state, end.trials)
