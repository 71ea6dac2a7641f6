"""A function whose gradient the user gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout, flatten
from fallline.errors import InputError, InputTypeError, shown
from fallline.objectives.base import Objective
from fallline.objectives.plain import PlainFunction, one_number

__all__ = ["GivenGradient"]


class GivenGradient(Objective):
    """A plain function with the user's own gradient, both called as they are.

    Parameters
    ----------
    function : callable
        Returns the cost; with `gradient` None, the pair of cost and gradient.
    gradient : callable or None
        Returns the gradient, in the structure and shape of its argument.
    layout : Layout
        How the parameters lie in the flat vector.
    args : tuple
        Further arguments of both.
    """

    source = "user"
    pure = False

    def __init__(
        self, function: Callable[..., Any], gradient: Callable[..., Any] | None, layout: Layout, args: tuple[Any, ...]
    ) -> None:
        super().__init__()
        nowhere = np.full(layout.size, np.nan)
        self.function = PlainFunction(function, layout, args, (np.nan, nowhere) if gradient is None else np.nan)
        self.gradient = None if gradient is None else PlainFunction(gradient, layout, args, nowhere)
        self.layout = layout
        self.size, self.dtype = layout.size, layout.dtype

    def value(self, x: np.ndarray) -> float:
        self.counts.function += 1
        return self.function(x) if self.gradient is not None else one_number(self._pair(x)[0])

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        if self.gradient is not None:
            return self.function(x), self._flat(self.gradient.raw(x))
        cost, gradient = self._pair(x)
        return one_number(cost), self._flat(gradient)

    def _pair(self, x: np.ndarray) -> tuple[Any, Any]:
        answer = self.function.raw(x)
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            raise InputTypeError(
                f"fun must return (value, gradient) with gradient=True; got {shown(answer)}. "
                "Return both, or give the gradient as gradient=function."
            )
        return answer[0], answer[1]

    def _flat(self, gradient: Any) -> np.ndarray:
        """Return the gradient as a new flat vector, refusing one that does not fit the parameters."""
        flat, _, _ = flatten(gradient, name="gradient", finite=False)
        if flat.size != self.size:
            raise InputError(
                f"gradient must return one number for each parameter; got {flat.size} for {self.size}: "
                f"{shown(gradient)}. Return an array of the shape of its argument."
            )
        return flat.astype(self.dtype)
