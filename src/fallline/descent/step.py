"""One step of a descent, written once: every engine, compiled or not, takes this one."""

from __future__ import annotations

from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods import RatedMethod, UpdateRule
from fallline.schedules import Schedule
from fallline.steps import Evaluate, Point, StepRule

__all__ = ["Carry", "Move", "begin", "take_step"]


class Carry(NamedTuple):
    """What one step hands to the next: the iteration, the point, and the states of method and rate."""

    k: Any
    point: Point
    method_state: Any
    rate_state: Any


class Move(NamedTuple):
    """How a step moved: its rate, the 2-norm of the change of x, and the evaluations it took."""

    learning_rate: Any
    step_norm: Any
    evaluations: Any


def begin(point: Point, method: UpdateRule, rate: Schedule | StepRule, k: Any) -> Carry:
    """Return what the first step needs."""
    rate_state = rate.init(point.x) if isinstance(rate, StepRule) else ()
    return Carry(k, point, method.init(point.x), rate_state)


def take_step(carry: Carry, method: UpdateRule, rate: Schedule | StepRule, evaluate: Evaluate) -> tuple[Carry, Move]:
    """Turn the gradient into a direction, scale it by the rate, and move there."""
    here = carry.point
    if isinstance(method, RatedMethod) and isinstance(rate, Schedule):
        learning_rate = rate(carry.k)
        change, method_state = method.move(here, carry.method_state, learning_rate)
        there = evaluate.point(here.x - change)
        return Carry(carry.k + 1, there, method_state, ()), Move(learning_rate, norm(there.x - here.x), 1)
    direction, method_state = method.update(here.gradient, carry.method_state, here.x)
    if isinstance(rate, StepRule):
        taken = rate.take(here, direction, evaluate, carry.rate_state)
        learning_rate, there, rate_state, evaluations = taken
    else:
        learning_rate = rate(carry.k)
        there, rate_state, evaluations = evaluate.point(here.x - learning_rate * direction), (), 1
    move = Move(learning_rate, norm(there.x - here.x), evaluations)
    return Carry(carry.k + 1, there, method_state, rate_state), move


def norm(vector: Any) -> Any:
    """Return the 2-norm."""
    xp = namespace(vector)
    return xp.sqrt(xp.sum(vector * vector))
