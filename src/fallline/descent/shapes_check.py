"""The look at the shapes that meet in a function, before the first step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.watched import watched
from fallline.diagnosis.column_against_row import column_against_row
from fallline.objectives.plain import PlainFunction
from fallline.trace import Finding

__all__ = ["look_at_shapes"]

DEEP = 3
"""How far to follow functions that a function refers to."""


def look_at_shapes(fun: Callable[..., Any], x0: np.ndarray, layout: Layout, args: tuple[Any, ...]) -> list[Finding]:
    """Return what is noticed about the shapes that meet at the start, where a column is among them.

    Only then is the function called, once, in NumPy.
    """
    if layout.library != "numpy" or not _has_a_column(fun, layout, args):
        return []
    x = watched(x0)
    try:
        PlainFunction(fun, layout, args).raw(x)
    # it may mistake the arrays that watch in any way; where it cannot be called at all, the run has said so
    except Exception:  # noqa: BLE001
        return []
    return [column_against_row(x.squares[0])] if x.squares else []


def _has_a_column(fun: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> bool:
    if any(_is_column(leaf.shape) for leaf in layout.leaves):
        return True
    return any(isinstance(thing, np.ndarray) and _is_column(thing.shape) for thing in (*args, *_referred(fun, DEEP)))


def _is_column(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and shape[1] == 1 and shape[0] > 1


def _referred(thing: Any, deep: int) -> Iterator[Any]:
    """Yield what a function refers to, and what the functions among these do."""
    if not isinstance(thing, FunctionType) or not deep:
        return
    values = thing.__globals__
    found = [values[name] for name in _names(thing.__code__) if name in values]
    for cell in thing.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # a name that is bound later
            continue
    for value in (*found, *(thing.__defaults__ or ())):
        yield value
        yield from _referred(value, deep - 1)


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that code, and the functions within it, may look up; more than they do, but at once."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
