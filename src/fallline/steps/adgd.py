"""A rate from the curvature that the last step has shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace, while_loop
from fallline.steps.base import Evaluate, Point, StepRule, Taken
from fallline.steps.ranges import require

__all__ = ["AdGDStep", "norm", "or_one", "probed_rate"]


class AdGDState(NamedTuple):
    """The point before with its gradient, shape (d,), the rate from there, that over the one before, and the count."""

    x: Any
    gradient: Any
    rate: Any
    ratio: Any
    steps: Any


@dataclass(frozen=True, kw_only=True)
class AdGDStep(StepRule):
    """Step by the inverse of the curvature between the last two points, without a search: for gradient descent.

    With ``L = norm(g - g_before) / norm(x - x_before)``, the rate before ``r`` and its ratio ``t`` to the one before
    that, the rate is ``min(sqrt(2/3 + t) * r, r / sqrt(max(2*r²*L² - 1, 0)))``: it grows slowly while the curvature
    allows and falls at once where it does not. The cost may rise now and then.

    Parameters
    ----------
    initial : float, optional
        The first rate, positive. None measures it, with one more evaluation: one over the curvature along the first
        gradient, rounded to a power of two.

    Raises
    ------
    InputError
        Where `initial` is not positive and finite.

    References
    ----------
    Y. Malitsky and K. Mishchenko, "Adaptive proximal gradient method for convex optimization", 2023, algorithm 1 with
    theta_0 = 1/3. The measured first rate is our own; the paper leaves it open.

    Examples
    --------
    >>> import fallline as fl
    >>> rate = fl.steps.AdGDStep()
    >>> fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method="gd", learning_rate=rate).success
    True
    """

    initial: float | None = None

    def __post_init__(self) -> None:
        holds = self.initial is None or 0 < self.initial < float("inf")
        require(
            holds, "initial", "positive and finite", self.initial, "It is the first rate. Leave it out to measure one."
        )

    def init(self, x: Any) -> AdGDState:
        zero = 0 * x[0]
        return AdGDState(0 * x, 0 * x, zero, zero + 1 / 3, zero)

    def take(self, here: Point, direction: Any, evaluate: Evaluate, state: AdGDState) -> Taken:
        xp = namespace(here.x)
        first = state.steps == 0
        steps, changes = here.x - state.x, here.gradient - state.gradient
        curved = state.rate * norm(changes) / or_one(norm(steps))
        room = xp.maximum(2 * curved * curved - 1, 0 * curved)
        grown = xp.sqrt(2 / 3 + state.ratio) * state.rate
        rate = xp.minimum(grown, xp.where(room > 0, state.rate / xp.sqrt(or_one(room)), grown))
        rate, spent = self._first(here, direction, evaluate, first, rate)
        ratio = xp.where(first, state.ratio, rate / or_one(state.rate))
        there = evaluate.point(evaluate.reach(here.x, direction, rate))
        return Taken(rate, there, AdGDState(here.x, here.gradient, rate, ratio, state.steps + 1), 1 + spent)

    def _first(self, here: Point, direction: Any, evaluate: Evaluate, first: Any, rate: Any) -> tuple[Any, Any]:
        """Return the rate, at the first step the initial one, and the evaluations that finding it took."""
        xp = namespace(here.x)
        if self.initial is not None:
            return xp.where(first, self.initial, rate), 0 * rate

        def measure(_: tuple[Any, Any]) -> tuple[Any, Any]:
            return probed_rate(here, direction, evaluate), ~(first | True)

        measured, _ = while_loop(lambda state: state[1], measure, (rate, first), here.x)
        return measured, xp.where(first, 1 + 0 * rate, 0 * rate)


def probed_rate(here: Point, direction: Any, evaluate: Evaluate) -> Any:
    """Return one over the curvature along a direction, found by one evaluation and rounded to a power of two.

    A difference of gradients holds half the digits: rounded, it is the same on every machine. Where there is no
    curvature, the rate makes a step of length 1.
    """
    xp = namespace(here.x)
    length = or_one(norm(direction))
    tiny = xp.finfo(here.x.dtype).eps ** 0.5 * xp.maximum(1 + 0 * length, norm(here.x)) / length
    curvature = norm(evaluate.point(here.x - tiny * direction).gradient - here.gradient) / (tiny * length)
    usable = (curvature > 0) & xp.isfinite(curvature)
    return xp.where(usable, xp.exp2(xp.round(-xp.log2(xp.where(usable, curvature, 1)))), 1 / length)


def norm(vector: Any) -> Any:
    """Return the 2-norm."""
    xp = namespace(vector)
    return xp.sqrt(xp.sum(vector * vector))


def or_one(number: Any) -> Any:
    """Return the number where it is positive, else 1: a divisor that is safe where the quotient is not used."""
    return namespace(number).where(number > 0, number, 1)
