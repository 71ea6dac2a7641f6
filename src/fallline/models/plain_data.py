"""What a model holds as plain data, JSON and arrays, and back: nothing but what is named here can come out."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

import numpy as np

from fallline import methods, schedules, steps
from fallline.arrays.layout import Layout
from fallline.errors import InputError, shown
from fallline.losses import LOSSES
from fallline.trace import Certificate, Finding, Result, Rows, StopReason, Trace
from fallline.trace.recorder import NAMES

__all__ = ["decoded", "encoded"]

NATIVE = "float64 float32 float16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool".split()
"""Types of arrays that go into the file as they are; others, such as words and dates, as their bytes."""

Arrays = dict[str, np.ndarray]


def encoded(value: Any, name: str, arrays: Arrays) -> Any:
    """Return `value` as what JSON can hold; its arrays are added to `arrays`, called by where they stand.

    Parameters
    ----------
    value : object
        A number, text or array; a list, tuple or dict of such; a trace; or an instance of fallline's own dataclasses
        for methods, learning rates, losses, findings, certificates and results.
    name : str
        Where it stands, such as ``"classes_"``.
    arrays : dict of str to array

    Raises
    ------
    InputError
        Where something in it is none of these.

    Examples
    --------
    >>> arrays = {}
    >>> encoded({"rate": 0.5, "x": np.zeros(2)}, "state", arrays)
    {'dict': [['rate', 0.5], ['x', {'array': 'state.x'}]]}
    >>> list(arrays)
    ['state.x']
    """
    if isinstance(value, StopReason):
        return {"reason": value.value}
    if isinstance(value, np.ndarray):
        return _array(value, name, arrays)
    if isinstance(value, np.generic):
        return {"scalar": _array(np.asarray(value), name, arrays)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, PurePath):
        return {"path": str(value)}
    if isinstance(value, list):
        return [encoded(item, f"{name}.{i}", arrays) for i, item in enumerate(value)]
    if isinstance(value, tuple):
        return {"tuple": encoded(list(value), name, arrays)}
    if isinstance(value, dict):
        pairs = value.items()
        return {"dict": [[encoded(key, name, arrays), encoded(item, f"{name}.{key}", arrays)] for key, item in pairs]}
    if isinstance(value, np.random.RandomState):
        return {"random": encoded(value.get_state(legacy=False), name, arrays)}
    if isinstance(value, Trace):
        columns = {key: value.flat_x if key == "x" else getattr(value, key) for key in NAMES}
        return {"trace": [encoded(columns, name, arrays), json.dumps(value.layout.to_json()), value.note]}
    return _instance(value, name, arrays)


def decoded(saved: Any, arrays: Arrays) -> Any:
    """Return the value that `encoded` was given.

    Raises
    ------
    KeyError, TypeError, ValueError
        Where `saved` was made otherwise.

    Examples
    --------
    >>> arrays = {}
    >>> decoded(encoded((1, np.float32(2)), "pair", arrays), arrays)
    (1, np.float32(2.0))
    """
    if isinstance(saved, list):
        return [decoded(item, arrays) for item in saved]
    if not isinstance(saved, dict):
        return saved
    ((kind, content),) = saved.items()
    return arrays[content] if kind == "array" else READERS[kind](decoded(content, arrays))


def _array(array: np.ndarray, name: str, arrays: Arrays) -> dict[str, Any]:
    kind = array.dtype.kind
    if kind in "OT":  # Python's objects, and NumPy's texts of any length
        items = encoded(array.ravel().tolist(), name, arrays)
        return {"items": [items, kind, list(array.shape)]}
    known = next((key for key, other in arrays.items() if other is array), None)
    if known is not None:
        return {"array": known}
    key = name
    while key in arrays:
        key += "'"
    if array.dtype.isnative and array.dtype.name in NATIVE:
        arrays[key] = array
        return {"array": key}
    _harmless(array.dtype.str)
    arrays[key] = np.frombuffer(array.tobytes(), dtype=np.uint8)
    return {"bytes": [{"array": key}, array.dtype.str, list(array.shape)]}


def _harmless(text: str) -> np.dtype:
    """Return the type of an array of numbers, dates or words, and of nothing else."""
    dtype = np.dtype(text)
    if dtype.kind not in "biufcSUmM":
        raise ValueError(f"arrays of type {dtype}")
    return dtype


def _instance(value: Any, name: str, arrays: Arrays) -> dict[str, Any]:
    key = next((key for key, known in _classes().items() if type(value) is known), None)
    if key is None:
        raise InputError(
            f"{name} must be plain data, or one of fallline's own classes, to be saved; got {shown(value)}. A file "
            "holds no code, and could not bring it back. Name a method of fallline's, or pickle the model."
        )
    given = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    if isinstance(value, Result):
        given["landscape"] = None  # a function
    return {"class": [key, encoded(given, name, arrays)]}


@cache
def _classes() -> dict[str, Any]:
    """Return fallline's dataclasses that may stand in a file, by name."""
    known: dict[str, Any] = {one.__name__: one for one in (Certificate, Finding, Result)}
    known |= {f"losses.{type(loss).__name__}": type(loss) for loss in LOSSES.values()}
    for room in (methods, schedules, steps):
        known |= _dataclasses(room)
    return known


def _dataclasses(room: ModuleType) -> dict[str, Any]:
    members = {name: getattr(room, name) for name in room.__all__}
    short = room.__name__.removeprefix("fallline.")
    return {
        f"{short}.{name}": member
        for name, member in members.items()
        if inspect.isclass(member) and is_dataclass(member) and not inspect.isabstract(member)
    }


def _from_bytes(content: list[Any]) -> np.ndarray:
    array, dtype, shape = content
    return array.view(_harmless(dtype)).reshape(shape)


def _from_items(content: list[Any]) -> np.ndarray:
    items, dtype, shape = content
    if dtype == "T":
        return np.array(items, dtype=np.dtypes.StringDType()).reshape(shape)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


def _from_state(state: dict[str, Any]) -> np.random.RandomState:
    generator = np.random.RandomState()
    generator.set_state(state)
    return generator


def _from_columns(content: list[Any]) -> Trace:
    columns, layout, note = content
    return Trace(Rows(**columns), Layout.from_json(json.loads(layout)), str(note))


def _from_fields(content: list[Any]) -> Any:
    name, given = content
    return _classes()[name](**given)


READERS: dict[str, Callable[[Any], Any]] = {
    "bytes": _from_bytes,
    "class": _from_fields,
    "dict": dict,
    "items": _from_items,
    "path": Path,
    "random": _from_state,
    "reason": StopReason,
    "scalar": lambda array: array[()],
    "trace": _from_columns,
    "tuple": tuple,
}
"""What makes a value of what stands behind each word; behind "array" stands the name of one."""
