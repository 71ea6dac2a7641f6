"""What the user said about the learning rate, made a schedule or a step rule."""

from __future__ import annotations

import numbers
from typing import Any

from fallline.errors import InputTypeError, shown
from fallline.methods import Method, RatedMethod, UpdateRule
from fallline.schedules import Constant, Schedule
from fallline.schedules.base import positive_rate
from fallline.steps import StepRule

__all__ = ["resolve_rate"]


def resolve_rate(learning_rate: Any, method: UpdateRule) -> Schedule | StepRule:
    """Return the rate to run with: the one given, else the method's own, else its default.

    Raises
    ------
    InputError
        Where a number is not positive and finite.
    InputTypeError
        Where it is no number, schedule or step rule, or the user's own method was given none.
    """
    rate = learning_rate
    if rate is None and isinstance(method, Method):
        rate = method.learning_rate if method.learning_rate is not None else method.default_rate
    if rate is None:
        raise InputTypeError(
            f"learning_rate must be given with a method of your own; got None with {shown(method)}. "
            "Write learning_rate=0.1, a schedule or a step rule."
        )
    if isinstance(rate, StepRule) and isinstance(method, RatedMethod):
        raise InputTypeError(
            f"learning_rate must be a number or a schedule with {type(method).__name__}; got {shown(rate)}. The method "
            "decides itself how far to go. Leave learning_rate out."
        )
    if isinstance(rate, (Schedule, StepRule)):
        return rate
    if isinstance(rate, numbers.Real) and not isinstance(rate, bool):
        positive_rate("learning_rate", float(rate))
        return Constant(float(rate))
    raise InputTypeError(
        f"learning_rate must be a number, a schedule or a step rule; got {shown(rate)} ({type(rate).__name__}). "
        "Write 0.1, fallline.schedules.InverseTimeDecay(0.1, 0.01) or fallline.steps.Backtracking()."
    )
