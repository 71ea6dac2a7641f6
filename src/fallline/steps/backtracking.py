"""Backtracking: shorten the step until the cost falls enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace, while_loop
from fallline.errors import InputError
from fallline.penalties.base import Penalty
from fallline.steps.base import Evaluate, Point, StepRule, Taken

__all__ = ["Backtracking"]


class _Trial(NamedTuple):
    rate: Any
    x: Any
    fun: Any
    trials: Any


@dataclass(frozen=True, kw_only=True)
class Backtracking(StepRule):
    """Accept the first rate with ``f(x - rate*d) <= f(x) - c * rate * g·d``, shrinking from the last one grown.

    With a penalty the step leads ``there = prox(x - rate*d)``, and the smooth part must obey its equal for ``d = g``,
    ``f(there) <= f(x) + g·(there - x) + (1-c)/rate * ||there - x||²``.

    Parameters
    ----------
    initial : float
        The first rate tried, positive.
    c : float
        Share of the predicted fall that must be real, in (0, 1).
    shrink, grow : float
        Factors after a refusal, in (0, 1), and from one step to the next, at least 1.
    max_trials : int
        Trials before the rule gives up with a rate of 0.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    L. Armijo, "Minimization of functions having Lipschitz continuous first partial derivatives", 1966; with a penalty
    A. Beck and M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems", 2009,
    section 4.

    Examples
    --------
    >>> import fallline as fl
    >>> rule = fl.steps.Backtracking(initial=4.0)
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="gd", learning_rate=rule, max_iterations=1).trace.learning_rate
    array([nan, 0.5])
    """

    initial: float = 1.0
    c: float = 1e-4
    shrink: float = 0.5
    grow: float = 2.0
    max_trials: int = 60

    def __post_init__(self) -> None:
        ranges = {
            "initial": (0 < self.initial < float("inf"), "positive and finite"),
            "c": (0 < self.c < 1, "between 0 and 1"),
            "shrink": (0 < self.shrink < 1, "between 0 and 1"),
            "grow": (1 <= self.grow < float("inf"), "at least 1"),
            "max_trials": (self.max_trials >= 1, "at least 1"),
        }
        for name, (holds, rule) in ranges.items():
            if not holds:
                got = getattr(self, name)
                raise InputError(f"{name} must be {rule}; got {got!r}. The search would never end well.")

    def init(self, x: Any) -> Any:
        return 0 * x[0] + self.initial / self.grow

    def take(self, here: Point, direction: Any, evaluate: Evaluate, state: Any) -> Taken:
        xp = namespace(here.x)
        slope = xp.sum(here.gradient * direction)
        downhill = evaluate.leads_down(slope)

        def fell(trial: _Trial) -> Any:
            if evaluate.penalty is None:
                return (trial.fun <= here.fun - self.c * trial.rate * slope) & xp.isfinite(trial.fun)
            return self._fits(here, trial, evaluate.penalty)

        def refused(trial: _Trial) -> Any:
            return ~fell(trial) & downhill & (trial.trials < self.max_trials)

        def attempt(rate: Any, trials: Any) -> _Trial:
            there = evaluate.reach(here.x, direction, rate)
            return _Trial(rate, there, evaluate.cost(there), trials)

        first = attempt(state * self.grow, 0 * state + 1)
        last = while_loop(refused, lambda trial: attempt(trial.rate * self.shrink, trial.trials + 1), first, here.x)
        good = fell(last) & downhill
        rate = xp.where(good, last.rate, 0 * last.rate)
        there = evaluate.point(xp.where(good, last.x, here.x))
        return Taken(rate, there, xp.where(good, last.rate, state), last.trials + 1)

    def _fits(self, here: Point, trial: _Trial, penalty: Penalty) -> Any:
        """Tell whether the smooth part lies below its parabola of curvature ``2*(1-c)/rate``, or rounding hides it."""
        xp, moved = namespace(here.x), trial.x - here.x
        before, after = here.fun - penalty.value(here.x), trial.fun - penalty.value(trial.x)
        noise = 4 * xp.finfo(here.x.dtype).eps * xp.abs(here.fun)
        curve = (1 - self.c) * xp.sum(moved * moved) / trial.rate
        return (after <= before + xp.sum(here.gradient * moved) + curve + noise) & xp.isfinite(trial.fun)
