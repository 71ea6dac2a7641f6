"""The stopping rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.errors import InputError
from fallline.stopping.base import Rule, code_of
from fallline.trace import Rows, StopReason

__all__ = [
    "CostBelow",
    "CostChangeBelow",
    "GradientBelow",
    "MaxIterations",
    "NoImprovement",
    "StepBelow",
    "TimeLimit",
]


def _codes(holds: np.ndarray, reason: StopReason) -> np.ndarray | None:
    return np.where(holds, code_of(reason), 0) if holds.any() else None


def _positive(name: str, value: float) -> None:
    if not (isinstance(value, (int, float)) and value > 0):
        raise InputError(f"{name} must be a number above 0; got {value!r}. The rule could never hold. Try 1e-6.")


@dataclass(frozen=True)
class StepBelow(Rule):
    """Stop when no parameter changed by as much as `tolerance`: ``max|x_new - x| < tolerance``.

    Parameters
    ----------
    tolerance : float
        Positive, in the parameters' units.

    Raises
    ------
    InputError
        Where `tolerance` is not positive.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t**2, 3.0, learning_rate=0.3, stopping=StepBelow(1e-2)).nit
    7
    """

    tolerance: float

    def __post_init__(self) -> None:
        _positive("tolerance", self.tolerance)

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        # the 2-norm is never below the largest change: rows ruled out by it need no second look
        close = rows.step_norm < self.tolerance * np.sqrt(rows.x.shape[1])
        if close.any():
            first = int(np.argmax(close.reshape(len(close), -1).any(axis=1)))
            previous = rows.x[first - 1 : first] if first else before.x[-1:]
            with np.errstate(invalid="ignore", over="ignore"):
                changes = np.abs(np.diff(rows.x[first:], axis=0, prepend=previous))
            close[first:] &= changes.max(axis=1) < self.tolerance
        return _codes(close, StopReason.SMALL_STEPS), state


@dataclass(frozen=True)
class GradientBelow(Rule):
    """Stop when the 2-norm of the gradient is below `tolerance`.

    Parameters
    ----------
    tolerance : float
        Positive, in units of cost per parameter.

    Raises
    ------
    InputError
        Where `tolerance` is not positive.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t**2, 3.0, learning_rate=0.3, stopping=GradientBelow(1e-2)).nit
    7
    """

    tolerance: float

    def __post_init__(self) -> None:
        _positive("tolerance", self.tolerance)

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        return _codes(rows.gradient_norm < self.tolerance, StopReason.SMALL_GRADIENT), state


@dataclass(frozen=True)
class CostChangeBelow(Rule):
    """Stop when the cost changed by less than `tolerance` in a step: ``|f_new - f| < tolerance``.

    Parameters
    ----------
    tolerance : float
        Positive, in the cost's units.

    Raises
    ------
    InputError
        Where `tolerance` is not positive.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t**2, 3.0, learning_rate=0.3, stopping=CostChangeBelow(1e-3)).nit
    6
    """

    tolerance: float

    def __post_init__(self) -> None:
        _positive("tolerance", self.tolerance)

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        with np.errstate(invalid="ignore", over="ignore"):
            return _codes(
                np.abs(np.diff(rows.fun, axis=0, prepend=before.fun[-1:])) < self.tolerance,
                StopReason.SMALL_COST_CHANGE,
            ), state


@dataclass(frozen=True)
class CostBelow(Rule):
    """Stop when the cost is below `target`.

    Parameters
    ----------
    target : float
        In the cost's units.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t**2, 3.0, learning_rate=0.3, stopping=CostBelow(0.1)).nit
    3
    """

    target: float

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        return _codes(rows.fun < self.target, StopReason.TARGET_REACHED), state


@dataclass(frozen=True)
class MaxIterations(Rule):
    """Stop after `iterations` iterations.

    Parameters
    ----------
    iterations : int
        At least 1.

    Raises
    ------
    InputError
        Where `iterations` is below 1.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t**2, 3.0, learning_rate=0.3, stopping=MaxIterations(5)).nit
    5
    """

    iterations: int

    def __post_init__(self) -> None:
        _positive("iterations", self.iterations)

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        if rows.iteration[-1] < self.iterations:
            return None, state
        return _codes(rows.iteration >= self.iterations, StopReason.MAX_ITERATIONS), state


@dataclass(frozen=True)
class TimeLimit(Rule):
    """Stop once the run has taken `seconds` seconds.

    Parameters
    ----------
    seconds : float
        Positive.

    Raises
    ------
    InputError
        Where `seconds` is not positive.

    Examples
    --------
    >>> import fallline as fl
    >>> rule = TimeLimit(60) | StepBelow(1e-2)
    >>> fl.minimize(lambda t: t**2, 3.0, learning_rate=0.3, stopping=rule).reason.value
    'small-steps'
    """

    seconds: float

    def __post_init__(self) -> None:
        _positive("seconds", self.seconds)

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        return _codes(rows.seconds >= self.seconds, StopReason.TIME_LIMIT), state


@dataclass(frozen=True)
class NoImprovement(Rule):
    """Stop when the best cost has not improved for `patience` iterations; or for as many epochs on rows held out.

    Parameters
    ----------
    patience : int
        Iterations, at least 1; epochs where rows are held out.
    validation_fraction : float, optional
        With ``data``: the share of the rows, between 0 and 1, that no step sees. The cost over them decides, at the end
        of each epoch, and the point at which it was lowest is the answer.

    Raises
    ------
    InputError
        Where `patience` is below 1, or the share is not between 0 and 1.

    References
    ----------
    L. Prechelt, "Early stopping - but when?", 1998: the criterion UP with strips of one epoch.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t**2, 3.0, learning_rate=1.0, stopping=NoImprovement(patience=5)).nit
    5
    """

    patience: int
    validation_fraction: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.patience, bool) or not isinstance(self.patience, (int, np.integer)) or self.patience < 1:
            raise InputError(
                f"patience must be a whole number of at least 1; got {self.patience!r}. It counts iterations without a "
                "lower cost, or epochs. Try 10."
            )
        share = self.validation_fraction
        if share is not None and not (isinstance(share, (int, float)) and 0 < share < 1):
            raise InputError(
                f"validation_fraction must be between 0 and 1; got {share!r}. It is the share of the rows held out. "
                "Try 0.1."
            )

    def init(self) -> tuple[Any, Any]:
        return np.inf, 0

    def judge(self, rows: Rows, before: Rows, state: tuple[Any, Any]) -> tuple[np.ndarray | None, tuple[Any, Any]]:
        best, since = state
        if before.iteration[-1] == 0:
            best = np.where(np.isnan(before.fun[-1]), best, before.fun[-1])
        # as most runs go, in one look: each cost is lower than all before it, or there is patience left
        if (rows.fun[0] < best).all() and (rows.fun[1:] < rows.fun[:-1]).all():
            return None, (rows.fun[-1], np.broadcast_to(rows.iteration[-1], rows.fun.shape[1:]))
        if rows.fun.ndim == 1 and rows.iteration[-1] - since < self.patience and not np.isnan(rows.fun).any():
            place = int(rows.fun.argmin())
            lower = rows.fun[place] < best
            return None, (rows.fun[place], rows.iteration[place]) if lower else (best, since)
        best, since = (np.broadcast_to(each, rows.fun.shape[1:])[None] for each in (best, since))
        costs = np.where(np.isnan(rows.fun), np.inf, rows.fun)
        lowest = np.minimum.accumulate(np.concatenate([best, costs]))
        improved = np.where(lowest[1:] < lowest[:-1], rows.iteration, -1)
        last = np.maximum.accumulate(np.concatenate([since, improved]))[1:]
        holds = rows.iteration - last >= self.patience
        return _codes(holds, StopReason.NO_PROGRESS), (lowest[-1], last[-1])
