"""`check_gradient`: a gradient held against the slopes of its function, without a descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import flatten
from fallline.arrays.names import argument_name
from fallline.diagnosis.gradient_check import fault_of, measure_slopes
from fallline.errors import InputError, InputTypeError, shown
from fallline.objectives.given import GivenGradient
from fallline.trace import GradientCheck

__all__ = ["check_gradient"]


def check_gradient(
    fun: Callable[..., Any], gradient: Callable[..., Any] | bool, x: Any, args: tuple[Any, ...] = ()
) -> GradientCheck:
    """Check a gradient against the function at one point.

    The slopes are measured by central differences, each with the error that it may have; a component is wrong where
    it differs by more, and by 1e-4 of itself. A constant factor, a wrong sign and the worst component are told apart.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns the cost; with ``gradient=True`` the pair (cost, gradient).
    gradient : callable or True
        ``gradient(x, *args)`` returns the gradient, in the structure of `x`.
    x : number, list of numbers, array, torch tensor, or a dict, list or tuple of arrays or of tensors
        Where to look. A point with all components away from zero and from kinks tells most.
    args : tuple
        Further arguments of both.

    Returns
    -------
    GradientCheck
        With ``ok``, ``findings``, the ``worst`` component, and the relative error of each. Of more than 64 components
        64 are measured by themselves, and all of them along random directions.

    Raises
    ------
    InputError
        Where the cost is not finite at `x` or all about it, or the gradient has another number of components.
    InputTypeError
        Where something is no function, or returns what it should not.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd edition, 2006, section 8.1.

    Examples
    --------
    >>> import numpy as np
    >>> import fallline as fl
    >>> print(fl.check_gradient(lambda t: np.sum(t**3), lambda t: 3 * t**2, [1.0, 2.0]))
    The gradient is right: both components agree with the measured slopes.
    >>> fl.check_gradient(lambda t: np.sum(t**3), lambda t: t**2, [1.0, 2.0]).findings[0].code
    'wrong-gradient-scale'
    """
    if not callable(fun):
        raise InputTypeError(f"fun must be a function; got {shown(fun)}. Write lambda x: … or a function's name.")
    if gradient is not True and not callable(gradient):
        raise InputTypeError(
            f"gradient must be a function or True; got {shown(gradient)}. It is what is checked: True says that fun "
            "returns (cost, gradient). Pass the function that returns the gradient."
        )
    if not isinstance(args, tuple):
        raise InputTypeError(f"args must be a tuple; got {shown(args)}. For one argument write args=(a,).")
    flat, layout, _ = flatten(x, name="x", label=argument_name(fun))
    objective = GivenGradient(fun, None if gradient is True else gradient, layout, args)
    cost, given = objective.value_and_gradient(flat)
    if not np.isfinite(cost):
        raise InputError(
            f"x must be a point at which the function is finite; got {cost} at {shown(x)}. There is no slope there. "
            "Choose another point."
        )
    slopes = measure_slopes(objective.value, given, flat)
    if not slopes.index.size:
        raise InputError(
            f"x must have points about it at which the function is finite; got {shown(x)}. No slope can be measured. "
            "Choose a point inside the function's domain."
        )
    names = layout.names()
    fault = fault_of(slopes, names.__getitem__)
    errors, measured = np.full((2, flat.size), np.nan)
    errors[slopes.index], measured[slopes.index] = slopes.relative_errors, slopes.measured
    worst = int(slopes.index[slopes.worst])
    # as NumPy's arrays, also where the parameters are tensors: a table of numbers to look at
    arrays = layout.of_arrays
    return GradientCheck(
        findings=[] if fault is None else [fault],
        worst=names[worst],
        index=worst,
        error=float(errors[worst]),
        relative_errors=arrays.unflatten(errors),
        given=arrays.unflatten(given.astype(np.float64)),
        measured=arrays.unflatten(measured),
        names=[names[index] for index in slopes.index],
    )
