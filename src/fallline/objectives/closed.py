"""Functions that depend on nothing but their argument: what was traced once is true for ever.

Any other function is traced anew at every run, since an array or a number that it refers to may have changed.
"""

from __future__ import annotations

import builtins
import dis
import math
from collections.abc import Callable
from functools import lru_cache
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
    names = _globals_of(function.__code__)
    if names is None:
        return None
    referred = []
    for name in names:
        if name in function.__globals__:
            value = function.__globals__[name]
            if not any(value is library for library in LIBRARIES):
                return None
            referred.append((name, [value is library for library in LIBRARIES].index(True)))
        elif name not in vars(builtins):
            return None
    return function.__code__, tuple(referred)


@lru_cache(maxsize=1024)
def _globals_of(code: CodeType) -> tuple[str, ...] | None:
    """Return every name that a function's code, or that of a function within it, looks up; None where it imports."""
    names = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname.startswith("IMPORT_"):
            return None
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL"):
            names.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = _globals_of(constant)
            if inner is None:
                return None
            names.update(inner)
    return tuple(sorted(names))
