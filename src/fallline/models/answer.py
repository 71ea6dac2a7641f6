"""What a fit leaves to the estimators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.descent.loop import Run
from fallline.models.newton import Metrics
from fallline.objectives.base import Objective
from fallline.trace import Certificate, Rows, StopReason, Trace

__all__ = ["Answer", "Passes", "chosen", "rows_of"]

ROUNDING = 16 * float(np.finfo(float).eps)
"""Costs that differ by no more than this share are the same."""


@dataclass(frozen=True, eq=False)
class Passes:
    """What a descent on mini-batches, or with rows held out, tells besides.

    Attributes
    ----------
    costs : array or None
        On mini-batches: over all rows, at the start and after each epoch, the last being the answer's.
    held_out : array or None
        The costs over the rows held out, at the start and after each epoch.
    noise : float or None
        The size of the batches' gradients (root mean square of their 2-norms) at the end.
    """

    costs: np.ndarray | None
    held_out: np.ndarray | None
    noise: float | None


@dataclass(frozen=True, eq=False)
class Answer:
    """Where a descent led, in the data's units.

    Attributes
    ----------
    x : array, shape (size,)
        The best point seen.
    cost : float
    gradient : array, shape (size,)
    trace : Trace
        Every step.
    run : Run
        The same in the parameters the method worked on.
    objective : Objective
        What the method worked on.
    method, rate
        How.
    metrics : Metrics
    certificate : Certificate
    converged : bool
        Whether the certificate is within the tolerance.
    passes : Passes, optional
        What a descent that goes by epochs, or holds rows out, tells besides.
    """

    x: np.ndarray
    cost: float
    gradient: np.ndarray
    trace: Trace
    run: Run
    objective: Objective
    method: Any
    rate: Any
    metrics: Metrics
    certificate: Certificate
    converged: bool
    passes: Passes | None = None


def chosen(run: Run) -> Rows:
    """Return the best point, or the last where it was found optimal and costs no more beyond rounding."""
    best, last = float(run.best.fun[0]), float(run.last.fun[0])
    return run.last if run.reason is StopReason.CONVERGED and last - best <= ROUNDING * abs(best) else run.best


def rows_of(trace: Trace, x: np.ndarray | None = None) -> Rows:
    """Return the rows of a trace, with other parameters where they are given."""
    return Rows(
        trace.iteration,
        trace.flat_x if x is None else x,
        trace.fun,
        trace.gradient_norm,
        trace.learning_rate,
        trace.step_norm,
        trace.seconds,
    )
