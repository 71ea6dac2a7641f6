"""What the user said about the learning rate, made a schedule or a step rule."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.spread import spread
from fallline.errors import InputError, InputTypeError, shown
from fallline.methods import Method, RatedMethod, UpdateRule
from fallline.schedules import MeasuredSchedule, Schedule
from fallline.schedules.base import positive_rate
from fallline.schedules.constant import Constant, PerParameter
from fallline.schedules.custom import Custom
from fallline.steps import StepRule

__all__ = ["largest", "rates_from", "resolve_rate"]


def resolve_rate(
    learning_rate: Any, method: UpdateRule, layout: Layout | None = None
) -> Schedule | MeasuredSchedule | StepRule:
    """Return the rate to run with: the one given, else the method's own, else its default.

    Parameters
    ----------
    learning_rate : float, schedule, step rule, callable, tree of float, or None
        What the user said.
    method : UpdateRule
        Whose rate it is.
    layout : Layout, optional
        Of the parameters; a tree of rates is one in this structure, and is refused without it.

    Raises
    ------
    InputError
        Where a number is not positive and finite, or a tree of rates has another structure than the parameters.
    InputTypeError
        Where it is none of these, or the user's own method was given none.
    """
    rate = learning_rate
    if rate is None and isinstance(method, Method):
        rate = method.learning_rate if method.learning_rate is not None else method.default_rate
    if rate is None:
        raise InputTypeError(
            f"learning_rate must be given with a method of your own; got None with {shown(method)}. "
            "Write learning_rate=0.1, a schedule or a step rule."
        )
    if isinstance(rate, Method):
        raise InputTypeError(
            f"learning_rate must be a number, a schedule or a step rule; got {shown(rate)}. That is a method. "
            f"Write method={type(rate).__name__}(…)."
        )
    if isinstance(rate, StepRule) and isinstance(method, RatedMethod) and not method.measures:
        raise InputTypeError(
            f"learning_rate must be a number or a schedule with {type(method).__name__}; got {shown(rate)}. The method "
            "decides itself how far to go. Leave learning_rate out."
        )
    if isinstance(rate, (Schedule, MeasuredSchedule, StepRule)):
        return rate
    if isinstance(rate, numbers.Real) and not isinstance(rate, bool):
        positive_rate("learning_rate", float(rate))
        return Constant(float(rate))
    if layout is not None and isinstance(rate, (dict, list, tuple, np.ndarray)):
        return _per_parameter(rate, method, layout)
    return Custom(rate)


def rates_from(rate: Schedule | MeasuredSchedule | StepRule, first: int, count: int) -> np.ndarray:
    """Return the scheduled rates of updates `first`, `first` + 1, …: shape (count,), or (count, d) per parameter.

    They are fewer than `count` where the schedule has no usable rate further on, and zeros for a step rule.

    Raises
    ------
    InputError
        Where the rate of update `first` is negative or not finite.
    """
    if isinstance(rate, StepRule):
        return np.zeros(count)
    schedule = rate.base if isinstance(rate, MeasuredSchedule) else rate
    if isinstance(schedule, (Constant, PerParameter)):
        fixed = np.asarray(schedule(first))
        return np.broadcast_to(fixed, (count, *fixed.shape))
    rates = np.asarray(schedule(np.arange(first, first + count)), dtype=np.float64)
    bad = np.flatnonzero(~(np.isfinite(rates) & (rates >= 0)))
    if bad.size and bad[0] == 0:
        raise InputError(
            f"learning_rate must be finite and not negative at every iteration; got {rates[0]:g} at iteration {first} "
            f"from {shown(schedule)}. It scales the step. Mend the schedule, or end the run before it."
        )
    return rates[: bad[0]] if bad.size else rates


def largest(rates: np.ndarray) -> np.ndarray:
    """Return the rates as a trace shows them, shape (count,): of one for each parameter the largest."""
    return rates if rates.ndim == 1 else rates.max(axis=1)


def _per_parameter(tree: Any, method: UpdateRule, layout: Layout) -> PerParameter:
    if isinstance(method, RatedMethod):
        raise InputTypeError(
            f"learning_rate must be one number or a schedule with {type(method).__name__}; got {shown(tree)}. The "
            "method uses the rate in sums over all parameters. Give one number."
        )
    rates = spread(tree, layout, "learning_rate", "rate")
    if not (np.isfinite(rates) & (rates > 0)).all():
        bad = int(np.flatnonzero(~(np.isfinite(rates) & (rates > 0)))[0])
        raise InputError(
            f"learning_rate must be positive and finite for every parameter; got {rates[bad]:g} for "
            f"{layout.name_of(bad)}. Each step is the rate times the direction. Try 0.1."
        )
    return PerParameter(rates)
