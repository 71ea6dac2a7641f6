"""Functions that depend on nothing but their argument: what was traced once is true for ever.

Any other function is traced anew at every run, since an array or a number that it refers to may have changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

import numpy as np

__all__ = ["closed_key"]

LIBRARIES = (np, math, np.linalg)


def closed_key(function: Callable[..., Any]) -> tuple[Any, ...] | None:
    """Return what identifies a function that refers to nothing but NumPy, math and builtins; None for any other."""
    if (
        not isinstance(function, FunctionType)
        or function.__closure__
        or function.__defaults__
        or function.__kwdefaults__
    ):
        return None
    referred = []
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            value = function.__globals__[name]
            if not any(value is library for library in LIBRARIES):
                return None
            referred.append((name, [value is library for library in LIBRARIES].index(True)))
    return function.__code__, tuple(referred)


def _names(code: CodeType) -> set[str]:
    """Return every name that a function's code, or that of a function within it, may look up in its globals."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inner))
