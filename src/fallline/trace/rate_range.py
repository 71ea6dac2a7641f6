"""What a search for learning rates found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fallline.trace.drawing import view
from fallline.trace.finding import Finding

__all__ = ["RateRange"]


@dataclass(frozen=True, repr=False)
class RateRange:
    """The learning rates that are of use to one method, on one function, from one start.

    Attributes
    ----------
    low, high : float
        The ends of the usable range: the rates about the best one that gain at least a tenth of what the best one
        gains in `steps` iterations. Below, the run crawls; above, the cost blows up or bounces.
    limit : float or None
        The stable limit of the method, measured: ``2/L`` for plain gradient descent, with L the largest curvature met.
        None where the method has no such limit, or the function nowhere curves upwards.
    suggestion : float
        A rate to begin with: half the limit, or where that is of no use the smallest rate that gains nine tenths of
        what the best one does.
    curvature : float or None
        L, the largest eigenvalue of the Hessian at the start, midway and at the end of the best run; None where it is
        not positive.
    rates, costs : array, shape (n,)
        The rates tried, ascending, and the cost after a run of each; infinite where it was no longer a number.
    start : float
        The cost at the start.
    steps : int
        Iterations of each run.
    method : str
        Whose rates they are.
    findings : list of Finding
        What was noticed about the function and its gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import fallline as fl
    >>> answer = fl.find_learning_rate(lambda t: np.sum(np.array([1.0, 25.0]) * t**2) / 2, np.ones(2))
    >>> round(answer.limit, 6), round(answer.suggestion, 6), answer.low < answer.suggestion < answer.high
    (0.08, 0.04, True)
    """

    low: float
    high: float
    limit: float | None
    suggestion: float
    curvature: float | None
    rates: np.ndarray
    costs: np.ndarray
    start: float
    steps: int
    method: str
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        return view("rate_range_text")(self)

    def __repr__(self) -> str:
        return str(self)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the cost after a short run by learning rate, with the usable range, the limit and the suggestion.

        Returns a Display with ``ax_``, ``figure_`` and the artists; never shows a window.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.

        Examples
        --------
        >>> import fallline as fl
        >>> fl.find_learning_rate(lambda t: t**2, 3.0).plot().ax_.get_xscale()
        'log'
        """
        return view("rate_range_plot")(self, ax=ax)
