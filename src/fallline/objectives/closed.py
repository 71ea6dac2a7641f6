"""Functions of which all is known that they refer to: what was traced once is true as long as that is the same.

Any other function is traced anew at every run, since what it refers to may have changed.
"""

from __future__ import annotations

import builtins
import dataclasses
import dis
import math
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

import numpy as np

__all__ = ["closed_key", "names_of"]

PLACES = {id(library): place for place, library in enumerate((np, math, np.linalg))}

SIMPLE = frozenset((bool, int, float, complex, str, bytes, type(None)))

PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic)

MOST = 65_536
"""Bytes of an array that are compared at every run; a larger one is sooner traced anew."""


class _OpenError(Exception):
    """The function refers to something that may change unseen."""


def closed_key(function: Callable[..., Any], *, values: bool = False) -> tuple[Any, ...] | None:
    """Return what identifies a function that refers to nothing but NumPy, math and builtins; None for any other.

    With `values`, it may also refer to numbers, to small arrays, and to functions and frozen dataclasses that refer to
    no more than that: their values are part of the key.
    """
    if not values and not isinstance(function, FunctionType):
        return None
    try:
        return _key_of_function(function, values, ()) if isinstance(function, FunctionType) else _key_of(function, ())
    except _OpenError:
        return None


def _key_of_function(function: FunctionType, values: bool, within: tuple[Any, ...]) -> tuple[Any, ...]:
    given = (function.__defaults__ or (), *(function.__kwdefaults__ or {}).items())
    cells = function.__closure__ or ()
    names, imports = names_of(function.__code__)
    kept = values and _keeps(function.__code__)
    if imports or kept or function in within or (not values and (cells or given != ((),))):
        raise _OpenError
    scope, within = function.__globals__, (*within, function)
    libraries, others = [], []
    for name in names:
        if name not in scope:
            if name not in vars(builtins):
                raise _OpenError
        elif (place := PLACES.get(id(scope[name]))) is not None:
            libraries.append((name, place))
        else:
            others.append((name, scope[name]))
    if others and not values:
        raise _OpenError
    try:
        captured = [cell.cell_contents for cell in cells]
    except ValueError as error:  # a name that is bound later
        raise _OpenError from error
    parts = [(name, _key_of(value, within)) for name, value in others]
    return (
        function.__code__,
        tuple(libraries),
        tuple(parts),
        _key_of(tuple(captured), within) if captured else (),
        _key_of(given, within) if given != ((),) else (),
        _key_of(tuple(sorted(vars(function).items())), within) if values and vars(function) else (),
    )


def _key_of(value: Any, within: tuple[Any, ...]) -> Any:
    """Return the value as something that can be compared, and that changes with it."""
    if type(value) in SIMPLE or isinstance(value, PLAIN):
        # 0.0 and -0.0 are equal, and so are 1 and 1.0 and True
        return type(value), repr(value)
    if isinstance(value, tuple):
        return tuple(_key_of(item, within) for item in value)
    if type(value) is np.ndarray and value.dtype != object and value.nbytes <= MOST:
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, FunctionType):
        return _key_of_function(value, True, within)
    if dataclasses.is_dataclass(value) and type(value).__dataclass_params__.frozen:  # type: ignore[attr-defined]
        call, fields = type(value).__call__, _fields_of(type(value))
        if isinstance(call, FunctionType) and vars(value).keys() == fields.keys():
            # a field that is left out of comparison is of no effect
            compared = tuple(getattr(value, name) for name, counts in fields.items() if counts)
            used = _key_of_class(type(value), call.__code__, within)
            return type(value), _key_of_function(call, True, within), used, _key_of(compared, within)
    raise _OpenError


def _key_of_class(cls: type, code: CodeType, within: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the key of all that code, and what it calls there, looks up in a class: methods, properties and values."""
    parts, waiting, seen = [], [code], set()
    fields = _fields_of(cls).keys()
    while waiting:
        for name in sorted(_attributes_of(waiting.pop()) - fields - seen):
            seen.add(name)
            found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
            if isinstance(found, property):
                found = found.fget
            if isinstance(found, (staticmethod, classmethod)):
                found = found.__func__
            if isinstance(found, FunctionType):
                waiting.append(found.__code__)
            if found is not None:
                parts.append((name, _key_of(found, within)))
    return tuple(parts)


@lru_cache(maxsize=256)
def _fields_of(cls: type) -> dict[str, bool]:
    """Return the names of a dataclass's fields, each with whether it counts in a comparison."""
    return {field.name: field.compare for field in dataclasses.fields(cls)}


@lru_cache(maxsize=1024)
def _attributes_of(code: CodeType) -> frozenset[str]:
    """Return every attribute that a function's code, or that of a function within it, looks up."""
    names = (instruction.argval for instruction in dis.get_instructions(code) if "ATTR" in instruction.opname)
    methods = (instruction.argval for instruction in dis.get_instructions(code) if "METHOD" in instruction.opname)
    inner = (_attributes_of(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return frozenset((*names, *methods)).union(*inner)


@lru_cache(maxsize=1024)
def _keeps(code: CodeType) -> bool:
    """Tell whether a function's code might keep a value beyond the call: in a variable around it, or in an object."""
    return any(
        instruction.opname in ("STORE_ATTR", "STORE_DEREF") for instruction in dis.get_instructions(code)
    ) or any(_keeps(constant) for constant in code.co_consts if isinstance(constant, CodeType))


@lru_cache(maxsize=1024)
def names_of(code: CodeType) -> tuple[tuple[str, ...], bool]:
    """Return the globals that a function's code, or that of a function within it, looks up; and whether it imports."""
    names, imports = set(), False
    for instruction in dis.get_instructions(code):
        imports |= instruction.opname.startswith("IMPORT_")
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL"):
            names.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner, inside = names_of(constant)
            names.update(inner)
            imports |= inside
    return tuple(sorted(names)), imports
