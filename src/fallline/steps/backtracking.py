"""Backtracking: shorten the step until the cost falls enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace, while_loop
from fallline.errors import InputError
from fallline.steps.base import Evaluate, Point, StepRule, Taken

__all__ = ["Backtracking"]


class _Trial(NamedTuple):
    rate: Any
    fun: Any
    trials: Any


@dataclass(frozen=True, kw_only=True)
class Backtracking(StepRule):
    """Accept the first rate with ``f(x - rate*d) <= f(x) - c * rate * g·d``, shrinking from the last one grown.

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
    L. Armijo, "Minimization of functions having Lipschitz continuous first partial derivatives", 1966.

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

        def refused(trial: _Trial) -> Any:
            enough = trial.fun <= here.fun - self.c * trial.rate * slope
            return ~(enough & xp.isfinite(trial.fun)) & (slope > 0) & (trial.trials < self.max_trials)

        def attempt(rate: Any, trials: Any) -> _Trial:
            return _Trial(rate, evaluate.cost(here.x - rate * direction), trials)

        first = attempt(state * self.grow, 0 * state + 1)
        last = while_loop(refused, lambda trial: attempt(trial.rate * self.shrink, trial.trials + 1), first, here.x)
        fell = (last.fun <= here.fun - self.c * last.rate * slope) & xp.isfinite(last.fun) & (slope > 0)
        rate = xp.where(fell, last.rate, 0 * last.rate)
        there = evaluate.point(here.x - rate * direction)
        return Taken(rate, there, xp.where(fell, last.rate, state), last.trials + 1)
