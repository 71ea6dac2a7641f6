"""What a check of a gradient found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.trace.drawing import view
from fallline.trace.finding import Finding

__all__ = ["GradientCheck"]


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """What `check_gradient` found, component by component.

    Attributes
    ----------
    findings : list of Finding
        What is wrong: ``wrong-gradient``, ``wrong-gradient-scale`` or ``gradient-sign-flipped``; empty where nothing
        is.
    worst : str
        The name of the component that is furthest off, right or wrong.
    index : int
        Its place among all parameters, from 0.
    error : float
        Its relative error; 0 where the two agree within what can be measured.
    relative_errors : same structure as ``x``
        Of every component; not a number where one was not measured by itself.
    given, measured : same structure as ``x``
        What the gradient says, and the slope of the function, not a number where it was not measured by itself.
    names : list of str
        The names of the components that were measured.

    Examples
    --------
    >>> import numpy as np
    >>> import fallline as fl
    >>> check = fl.check_gradient(lambda t: np.sum(t**2), lambda t: 2 * t + np.array([0.0, 1.0]), [1.0, 2.0])
    >>> check.ok, check.worst, round(check.error, 6)
    (False, 't[1]', 0.2)
    """

    findings: list[Finding]
    worst: str
    index: int
    error: float
    relative_errors: Any
    given: Any
    measured: Any
    names: list[str]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def __str__(self) -> str:
        return view("gradient_check_text")(self)

    def __repr__(self) -> str:
        return str(self)
