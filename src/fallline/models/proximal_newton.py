"""Newton's method on a cost with absolute values, and the search along its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.models.faces import minimise_kinked
from fallline.models.newton import Metrics
from fallline.objectives.rows_metric import middle_of_bent
from fallline.steps.base import Evaluate, Point, StepRule, Taken

__all__ = ["ProximalNewton", "ProximalSearch", "kinked_minimum"]

FLAT = 1e-10
"""Share of the intercepts' own curvature below which a shift of all has none."""


@dataclass(frozen=True, eq=False)
class ProximalNewton:
    """Steps to the minimum of the cost's own quadratic at `x`, with the absolute values as they are.

    A squared loss is minimised in one step, its zeros exact, whatever the scales of the columns. The state counts the
    steps.

    Parameters
    ----------
    metrics : Metrics
    strength : array, shape (size,)
        Of the absolute values; 0 leaves a parameter free of them.

    References
    ----------
    J. Lee, Y. Sun and M. Saunders, "Proximal Newton-type methods for minimizing composite functions", 2014.
    """

    metrics: Metrics
    strength: np.ndarray

    def init(self, x: Any) -> int:
        return 0

    def update(self, gradient: Any, state: int, x: Any) -> tuple[Any, int]:
        hessian, centre = self._measured(x)
        outputs = self.metrics.objective.outputs
        return x - kinked_minimum(hessian, centre, outputs, gradient, self.strength, x), state + 1

    def _measured(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the Hessian of the smooth part at `x`, and where its columns are centred."""
        objective, constant = self.metrics.objective, self.metrics.constant
        if constant is not None:
            return constant.hessian, constant.centre
        if not objective.intercept:
            centre = np.zeros_like(self.metrics.centre)
            return objective.curvature(x, centre), centre
        hessian = objective.curvature(x, self.metrics.centre)
        away = middle_of_bent(hessian, len(self.metrics.centre), objective.outputs)
        if away is None:
            return hessian, self.metrics.centre
        return objective.curvature(x, self.metrics.centre + away), self.metrics.centre + away


def kinked_minimum(
    hessian: np.ndarray, centre: np.ndarray, outputs: int, gradient: np.ndarray, strength: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Return where the quadratic of a smooth part, with the absolute values as they are, is least, shape (size,).

    Parameters
    ----------
    hessian : array, shape (size, size)
        Of the smooth part at `x`, in the parameters of ``X - centre``.
    centre : array, shape (d,)
    outputs : int
    gradient, strength, x : array, shape (size,)
        The smooth part's gradient, the strengths of the absolute values, and the point.
    """
    slope, count = gradient.copy(), outputs * len(centre)
    if len(x) > count:
        slope[:count] -= np.outer(gradient[count:], centre).ravel()
        if outputs > 1:
            # where a shift of all intercepts alike changes nothing, rounding must not make a long step of it
            hessian = hessian.copy()
            bends = hessian[count:, count:]
            if abs(float(bends.sum())) <= FLAT * float(np.trace(bends)):
                bends += float(np.trace(bends)) / outputs**2
                slope[count:] -= slope[count:].mean()
    # where those are that nothing holds makes no difference: their digits are kept for the step
    here = np.where(strength > 0, x, 0.0)
    there = minimise_kinked(hessian, slope, strength, here)
    moved = there - here
    if len(x) > count:
        moved[count:] -= moved[:count].reshape(outputs, -1) @ centre
    return np.where(strength > 0, there, x + moved)


@dataclass(frozen=True, kw_only=True)
class ProximalSearch(StepRule):
    """Halve the rate until ``F(x - rate*d) <= F(x) + c*rate*D``, `D` being the fall that slope and penalty promise.

    Parameters
    ----------
    c : float
        Share of the promised fall that must be real, in (0, 1).
    max_trials : int
        Trials before the rule gives up with a rate of 0.

    References
    ----------
    P. Tseng and S. Yun, "A coordinate gradient descent method for nonsmooth separable minimization", 2009, equation 7.
    """

    c: float = 1e-4
    max_trials: int = 40

    def init(self, x: Any) -> tuple[()]:
        return ()

    def take(self, here: Point, direction: Any, evaluate: Evaluate, state: tuple[()]) -> Taken:
        added = 0.0
        if evaluate.penalty is not None:
            added = float(evaluate.penalty.value(here.x - direction) - evaluate.penalty.value(here.x))
        promised = added - float(here.gradient @ direction)
        noise = 4 * float(np.finfo(float).eps) * abs(float(here.fun))
        rate = 1.0
        for trial in range(1, self.max_trials + 1):
            there = evaluate.point(here.x - rate * direction)
            hidden = abs(rate * promised) <= 1e4 * noise and there.fun <= here.fun + noise
            if there.fun <= here.fun + self.c * rate * min(promised, 0.0) - (promised >= 0) * noise or hidden:
                return Taken(rate, there, state, trial)
            rate *= 0.5
        return Taken(0.0, here, state, self.max_trials)
