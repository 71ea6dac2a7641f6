"""The user's function just as it is, called with a copy of the parameters and held to returning one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.tensors import as_array
from fallline.errors import InputTypeError, shown

__all__ = ["PlainFunction", "one_number"]


class PlainFunction:
    """The user's function of a flat vector.

    It may write into what it is given, and NumPy's floating-point warnings stay quiet: the findings tell instead.
    """

    def __init__(self, function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> None:
        self.function, self.layout, self.args = function, layout, args

    def __call__(self, x: np.ndarray) -> float:
        return one_number(self.raw(x))

    def raw(self, x: np.ndarray) -> Any:
        """Return whatever the function returns at `x`, shape (d,)."""
        with np.errstate(all="ignore"):
            return self.function(self.layout.arguments(x.copy()), *self.args)


def one_number(answer: Any) -> float:
    """Return the one real number that a function answered.

    Raises
    ------
    InputTypeError
        Where it answered anything else.
    """
    if answer is None:
        raise InputTypeError(
            "fun must return one number; got None. Perhaps its last line lacks `return`. Return the cost."
        )
    if isinstance(answer, (str, bytes, dict)):
        raise InputTypeError(f"fun must return one number; got {shown(answer)}. Return the cost as a number.")
    try:
        array = as_array(answer)
        number = array.astype(np.float64) if array.dtype.kind in "biufO" else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise InputTypeError(
            f"fun must return one real number; got {shown(answer)} ({type(answer).__name__}). "
            "Return the cost as a number."
        )
    if number.size != 1:
        raise InputTypeError(
            f"fun must return one number; got an array of shape {number.shape}. A descent needs one cost to lower. "
            "Reduce it, for example by np.sum or np.mean."
        )
    return float(number.reshape(()))
