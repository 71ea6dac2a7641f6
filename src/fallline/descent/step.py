"""One step of a descent, written once: every engine, compiled or not, takes this one."""

from __future__ import annotations

from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods import Method, RatedMethod, UpdateRule
from fallline.penalties import Penalty
from fallline.schedules import MeasuredSchedule, Schedule
from fallline.steps import Evaluate, Point, StepRule

__all__ = ["Carry", "Move", "Rate", "begin", "take_step"]

Rate = Schedule | MeasuredSchedule | StepRule


class Carry(NamedTuple):
    """What one step hands to the next: the iteration, the point, and the states of method and rate."""

    k: Any
    point: Point
    method_state: Any
    rate_state: Any


class Move(NamedTuple):
    """How a step moved: its rate (the largest of them), the 2-norm of the change of x, and its evaluations."""

    learning_rate: Any
    step_norm: Any
    evaluations: Any


def begin(point: Point, method: UpdateRule, rate: Rate, k: Any) -> Carry:
    """Return what the first step needs."""
    rate_state = rate.init(point.x) if isinstance(rate, (StepRule, MeasuredSchedule)) else ()
    return Carry(k, point, method.init(point.x), rate_state)


def take_step(
    carry: Carry,
    method: UpdateRule,
    rate: Rate | None,
    scheduled: Any,
    evaluate: Evaluate,
    ahead: Evaluate | None = None,
) -> tuple[Carry, Move]:
    """Turn the gradient into a direction, scale it by the rate, and move there, through the penalty's proximal map.

    `scheduled` is the rate that the schedule has for this step, a scalar or of shape (d,); `rate` matters only where it
    is measured. `ahead` is the objective of the next step where that is another: on the next rows of data.
    """
    here, penalty = carry.point, evaluate.penalty
    if isinstance(rate, StepRule) and not isinstance(method, RatedMethod):
        direction, method_state = _direction(method, here, carry.method_state, penalty)
        learning_rate, there, rate_state, evaluations = rate.take(here, direction, evaluate, carry.rate_state)
        if ahead is not None:
            there, evaluations = ahead.point(there.x), evaluations + 1
        move = Move(learning_rate, norm(there.x - here.x), evaluations)
        return Carry(carry.k + 1, there, method_state, rate_state), move
    xp = namespace(here.x)
    learning_rate, rate_state, evaluations = xp.asarray(scheduled, dtype=here.x.dtype), (), 1
    if isinstance(rate, StepRule):
        learning_rate, _, rate_state, trials = rate.take(here, here.gradient, evaluate, carry.rate_state)
        evaluations = evaluations + trials
    elif isinstance(rate, MeasuredSchedule):
        learning_rate, rate_state = rate.follow(learning_rate, here.fun, carry.rate_state)
    if isinstance(method, RatedMethod):
        x, method_state = method.arrive(here, carry.method_state, learning_rate, evaluate)
    elif penalty is None or (isinstance(method, Method) and method.proximal):
        direction, method_state = method.update(here.gradient, carry.method_state, here.x)
        x = evaluate.reach(here.x, direction, learning_rate)
    else:
        slope = penalty.slope(here.x, here.gradient)
        direction, method_state = method.update(slope, carry.method_state, here.x)
        x = penalty.keep(here.x, slope, here.x - learning_rate * direction)
    there = (evaluate if ahead is None else ahead).point(x)
    largest = learning_rate if learning_rate.ndim == 0 else xp.max(learning_rate)
    return Carry(carry.k + 1, there, method_state, rate_state), Move(largest, norm(there.x - here.x), evaluations)


def _direction(method: UpdateRule, here: Point, state: Any, penalty: Penalty | None) -> tuple[Any, Any]:
    if isinstance(method, Method):
        return method.turn(here, state, penalty)
    return method.update(here.gradient, state, here.x)


def norm(vector: Any) -> Any:
    """Return the 2-norm."""
    xp = namespace(vector)
    return xp.sqrt(xp.sum(vector * vector))
