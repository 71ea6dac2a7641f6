"""The user's function just as it is, called with a copy of the parameters and held to returning one number."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Literal

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.tensors import as_array
from fallline.errors import InputTypeError, shown

__all__ = ["PlainFunction", "complaints", "is_undefined", "one_number"]


MATHS = re.compile(r"math (domain|range) error|expected a .*, got")
"""What Python's math module says of an argument that it has no answer for."""

HEARD: ContextVar[Literal["ignore", "warn"]] = ContextVar("HEARD", default="ignore")
"""What becomes of NumPy's floating-point warnings."""


class PlainFunction:
    """The user's function of a flat vector.

    It may write into what it is given, and NumPy's floating-point warnings stay quiet: the findings tell instead.
    Where it raises that it is not defined (a math domain error, a division by zero, an overflow, a singular matrix),
    that is the user's to see at the start; once it has answered, the point counts as one where it is not finite, as
    it would had NumPy done the arithmetic.

    Parameters
    ----------
    function : callable
        As the user wrote it.
    layout : Layout
        How it takes its parameters.
    args : tuple
        Its further arguments.
    undefined : object
        What stands for the answer where it is not defined.
    answered : bool
        Whether it is known to have answered.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        layout: Layout,
        args: tuple[Any, ...],
        undefined: Any = np.nan,
        answered: bool = False,
    ) -> None:
        self.function, self.layout, self.args, self.undefined = function, layout, args, undefined
        self.has_answered = answered

    def __call__(self, x: np.ndarray) -> float:
        return one_number(self.raw(x))

    def raw(self, x: np.ndarray) -> Any:
        """Return whatever the function returns at `x`, shape (d,)."""
        with np.errstate(all=HEARD.get()), self.layout.scope():
            try:
                answer = self.function(self.layout.arguments(x.copy()), *self.args)
            except (ArithmeticError, ValueError) as error:
                if not (self.has_answered and is_undefined(error)):
                    raise
                return self.undefined
        self.has_answered = True
        return answer


def complaints(function: Callable[[np.ndarray], Any], x: np.ndarray) -> list[str]:
    """Return what NumPy has to say of a call at `x`, shape (d,), that leads to a plain function.

    Examples
    --------
    >>> from fallline.arrays.layout import flatten
    >>> x, layout, _ = flatten([0.0])
    >>> complaints(PlainFunction(lambda x: np.log(x[0]), layout, ()), x)
    ['divide by zero encountered in log']
    """
    before = HEARD.set("warn")
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            function(x)
    finally:
        HEARD.reset(before)
    return [str(warning.message) for warning in said if issubclass(warning.category, RuntimeWarning)]


def is_undefined(error: Exception) -> bool:
    """Tell whether an error says that a function has no value here, rather than that something is wrong with it."""
    return isinstance(error, (ArithmeticError, np.linalg.LinAlgError)) or MATHS.match(str(error)) is not None


def one_number(answer: Any) -> float:
    """Return the one real number that a function answered.

    Raises
    ------
    InputTypeError
        Where it answered anything else.
    """
    if type(answer) in (float, np.float64):
        return float(answer)
    if answer is None:
        raise InputTypeError(
            "fun must return one number; got None. Perhaps its last line lacks `return`. Return the cost."
        )
    if isinstance(answer, (str, bytes, dict)):
        raise InputTypeError(f"fun must return one number; got {shown(answer)}. Return the cost as a number.")
    if isinstance(answer, (tuple, list)) and len(answer) == 2 and np.size(answer[0]) == 1 and np.ndim(answer[1]):
        raise _pair(answer)
    try:
        array = as_array(answer)
        number = array.astype(np.float64) if array.dtype.kind in "biufO" else None
    except (TypeError, ValueError):
        number = None
    if number is None and np.iscomplexobj(answer):
        raise InputTypeError(
            f"fun must return one real number; got {shown(answer)} ({type(answer).__name__}). Complex numbers have no "
            "order, so none of them is the lowest. Return its real part, or its size by np.abs."
        )
    if number is None:
        raise InputTypeError(
            f"fun must return one real number; got {shown(answer)} ({type(answer).__name__}). "
            "Return the cost as a number."
        )
    if isinstance(answer, tuple) and len(answer) == 2:
        raise _pair(answer)
    if number.size != 1:
        raise InputTypeError(
            f"fun must return one number; got an array of shape {number.shape}. A descent needs one cost to lower. "
            "Reduce it, for example by np.sum or np.mean."
        )
    return float(number.reshape(()))


def _pair(answer: Any) -> InputTypeError:
    """Return the error about a function that returned two things, its gradient beside its cost as a rule."""
    return InputTypeError(
        f"fun must return one number; got a pair: {shown(answer)}. If these are the cost and its gradient, say so. "
        "Pass gradient=True."
    )
