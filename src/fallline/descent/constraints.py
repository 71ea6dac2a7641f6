"""What the user said about bounds and penalties, made one penalty; and which methods can keep to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.descent.bounds import read_bounds
from fallline.descent.step import Rate
from fallline.errors import InputError, InputTypeError, shown
from fallline.methods import LBFGS, BarzilaiBorwein, GradientDescent, Method, UpdateRule
from fallline.penalties import Box, Penalty
from fallline.penalties.separable import Bounded, Separable
from fallline.steps import StepRule, StrongWolfe
from fallline.steps.face_search import FaceSearch

__all__ = ["automatic_method", "resolve_penalty", "suited_rate"]

PAIRS, FEW = 20, 1000
"""Pairs remembered for so few parameters: more than the usual ten save steps on hard functions, and cost little."""


def resolve_penalty(penalty: Any, bounds: Any, x0: np.ndarray, layout: Layout) -> Penalty | None:
    """Return the one penalty that says both, laid out for the parameters; None where nothing was said.

    Parameters
    ----------
    penalty : Penalty or None
    bounds : sequence of (low, high) pairs, one for each parameter; a pair of arrays; scipy.optimize.Bounds; or None
        See `fallline.descent.bounds.read_bounds`.
    x0 : array, shape (d,)
        The start, which must obey them.
    layout : Layout
        Of the parameters.

    Raises
    ------
    InputError, InputTypeError
        Where one of them cannot be used, or the start is outside.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.arrays.layout import flatten
    >>> x, layout, _ = flatten([1.0, 2.0])
    >>> resolve_penalty(None, [(0, None), (None, 3)], x, layout)
    Box(low=array([  0., -inf]), high=array([inf,  3.]))
    """
    if penalty is None and bounds is None:
        return None
    if penalty is not None and not isinstance(penalty, Penalty):
        raise InputTypeError(
            f"penalty must be one of fallline.penalties; got {shown(penalty)}. Write fallline.penalties.L1(0.1), say; "
            "what can be differentiated may simply be added to the function."
        )
    whole = None if penalty is None else penalty.laid_out(layout)
    if bounds is not None:
        box = Box(*read_bounds(bounds, layout)).laid_out(layout)
        if whole is None:
            whole = box
        elif isinstance(whole, Separable):
            whole = Bounded(whole, box.low, box.high)
        else:
            raise InputError(
                f"bounds must be left out with {type(whole).__name__}; got both. The nearest point that obeys both has "
                "no formula. Give one of them."
            )
    if whole is not None and (problem := whole.refusal(x0, layout)) is not None:
        nearest = np.array2string(np.asarray(whole.prox(x0, 0.0)), threshold=6, precision=6)
        kind = "bounds" if isinstance(whole, Separable) else "penalty"
        raise InputError(
            f"x0 {problem}. Every point of a run must obey the {kind}. Start from the nearest that does: {nearest}."
        )
    return whole


def automatic_method(penalty: Penalty | None, size: int) -> Method:
    """Return the method that is best left to itself on all rows, for so many parameters."""
    if penalty is not None and not isinstance(penalty, Separable):
        return BarzilaiBorwein()
    return LBFGS(memory=PAIRS) if size <= FEW else LBFGS()


def suited_rate(method: UpdateRule, rate: Rate, penalty: Penalty | None) -> Rate:
    """Return the rate with which the method keeps to the penalty.

    Raises
    ------
    InputError
        Where it cannot.
    """
    if penalty is None or not isinstance(rate, StepRule):
        return rate
    name = type(penalty.inner if isinstance(penalty, Bounded) else penalty).__name__
    if isinstance(method, LBFGS):
        if not isinstance(penalty, Separable):
            raise InputError(
                f"method must be another one than LBFGS with a {name}; got {shown(method)}. Its steps are not scaled "
                'alike in all directions, as those onto this set must be. Leave method out, or write method="fista".'
            )
        if isinstance(rate, (StrongWolfe, FaceSearch)):
            return FaceSearch()
    proximal = isinstance(method, Method) and method.proximal
    if isinstance(rate, StrongWolfe) or not proximal:
        raise InputError(
            f"learning_rate must be a number, a schedule or another step rule for {type(method).__name__} with a "
            f"{name}; got {shown(rate)}. Its search along a line knows nothing of the penalty's proximal map. "
            "Leave method and learning_rate out, or write learning_rate=fallline.steps.Backtracking() with "
            f"{GradientDescent.__name__}()."
        )
    return rate
