"""Stand-ins for the modules of NumPy and SciPy, through which a function that is followed makes its arrays.

What NumPy's own functions make cannot hold what JAX follows: writing a stand-in into it would ask for a plain number.
These modules answer with stand-ins instead, and take lists of stand-ins for arrays. NumPy itself stays as it is.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache, reduce
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np

from fallline.arrays.counterparts import scipy_counterpart
from fallline.arrays.lifting import Lifted, follow, lift, made
from fallline.arrays.lowering import LeavesNumpyError, bare, is_traced, lower
from fallline.arrays.sparse_stand_in import Sparse

__all__ = ["BUILTINS", "stand_in_of"]

SEQUENCES = frozenset(
    "block broadcast_arrays choose column_stack concat concatenate dstack hstack lexsort meshgrid multi_dot row_stack "
    "select stack vstack".split()
)
"""Functions that take a list of arrays, which is no array itself."""


class Function:
    """A function or ufunc of NumPy, whose answers are stand-ins and which takes lists of stand-ins for arrays."""

    def __init__(self, real: Any) -> None:
        self.real, self.takes_lists = real, real.__name__ in SEQUENCES

    def __call__(self, *args: Any, **settings: Any) -> Any:
        given = (_gathered(arg, self.takes_lists) for arg in args)
        return made(self.real(*given, **{name: _gathered(value) for name, value in settings.items()}))

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.real, name)
        return attribute if isinstance(attribute, (str, int, type(None))) else Function(attribute)


class SciPyFunction:
    """A function of SciPy, which JAX has a counterpart of or not."""

    def __init__(self, real: Any, room: str, name: str) -> None:
        self.real, self.room, self.name = real, room, name

    def __call__(self, *args: Any, **settings: Any) -> Any:
        counterpart = scipy_counterpart(self.room, self.name) if is_traced((args, settings)) else None
        if counterpart is None and is_traced((args, settings)):
            raise LeavesNumpyError(f"scipy.{self.room}.{self.name} has no counterpart to differentiate")
        # a tuple is what another function has answered
        given = [_gathered(arg) if isinstance(arg, list) else arg for arg in args]
        settings = {name: _array(value) if isinstance(value, list) else value for name, value in settings.items()}
        return follow(self.real, counterpart, given, settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Module:
    """A module, or a distribution of SciPy's, each of whose names answers with its stand-in."""

    def __init__(self, real: Any, inner: Callable[[str, Any], Any]) -> None:
        self._real, self._inner = real, inner

    def __getattr__(self, name: str) -> Any:
        value = self._inner(name, getattr(self._real, name))
        setattr(self, name, value)
        return value


class Scalar(type):
    """The type of the stand-ins for NumPy's types of numbers: each is its type, but makes stand-ins of stand-ins."""

    real: type

    def __call__(cls, value: Any = 0, *more: Any) -> Any:
        value = _gathered(value)
        return value.astype(cls.real) if is_traced(value) else cls.real(bare(value), *more)

    def __instancecheck__(cls, thing: Any) -> bool:
        return isinstance(thing, cls.real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.real)


class Vectorized:
    """What ``np.vectorize`` makes: the function is called element by element."""

    def __init__(self, pyfunc: Callable[..., Any], otypes: Any = None, *_: Any, **settings: Any) -> None:
        if settings.get("signature") is not None or settings.get("excluded"):
            raise LeavesNumpyError("np.vectorize with a signature or excluded arguments cannot be followed")
        self.pyfunc = pyfunc

    def __call__(self, *args: Any) -> Any:
        arrays = np.broadcast_arrays(*map(_array, args))
        answers = [self.pyfunc(*(array[place] for array in arrays)) for place in np.ndindex(arrays[0].shape)]
        shape = arrays[0].shape
        if isinstance(answers[0], tuple):
            return tuple(_array(list(part)).reshape(shape) for part in zip(*answers, strict=True))
        return _array(answers).reshape(shape)


class Joined:
    """What ``np.r_`` and ``np.c_`` are: arrays joined by indexing."""

    def __init__(self, real: Any, columns: bool) -> None:
        self.real, self.columns = real, columns

    def __getitem__(self, parts: Any) -> Any:
        parts = parts if isinstance(parts, tuple) else (parts,)
        if not is_traced(parts):
            return made(self.real[bare(parts)])
        if any(isinstance(part, str) for part in parts):
            raise LeavesNumpyError("np.r_ with directions in text cannot be followed")
        arrays = [np.atleast_1d(_array(self.real[part] if isinstance(part, slice) else part)) for part in parts]
        if self.columns:
            arrays = [array[:, None] if array.ndim == 1 else array for array in arrays]
        return np.concatenate(arrays, axis=-1)


class Distribution(Module):
    """A distribution of SciPy's; called with its parameters, it is frozen at them."""

    def __call__(self, *args: Any, **settings: Any) -> Frozen:
        return Frozen(self, args, settings)


class Frozen:
    """A distribution with its parameters: each of its methods hands them on."""

    def __init__(self, distribution: Distribution, args: tuple[Any, ...], settings: dict[str, Any]) -> None:
        self._distribution, self._args, self._settings = distribution, args, settings

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._distribution, name)
        return lambda *args, **settings: method(*args, *self._args, **{**self._settings, **settings})


def stand_in_of(thing: Any) -> Any:
    """Return the stand-in for something of NumPy's or SciPy's: a module, function, type or distribution; or itself."""
    if isinstance(thing, ModuleType):
        root, _, room = thing.__name__.partition(".")
        if root == "numpy" and room not in ("random", "testing"):
            return _numpy_module(thing)
        # what SciPy keeps in _lib is NumPy under another name
        return _scipy_module(thing, room) if root == "scipy" and not room.startswith("_lib") else thing
    if isinstance(thing, np.vectorize):
        return Vectorized(thing.pyfunc)
    if type(thing).__module__.startswith("scipy.sparse"):
        return Sparse(thing) if sys.modules["scipy.sparse"].issparse(thing) else thing
    name = getattr(thing, "__name__", None) or getattr(thing, "name", None)
    if not isinstance(name, str):
        return _joined(thing)
    for home in (np, np.linalg, np.fft):
        if vars(home).get(name) is thing:
            return _of_numpy(name, thing)
    room = _room_of(thing, name)
    return thing if room is None else _of_scipy(room, name, thing)


def _joined(thing: Any) -> Any:
    return Joined(thing, thing is np.c_) if thing is np.r_ or thing is np.c_ else thing


def _room_of(thing: Any, name: str) -> str | None:
    """Return the module of SciPy that offers something under this name, None where none does."""
    home = thing.__module__ if isinstance(thing, (type, np.ufunc)) or callable(thing) else type(thing).__module__
    rooms = ("special",) if isinstance(thing, np.ufunc) else (str(home).split(".")[1:2] or [""])
    for room in rooms:
        module = sys.modules.get(f"scipy.{room}")
        if module is not None and getattr(module, name, None) is thing:
            return room
    return None


@lru_cache(maxsize=64)
def _numpy_module(module: ModuleType) -> Module:
    return Module(module, _of_numpy)


@lru_cache(maxsize=64)
def _scipy_module(module: ModuleType, room: str) -> Module:
    return Module(module, lambda name, value: _of_scipy(room, name, value))


def _of_numpy(name: str, value: Any) -> Any:
    if isinstance(value, ModuleType):
        return stand_in_of(value)
    if name in OWN and value is getattr(np, name):
        return OWN[name]
    if isinstance(value, type):
        return _scalar(value) if issubclass(value, np.generic) and value not in ABSTRACT else value
    return Function(value) if callable(value) else _joined(value)


ABSTRACT = {np.generic, np.number, np.inexact, np.floating, np.integer, np.complexfloating, np.signedinteger}
ABSTRACT |= {np.unsignedinteger, np.flexible, np.character}


@lru_cache(maxsize=64)
def _scalar(real: type) -> type:
    stand_in = Scalar(real.__name__, (real,), {})
    stand_in.real = real
    return stand_in


def _of_scipy(room: str, name: str, value: Any) -> Any:
    if isinstance(value, ModuleType):
        return stand_in_of(value)
    if isinstance(value, type) or not (callable(value) or room == "stats"):
        return value
    if room == "stats" and not isinstance(value, type(stand_in_of)):
        functions = scipy_counterpart("stats", name)
        if functions is None:
            return value
        return Distribution(value, lambda inner, method: _method_of(functions, inner, method))
    return SciPyFunction(value, room, name)


def _method_of(functions: Any, inner: str, method: Any) -> Any:
    """Return the method of a distribution, done by JAX's function of that name where there is one."""
    counterpart = getattr(functions, inner, None)
    if counterpart is None:
        return method
    return lambda *args, **settings: follow(method, counterpart, tuple(map(_gathered, args)), settings)


# what NumPy makes arrays with


def _gathered(thing: Any, is_sequence: bool = False) -> Any:
    """Return a list that holds stand-ins as one array, where it stands for an array; in a list of arrays, each."""
    if isinstance(thing, Scalar):
        return thing.real
    if isinstance(thing, Joined | Function):
        return thing
    if not isinstance(thing, (list, tuple)) or not is_traced(thing):
        return thing
    if is_sequence:
        return type(thing)(part if _is_table(part) else _gathered(part) for part in thing)
    return lift(_stacked(thing))


def _is_table(part: Any) -> bool:
    """Tell whether a part of a sequence is a row of blocks."""
    return isinstance(part, (list, tuple)) and any(np.ndim(inner) for inner in part)


def _stacked(thing: Any) -> Any:
    parts = [_stacked(part) if isinstance(part, (list, tuple)) else jnp.asarray(lower(part)) for part in thing]
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        raise ValueError(f"an array needs rows of one shape; got {sorted(shapes)}")
    return jnp.stack(parts)


def _array(thing: Any, dtype: Any = None, *, copy: Any = True, ndmin: int = 0, order: Any = None, **_: Any) -> Any:
    """Do what ``np.array`` does, also with stand-ins."""
    dtype = dtype.real if isinstance(dtype, Scalar) else dtype
    thing = _gathered(thing)
    if isinstance(thing, np.ndarray) and not isinstance(thing, Lifted) and is_traced(thing):
        thing = lift(lower(thing))  # an object array of stand-ins
    if not isinstance(thing, Lifted):
        return made(np.array(bare(thing), dtype, copy=copy, ndmin=ndmin, order=order))
    answer = thing.copy() if copy else thing
    answer = answer if dtype is None or np.dtype(dtype) == answer.dtype else answer.astype(dtype)
    return answer.reshape((1,) * max(0, ndmin - answer.ndim) + answer.shape) if answer.ndim < ndmin else answer


def _asarray(thing: Any, dtype: Any = None, *_: Any, **__: Any) -> Any:
    return _array(thing, dtype, copy=None)


def _zeros(shape: Any, dtype: Any = float, *_: Any, **__: Any) -> Any:
    """Do what ``np.empty`` does, with the same bits at every call."""
    return made(np.zeros(bare(shape), dtype.real if isinstance(dtype, Scalar) else dtype))


def _zeros_like(other: Any, dtype: Any = None, *_: Any, shape: Any = None, **__: Any) -> Any:
    array = _array(other, copy=None)
    return _zeros(array.shape if shape is None else shape, array.dtype if dtype is None else dtype)


def _full(shape: Any, value: Any, dtype: Any = None, *_: Any, **__: Any) -> Any:
    value = _array(value, dtype)
    return np.broadcast_to(value, shape).copy()


def _fromiter(iterable: Iterable[Any], dtype: Any = float, count: int = -1, **_: Any) -> Any:
    elements = [element for element, _ in zip(iterable, range(count), strict=False)] if count >= 0 else list(iterable)
    return _array(elements, dtype)


def _frompyfunc(function: Callable[..., Any], *_: Any, **__: Any) -> Any:
    return Vectorized(function)


def _apply_along_axis(function: Callable[..., Any], axis: int, array: Any, *args: Any, **settings: Any) -> Any:
    array = np.moveaxis(_array(array, copy=None), axis, -1)
    rows = [_array(function(array[place], *args, **settings)) for place in np.ndindex(array.shape[:-1])]
    answer = np.stack(rows).reshape(array.shape[:-1] + rows[0].shape)
    inner = rows[0].ndim
    places = [(axis if axis >= 0 else array.ndim + axis) + k for k in range(inner)]
    return np.moveaxis(answer, list(range(answer.ndim - inner, answer.ndim)), places)


def _piecewise(x: Any, conditions: Any, functions: list[Any], *args: Any, **settings: Any) -> Any:
    """Do what ``np.piecewise`` does, each function on all of `x`."""
    x = _array(x, copy=None)
    if np.ndim(conditions[0]) == 0 and np.ndim(x):
        conditions = [conditions]
    values: list[Any] = [function(x, *args, **settings) if callable(function) else function for function in functions]
    answer: Any = np.zeros_like(x)
    if len(functions) == len(conditions) + 1:
        answer = np.where(reduce(operator.or_, conditions), answer, values[-1])
    for condition, value in zip(conditions, values, strict=False):
        answer = np.where(condition, value, answer)
    return answer


OWN: dict[str, Any] = {
    "array": _array,
    "asarray": _asarray,
    "asanyarray": _asarray,
    "ascontiguousarray": _asarray,
    "asfortranarray": _asarray,
    "asarray_chkfinite": _asarray,
    "require": _asarray,
    "copy": _array,
    "empty": _zeros,
    "empty_like": _zeros_like,
    "zeros_like": _zeros_like,
    "full": _full,
    "fromiter": _fromiter,
    "frompyfunc": _frompyfunc,
    "vectorize": Vectorized,
    "apply_along_axis": _apply_along_axis,
    "piecewise": _piecewise,
}


def _extreme(plain: Any, beats: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return the builtin ``max`` or ``min``, which chooses among numbers that are followed by ``np.where``."""

    def extreme(*args: Any, **settings: Any) -> Any:
        given = list(args[0]) if len(args) == 1 else list(args)
        if settings or not is_traced(given):
            return plain(*(args if len(args) > 1 else (given,)), **settings)
        first, *others = given
        for other in others:
            if np.ndim(first) or np.ndim(other):
                raise ValueError("The truth value of an array with more than one element is ambiguous.")
            first = np.where(beats(other, first), other, first)
        return first

    return extreme


BUILTINS: dict[str, Any] = {"max": _extreme(max, operator.gt), "min": _extreme(min, operator.lt)}
