"""What the user's function calls its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

__all__ = ["argument_name"]


def argument_name(fun: Callable[..., Any]) -> str:
    """Return what the function calls its first argument, for labels; "x" where that cannot be told.

    Examples
    --------
    >>> argument_name(lambda theta: theta**2)
    'theta'
    """
    if isinstance(fun, FunctionType) and not vars(fun) and fun.__code__.co_argcount:
        return fun.__code__.co_varnames[0]  # quicker than its signature
    call = type(fun).__call__
    if isinstance(call, FunctionType) and not vars(call) and call.__code__.co_argcount > 1:
        return call.__code__.co_varnames[1]
    try:
        parameters = [p for p in inspect.signature(fun).parameters.values() if p.kind != p.VAR_KEYWORD]
    except (TypeError, ValueError):
        return "x"
    return parameters[0].name if parameters and parameters[0].kind != inspect.Parameter.VAR_POSITIONAL else "x"
