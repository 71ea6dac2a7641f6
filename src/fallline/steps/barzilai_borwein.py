"""Barzilai and Borwein's rates, with a search that lets the cost rise now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from fallline.arrays.namespace import namespace, while_loop
from fallline.errors import InputError
from fallline.steps.adgd import norm, or_one
from fallline.steps.base import Evaluate, Point, StepRule, Taken
from fallline.steps.ranges import require

__all__ = ["BarzilaiBorweinStep"]


class BarzilaiBorweinState(NamedTuple):
    """The point before with its gradient, shape (d,), the last costs, shape (memory,), rate, and the steps taken."""

    x: Any
    gradient: Any
    costs: Any
    rate: Any
    steps: Any


class _Trial(NamedTuple):
    rate: Any
    point: Point
    trials: Any


@dataclass(frozen=True, kw_only=True)
class BarzilaiBorweinStep(StepRule):
    """Step by the curvature along the last step, and shorten only what rises above the worst of the last costs.

    With ``s = x - x_before`` and ``y = gradient - gradient_before`` the long rate is ``s·s / s·y`` and the short one
    ``s·y / y·y``. At first the largest change of the step is 1; without positive curvature (``s·y <= 0``) it is so
    again, or the last rate grows four-fold where that is longer. A rate is taken when
    ``f(x - rate*d) <= max(last costs) - c * rate * g·d``.

    Parameters
    ----------
    kind : {"alternate", "long", "short"}
        Which of the two; "alternate" takes long and short in turn.
    memory : int
        Costs looked back at, at least 1; with 1 the cost never rises.
    c : float
        Share of the predicted fall that must be real, in (0, 1).
    max_trials : int
        Trials before the rule gives up with a rate of 0, at least 1.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    J. Barzilai and J. Borwein, "Two-point step size gradient methods", 1988, eqs. (5) and (6); the search is L. Grippo,
    F. Lampariello and S. Lucidi's, 1986, as in M. Raydan, "The Barzilai and Borwein gradient method for the large scale
    unconstrained minimization problem", 1997. The first rate is E. Birgin, J. Martínez and M. Raydan's, 2000.

    Examples
    --------
    >>> import fallline as fl
    >>> rate = fl.steps.BarzilaiBorweinStep()
    >>> fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method="gd", learning_rate=rate).success
    True
    """

    kind: Literal["alternate", "long", "short"] = "alternate"
    memory: int = 10
    c: float = 1e-4
    max_trials: int = 60

    def __post_init__(self) -> None:
        if self.kind not in ("alternate", "long", "short"):
            raise InputError(f'kind must be "alternate", "long" or "short"; got {self.kind!r}. Choose one of them.')
        require(self.memory >= 1, "memory", "at least 1", self.memory, "The cost is compared with past ones. Try 10.")
        require(0 < self.c < 1, "c", "between 0 and 1", self.c, "It is a share of the predicted fall. Try 1e-4.")
        require(self.max_trials >= 1, "max_trials", "at least 1", self.max_trials, "A step needs one. Try 60.")

    def init(self, x: Any) -> BarzilaiBorweinState:
        xp = namespace(x)
        zero = 0 * x[0]
        costs = xp.zeros(self.memory, dtype=x.dtype) - float("inf")
        return BarzilaiBorweinState(0 * x, 0 * x, costs, zero, zero)

    def take(self, here: Point, direction: Any, evaluate: Evaluate, state: BarzilaiBorweinState) -> Taken:
        xp = namespace(here.x)
        slope = xp.sum(here.gradient * direction)
        downhill = evaluate.leads_down(slope)
        costs = xp.concat([state.costs[1:], xp.reshape(here.fun, (1,))])
        ceiling = xp.max(costs) + 4 * xp.finfo(here.x.dtype).eps * xp.abs(here.fun)

        def fell(trial: _Trial) -> Any:
            return trial.point.fun <= ceiling - self.c * evaluate.fall(here.x, trial.point.x, trial.rate, slope)

        def refused(trial: _Trial) -> Any:
            return ~fell(trial) & downhill & (trial.trials < self.max_trials)

        def attempt(rate: Any, trials: Any) -> _Trial:
            return _Trial(rate, evaluate.point(evaluate.reach(here.x, direction, rate)), trials)

        def shortened(trial: _Trial) -> _Trial:
            # the minimum of the parabola through both costs and the slope, kept between a tenth and a half
            fall = evaluate.fall(here.x, trial.point.x, trial.rate, slope)
            excess = 2 * (trial.point.fun - here.fun + fall)
            share = fall / xp.where(excess > 0, excess, 1)
            share = xp.where((excess > 0) & xp.isfinite(excess), xp.clip(share, 0.1, 0.5), 0.1)
            return attempt(share * trial.rate, trial.trials + 1)

        first = attempt(self._proposed(here, direction, state), 0 * state.steps + 1)
        last = while_loop(refused, shortened, first, here.x)
        good = fell(last) & downhill
        there = Point(*(xp.where(good, a, b) for a, b in zip(last.point, here, strict=True)))
        rate = xp.where(good, last.rate, 0 * last.rate)
        after = BarzilaiBorweinState(here.x, here.gradient, costs, rate, state.steps + 1)
        return Taken(rate, there, after, last.trials)

    def _proposed(self, here: Point, direction: Any, state: BarzilaiBorweinState) -> Any:
        """Return the rate to try first."""
        xp = namespace(here.x)
        step, change = here.x - state.x, here.gradient - state.gradient
        product = xp.sum(step * change)
        long, short = xp.sum(step * step) / or_one(product), product / or_one(xp.sum(change * change))
        takes_long = {"alternate": state.steps % 2 == 1, "long": state.steps >= 0, "short": state.steps < 0}[self.kind]
        usable = (state.steps > 0) & (product > 0) & xp.isfinite(long) & (norm(step) > 0)
        otherwise = xp.maximum(1 / or_one(xp.max(xp.abs(direction))), 4 * state.rate)
        return xp.where(usable, xp.where(takes_long, long, short), otherwise)
