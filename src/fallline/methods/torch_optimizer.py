"""Methods from torch: its optimizers, on torch functions."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.tensors import as_array
from fallline.errors import InputError, InputTypeError, shown
from fallline.methods.base import RatedMethod
from fallline.methods.torch_state import packed, unpacked
from fallline.steps.base import Evaluate, Point

if TYPE_CHECKING:
    import torch

__all__ = ["TorchOptimizer", "makes_optimizer"]


def makes_optimizer(thing: Any) -> bool:
    """Tell whether a thing is a class of torch's optimizers, or a function that may make one."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    if isinstance(thing, torch.optim.Optimizer):
        raise InputTypeError(
            f"method must be a class of torch's optimizers; got {shown(thing)}, one that has its parameters already. "
            f"minimize makes them from x0. Write method=torch.optim.{type(thing).__name__}, or with settings "
            f"method=functools.partial(torch.optim.{type(thing).__name__}, …)."
        )
    is_class = isinstance(thing, type) and issubclass(thing, torch.optim.Optimizer)
    return is_class or isinstance(thing, (functools.partial, FunctionType))


@dataclass(frozen=True, kw_only=True)
class TorchOptimizer(RatedMethod):
    """One of torch's optimizers, with exactly its iterates.

    It gets the tensors of `x0` as its parameters, one of them for each tensor in a tree, and the cost by a closure, so
    that those which evaluate it more than once in a step work too. Unlike fallline's own methods it keeps its state to
    itself; a checkpoint holds what its ``state_dict()`` tells.

    Parameters
    ----------
    make : callable
        Makes the optimizer from a list of tensors: a class such as ``torch.optim.Adam``, one with settings by
        ``functools.partial``, or a function, which may sort the tensors into groups.
    learning_rate : float, schedule or None
        torch's ``lr``; None for the optimizer's own. Of several groups it is the first one's, and the others keep
        their proportion to it.

    Examples
    --------
    >>> import functools, torch
    >>> import fallline as fl
    >>> method = functools.partial(torch.optim.SGD, momentum=0.5)
    >>> start = torch.tensor(3.0, dtype=torch.float64)
    >>> fl.minimize(lambda theta: theta**2, start, method=method, learning_rate=0.25, max_iterations=2).trace.x
    array([3. , 1.5, 0. ])
    """

    name: ClassVar[str] = "torch"

    make: Callable[..., Any] = field(repr=False)
    optimizer: str = ""
    layout: Layout | None = field(default=None, repr=False)

    def laid_out(self, layout: Layout) -> TorchOptimizer:
        if layout.library != "torch":
            raise InputTypeError(
                f"method must be one of fallline.methods where x0 is not of torch tensors; got {shown(self.make)}. "
                "torch's optimizers move tensors. Start from torch.tensor(…), or write method='adam', say."
            )
        here = replace(self, layout=layout)
        made = here.made(np.zeros(layout.size, layout.dtype))[0]
        rate = self.learning_rate if self.learning_rate is not None else float(made.param_groups[0].get("lr", 1.0))
        return replace(here, optimizer=type(made).__name__, learning_rate=rate)

    def made(self, x: np.ndarray) -> tuple[torch.optim.Optimizer, list[torch.Tensor]]:
        """Return a new optimizer of parameters at `x`, shape (d,), and these.

        Raises
        ------
        InputError
            Where torch refuses to make it.
        InputTypeError
            Where no optimizer was made.
        """
        import torch

        if self.layout is None:
            raise RuntimeError("lay the optimizer out before it is made")
        parameters = [part.requires_grad_() for part in self.layout.parts(self.layout.arguments(x))]
        takes_rate = isinstance(self.learning_rate, float) and "lr" in inspect.signature(self.make).parameters
        try:
            made = self.make(parameters, lr=self.learning_rate) if takes_rate else self.make(parameters)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"method must make an optimizer of the tensors of x0; got {shown(self.make)}. torch says: {error}. "
                "Set it up by functools.partial, and give it the learning_rate that it needs."
            ) from error
        if not isinstance(made, torch.optim.Optimizer):
            raise InputTypeError(
                f"method must make one of torch's optimizers; got {shown(made)} from {shown(self.make)}."
            )
        return made, parameters

    def init(self, x: Any) -> tuple[torch.optim.Optimizer, list[torch.Tensor]]:
        return self.made(x)

    def saved(self, state: tuple[torch.optim.Optimizer, list[torch.Tensor]]) -> list[np.ndarray]:
        """Return a state as an array of bytes, in a list.

        Raises
        ------
        InputTypeError
            Where the optimizer keeps anything but tensors and numbers.
        """
        return [packed(state[0])]

    def restored(self, state: Any, saved: list[np.ndarray], x: np.ndarray) -> Any:
        """Return a state of `init` brought to where the saved one was, with its parameters at `x`, shape (d,)."""
        optimizer, parameters = state
        unpacked(optimizer, saved[0])
        self._put(parameters, x)
        return state

    def arrive(self, here: Point, state: Any, rate: Any, evaluate: Evaluate) -> tuple[Any, Any]:
        import torch

        optimizer, parameters = state
        _set_rate(optimizer, rate)
        penalty = evaluate.penalty
        slope = here.gradient if penalty is None else penalty.slope(here.x, here.gradient)

        def closure() -> torch.Tensor:
            x = _flat(parameters, here.x.dtype)
            if np.array_equal(x, here.x):
                self._give(parameters, slope)
                return torch.tensor(here.fun)
            if penalty is not None:
                raise InputError(
                    f"method must take one step at a time under a penalty or bounds; got {self.optimizer}, which goes "
                    "on inside its own, where nothing keeps it to them. Write method='auto', or torch.optim.Adam, say."
                )
            point = evaluate.point(x)
            self._give(parameters, point.gradient)
            return torch.tensor(point.fun)

        optimizer.step(closure)
        there = _flat(parameters, here.x.dtype)
        if penalty is not None:
            there = penalty.keep(here.x, slope, there)
            self._put(parameters, there)
        return there, state

    def move(self, here: Point, state: Any, rate: Any, evaluate: Evaluate) -> tuple[Any, Any]:
        there, state = self.arrive(here, state, rate, evaluate)
        return here.x - there, state

    def _put(self, parameters: list[torch.Tensor], x: np.ndarray) -> None:
        """Move the parameters to `x`, shape (d,)."""
        import torch

        if self.layout is not None:
            with torch.no_grad():
                for parameter, part in zip(parameters, self.layout.parts(self.layout.arguments(x)), strict=True):
                    parameter.copy_(part)

    def _give(self, parameters: list[torch.Tensor], gradient: np.ndarray) -> None:
        if self.layout is not None:
            for parameter, slope in zip(parameters, self.layout.parts(self.layout.arguments(gradient)), strict=True):
                parameter.grad = slope


def _set_rate(optimizer: torch.optim.Optimizer, rate: Any) -> None:
    """Set the rate of the first group, and those of the others in proportion; leave alone what rounds to the same."""
    first = float(optimizer.param_groups[0].get("lr", 1.0))
    if rate == rate.dtype.type(first):
        return
    for group in optimizer.param_groups:
        group["lr"] = float(rate) * (float(group.get("lr", first)) / first if first else 1.0)


def _flat(parameters: list[torch.Tensor], dtype: np.dtype) -> np.ndarray:
    return np.concatenate([as_array(parameter).ravel() for parameter in parameters]).astype(dtype, copy=False)
