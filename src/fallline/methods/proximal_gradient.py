"""Proximal gradient descent, accelerated: FISTA with adaptive restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import RatedMethod
from fallline.methods.moments import zero
from fallline.steps.backtracking import Backtracking
from fallline.steps.base import Evaluate, Point

__all__ = ["ProximalGradient", "ProximalGradientState"]


class ProximalGradientState(NamedTuple):
    """Where the last plain step led, shape (d,), and the counter t of the acceleration."""

    x: Any
    t: Any


@dataclass(frozen=True, kw_only=True)
class ProximalGradient(RatedMethod):
    """Accelerated gradient descent that drops its momentum wherever it points uphill.

    From y, where the gradient is taken (the `x` of the trace): ``x₊ = prox(y - rate*g)``,
    ``t₊ = (1 + sqrt(1 + 4*t²))/2``, ``y = x₊ + (t-1)/t₊ * (x₊ - x)``; where ``(y - x₊)·(x₊ - x) >= 0`` instead
    ``t = 1`` and ``y = x₊``. A y outside of the penalty's set is brought back to the nearest point of it.

    Parameters
    ----------
    learning_rate : float, schedule, step rule or None
        At most 1 over the largest curvature; None searches for it along the gradient
        (`fallline.steps.Backtracking` with ``c=0.5``, which is the condition of the proximal step).

    References
    ----------
    A. Beck and M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems", 2009,
    equations 4.1-4.3, here with rates that may grow again; B. O'Donoghue and E. Candès, "Adaptive restart for
    accelerated gradient schemes", 2015, section 3.2, the gradient scheme.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t[0] ** 2 + 100 * t[1] ** 2, [3.0, 2.0], method="fista").success
    True
    """

    name: ClassVar[str] = "proximal-gradient"
    aliases: ClassVar[tuple[str, ...]] = ("fista",)
    default_rate: ClassVar[Any] = Backtracking(c=0.5, shrink=0.7, grow=1.1)
    measures: ClassVar[bool] = True
    proximal: ClassVar[bool] = True

    def init(self, x: Any) -> ProximalGradientState:
        return ProximalGradientState(x, zero(x) + 1)

    def move(
        self, here: Point, state: ProximalGradientState, rate: Any, evaluate: Evaluate
    ) -> tuple[Any, ProximalGradientState]:
        xp = namespace(here.x)
        there = evaluate.reach(here.x, here.gradient, rate)
        step = there - state.x
        uphill = xp.sum((here.x - there) * step) >= 0
        following = (1 + xp.sqrt(1 + 4 * state.t * state.t)) / 2
        momentum = xp.where(uphill, 0.0, (state.t - 1) / following)
        t = xp.where(uphill, 1.0, following)
        ahead = there + momentum * step
        if evaluate.penalty is not None:  # the cost may not be asked outside of a set
            ahead = evaluate.penalty.prox(ahead, 0.0)
        return here.x - ahead, ProximalGradientState(there, t)

    def stable_rate(self, curvature: float) -> float:
        # Nesterov's, as the momentum comes near 1
        return 4 / (3 * curvature)
