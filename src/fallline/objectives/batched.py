"""A mean over rows of data, asked for some of them at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.tensors import taken
from fallline.objectives.base import Objective, RowsProgram
from fallline.objectives.differences import DifferencedFunction
from fallline.objectives.given import GivenGradient
from fallline.objectives.tensorflow_function import TensorFlowFunction

__all__ = ["BatchedFunction"]


class BatchedFunction:
    """A function ``fun(x, *data, *args)`` that is a mean over the rows of `data`, each array's first axis.

    Parameters
    ----------
    function : callable
        As the user wrote it.
    gradient : callable or None
        As the user wrote it, where `whole` is of a given gradient.
    whole : Objective
        The function over all rows.
    layout : Layout
        How the function takes its parameters.
    data : tuple of array or tensor
        The rows.
    args : tuple
        Its further arguments.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        gradient: Callable[..., Any] | None,
        whole: Objective,
        layout: Layout,
        data: tuple[Any, ...],
        args: tuple[Any, ...],
    ) -> None:
        self.function, self.gradient, self.whole, self.layout = function, gradient, whole, layout
        self.data, self.args = data, args

    @property
    def program(self) -> RowsProgram | None:
        """The compiled form, where there is one."""
        return self.whole.program if isinstance(self.whole.program, RowsProgram) else None

    def on(self, rows: np.ndarray) -> Objective:
        """Return the function over these rows only, its gradient from where the whole one's is."""
        args = (*(taken(array, rows) for array in self.data), *self.args)
        if self.whole.source == "user":
            return GivenGradient(self.function, self.gradient, self.layout, args)
        if self.whole.source == "finite-differences":
            return DifferencedFunction(self.function, self.layout, args)
        if self.whole.source == "torch":
            from fallline.objectives.torch_function import TorchFunction

            return TorchFunction(self.function, self.layout, args)
        if self.whole.source == "jax":
            from fallline.objectives.jax_function import EagerJaxFunction

            return EagerJaxFunction(self.function, self.layout, args)
        if isinstance(self.whole, TensorFlowFunction):
            return self.whole.on(args[: len(self.data)])
        from fallline.objectives.lifted import StepwiseFunction

        return StepwiseFunction(self.function, self.layout, args, is_checked=True)
