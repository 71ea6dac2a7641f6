"""A stand-in for a NumPy array through which JAX sees what ordinary NumPy code does.

NumPy hands every ufunc, function and operator over to an operand that asks for it (NEP 13 and NEP 18). `Lifted` asks,
and does the same with ``jax.numpy``, so that a function written with ``import numpy as np`` can be traced,
differentiated and compiled as it stands. What cannot be followed raises an error that names it; nothing is ever
silently taken for a constant.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["LeavesNumpyError", "Lifted", "NeedsValueError", "lift", "lower"]


class NeedsValueError(Exception):
    """The code looks at a value (an ``if``, a ``while``): it can be followed step by step, but not compiled."""


class LeavesNumpyError(Exception):
    """The code turns an array into plain numbers, or calls what has no counterpart: it cannot be followed."""


class View(NamedTuple):
    """How an array shows another: what it reads off its base, and the base after writing into it."""

    base: Lifted
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any]


class Lifted:
    """An array that NumPy code can use as one of its own while JAX follows."""

    __slots__ = ("__weakref__", "_own", "_view", "constants")
    __array_priority__ = 1000

    def __init__(self, own: jax.Array | None, constants: dict[Any, Any], view: View | None = None) -> None:
        self._own = own
        self._view = view
        self.constants = constants
        if watched is not None:
            watched.append(weakref.ref(self))

    @property
    def value(self) -> Any:
        """The JAX array; a view reads it off its base, so that what is written into one is seen in the other."""
        return self._own if self._view is None else self._view.read(self._view.base.value)

    @value.setter
    def value(self, new: jax.Array) -> None:
        if self._view is None:
            self._own = new
        else:
            self._view.base.value = self._view.write(self._view.base.value, new)

    # what the array looks like

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def size(self) -> int:
        return self.value.size

    @property
    def dtype(self) -> np.dtype:
        return self.value.dtype

    @property
    def T(self) -> Lifted:  # noqa: N802 (NumPy's name)
        return self._seen(lambda base: base.T, lambda _, new: new.T)

    @property
    def real(self) -> Lifted:
        return self._like(self.value.real)

    @property
    def flat(self) -> Iterator[Lifted]:
        return iter(self.reshape(-1))

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Lifted]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Lifted({self.value})"

    def __format__(self, spec: str) -> str:
        return repr(self)

    # where values are looked at

    def __bool__(self) -> bool:
        try:
            return bool(self.value)
        except jax.errors.ConcretizationTypeError:
            raise NeedsValueError("a Python `if`, `while`, `and` or `max` looks at a value") from None

    def __index__(self) -> int:
        if not jnp.issubdtype(self.dtype, jnp.integer):
            raise TypeError("only integer arrays can be converted to an index")
        return self.__int__()

    def __int__(self) -> int:
        try:
            return int(self.value)
        except jax.errors.ConcretizationTypeError:
            raise NeedsValueError("int() or an index looks at a value") from None

    def __float__(self) -> float:
        raise LeavesNumpyError("float() or a function of the math module turns an array into a plain number")

    def __complex__(self) -> complex:
        raise LeavesNumpyError("complex() turns an array into a plain number")

    def item(self, *index: int) -> float:
        raise LeavesNumpyError(".item() turns an array into a plain number")

    def tolist(self) -> list[Any]:
        return [row.tolist() if row.ndim else row for row in self]

    # elements

    def __getitem__(self, index: Any) -> Lifted:
        place = self._index(index)
        if all(isinstance(part, (int, slice, type(None), type(...))) for part in _parts(place)):
            return self._seen(lambda base: base[place], lambda base, new: base.at[place].set(new))
        return self._like(self.value[place])

    def __setitem__(self, index: Any, new: Any) -> None:
        self.value = self.value.at[self._index(index)].set(self._lower(new))

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    # NumPy's two protocols

    def __array_ufunc__(self, ufunc: np.ufunc, kind: str, *inputs: Any, out: Any = None, **settings: Any) -> Any:
        counterpart = getattr(jnp, ufunc.__name__, None)
        if counterpart is None:
            raise LeavesNumpyError(f"np.{ufunc.__name__} has no counterpart to differentiate")
        operation = counterpart if kind == "__call__" else getattr(counterpart, kind, None)
        if operation is None or (settings.get("where", True) is not True and kind == "__call__"):
            raise LeavesNumpyError(f"np.{ufunc.__name__}.{kind} cannot be followed in this form")
        settings.pop("where", None)
        settings.pop("casting", None)
        answer = self._wrap(operation(*(self._lower(each) for each in inputs), **settings))
        return answer if out is None else self._write(out[0], answer)

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        home = jnp.linalg if "linalg" in function.__module__ else jnp.fft if "fft" in function.__module__ else jnp
        counterpart = getattr(home, function.__name__, None)
        if counterpart is None:
            raise LeavesNumpyError(f"np.{function.__name__} has no counterpart to differentiate")
        settings = dict(settings)
        out = settings.pop("out", None)
        given = {name: self._lower(value) for name, value in settings.items()}
        lowered = [self._lower(arg) for arg in args]
        try:
            answer = counterpart(*lowered, **given)
        except TypeError:
            # NumPy takes lists of numbers for arrays, JAX does not
            answer = counterpart(*(np.asarray(arg) if isinstance(arg, list) else arg for arg in lowered), **given)
        return self._wrap(answer) if out is None else self._write(out, self._wrap(answer))

    # between the two worlds

    def _like(self, value: jax.Array) -> Lifted:
        return Lifted(value, self.constants)

    def _seen(self, read: Callable[[Any], Any], write: Callable[[Any, Any], Any]) -> Lifted:
        """Return a view of this array, as NumPy would; a single element is a number of its own."""
        value = read(self.value)
        return Lifted(None, self.constants, View(self, read, write)) if value.ndim else self._like(value)

    def _lower(self, thing: Any) -> Any:
        return lower(thing, self.constants)

    def _wrap(self, answer: Any) -> Any:
        if isinstance(answer, jax.Array):
            return self._like(answer)
        if isinstance(answer, (tuple, list)):
            parts = [self._wrap(part) for part in answer]
            return (
                type(answer)(*parts) if isinstance(answer, tuple) and type(answer) is not tuple else type(answer)(parts)
            )
        return answer

    def _index(self, index: Any) -> Any:
        if isinstance(index, tuple):
            return tuple(self._index(part) for part in index)
        if isinstance(index, Lifted) and index.dtype == bool:
            raise NeedsValueError("a mask that depends on the parameters selects elements")
        if isinstance(index, list):
            return np.asarray(index)
        return self._lower(index) if isinstance(index, Lifted) else index

    @staticmethod
    def _write(target: Any, answer: Lifted) -> Lifted:
        if not isinstance(target, Lifted):
            raise LeavesNumpyError("out= writes into a plain array, which cannot be followed")
        target.value = answer.value.astype(target.dtype).reshape(target.shape)
        return target

    def copy(self, *_: Any) -> Lifted:
        return self._like(self.value)

    def __copy__(self) -> Lifted:
        return self.copy()

    def __deepcopy__(self, memory: Any) -> Lifted:
        return self.copy()

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Lifted:
        if np.dtype(dtype).kind not in "fc":
            raise LeavesNumpyError(f".astype({np.dtype(dtype).name}) cuts the parameters to whole numbers or worse")
        return self._like(self.value.astype(dtype))

    def reshape(self, *shape: Any, order: str = "C") -> Lifted:
        return self._seen(
            lambda base: base.reshape(*shape, order=order), lambda base, new: new.reshape(base.shape, order=order)
        )

    def ravel(self, order: str = "C") -> Lifted:
        return self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> Lifted:
        return self._like(self.value.reshape(-1, order=order))

    def squeeze(self, axis: Any = None) -> Lifted:
        return self._seen(lambda base: base.squeeze(axis), lambda base, new: new.reshape(base.shape))

    def transpose(self, *axes: Any) -> Lifted:
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
        order = tuple(order) or tuple(reversed(range(self.ndim)))
        back = tuple(int(place) for place in np.argsort(order))
        return self._seen(lambda base: base.transpose(order), lambda _, new: new.transpose(back))

    def fill(self, value: Any) -> None:
        self[...] = value


watched: list[weakref.ref[Lifted]] | None = None
"""While `outlives` looks on: every stand-in made."""


def outlives(function: Callable[[], Any]) -> bool:
    """Call a function; tell whether stand-ins outlive the call, so that it keeps somewhere what it computes."""
    global watched  # noqa: PLW0603
    watched, before = [], watched
    try:
        function()
        return any(reference() is not None for reference in watched)
    finally:
        watched = before


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def lower(thing: Any, constants: dict[Any, Any]) -> Any:
    """Return `thing` as JAX takes it: stand-ins unwrapped, arrays as constants shared through `constants`."""
    if isinstance(thing, Lifted):
        return thing.value
    if isinstance(thing, np.ndarray):
        if thing.dtype == object:
            return _stack(thing, constants)
        return _constant(thing, constants)
    if isinstance(thing, (list, tuple)):
        parts = [lower(part, constants) for part in thing]
        if any(isinstance(part, jax.Array) for part in parts):
            # beside arrays, NumPy takes lists of numbers for arrays too
            parts = [jnp.asarray(part) if isinstance(part, (list, tuple)) else part for part in parts]
        return parts if isinstance(thing, list) else tuple(parts)
    return thing


def lift(value: jax.Array) -> Lifted:
    """Return the stand-in for a JAX array or tracer."""
    return Lifted(value, {})


def _constant(array: np.ndarray, constants: dict[Any, Any]) -> jax.Array:
    """Return the array as JAX's, one for all its uses: the same memory is handed over only once."""
    if array.dtype.kind not in "fiubc":
        raise LeavesNumpyError(f"an array of type {array.dtype} has no counterpart to differentiate")
    if array.nbytes <= 64:
        return jnp.asarray(array)
    place = array.__array_interface__
    key = (place["data"][0], place["strides"], array.shape, array.dtype.str)
    if key not in constants:
        # a temporary must live as long as its address is a key
        constants[key] = (jnp.asarray(array), array)
    return constants[key][0]


def _stack(array: np.ndarray, constants: dict[Any, Any]) -> jax.Array:
    """Return an object array of stand-ins, as ``np.array([t[0], t[1]])`` makes them, as one array."""
    parts = [jnp.asarray(lower(element, constants)) for element in array.ravel()]
    return jnp.stack(parts).reshape(array.shape) if parts else jnp.zeros(array.shape)


def _operator(name: str, swapped: bool = False) -> Callable[[Lifted, Any], Any]:
    function = getattr(operator, name)

    def method(self: Lifted, other: Any) -> Any:
        if isinstance(other, np.ndarray) and other.dtype == object and other.ndim:
            pass  # an object array of stand-ins is as good as an array
        elif other is None or isinstance(other, (str, dict, set)):
            return NotImplemented
        other = self._lower(other)
        return self._like(function(other, self.value) if swapped else function(self.value, other))

    return method


def _in_place(name: str) -> Callable[[Lifted, Any], Lifted]:
    function = getattr(operator, name)

    def method(self: Lifted, other: Any) -> Lifted:
        answer = function(self.value, self._lower(other))
        if answer.shape != self.shape:
            raise ValueError(f"non-broadcastable output operand with shape {self.shape} doesn't match {answer.shape}")
        if self.ndim == 0:
            return self._like(answer)  # a scalar is never changed in place
        self.value = answer.astype(self.dtype)
        return self

    return method


def _unary(name: str) -> Callable[[Lifted], Lifted]:
    function = getattr(operator, name)
    return lambda self: self._like(function(self.value))


def _method(name: str) -> Callable[..., Any]:
    """Return the array method that does what ``jnp.<name>`` does, also for the elements of object arrays."""
    function = getattr(jnp, name)

    def method(self: Lifted, *args: Any, **settings: Any) -> Any:
        settings.pop("out", None)
        return self._wrap(function(self.value, *map(self._lower, args), **settings))

    return method


ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
COMPARISONS = ("lt", "le", "eq", "ne", "gt", "ge")
ELEMENTWISE = (
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp exp2 expm1 log log2 log10 log1p sqrt "
    "cbrt square reciprocal rint floor ceil trunc fabs sign absolute conjugate arctan2 hypot logaddexp degrees radians "
    "isfinite isnan isinf"
).split()
REDUCTIONS = "sum prod mean std var min max argmin argmax any all cumsum cumprod ptp trace dot".split()
SHAPES = "swapaxes take repeat diagonal clip round sort argsort nonzero".split()

for _name in ARITHMETIC:
    setattr(Lifted, f"__{_name}__", _operator(_name))
    setattr(Lifted, f"__r{_name}__", _operator(_name, swapped=True))
    setattr(Lifted, f"__i{_name}__", _in_place(_name))
for _name in COMPARISONS:
    setattr(Lifted, f"__{_name}__", _operator(_name))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Lifted, f"__{_name}__", _unary(_name))
for _name in ("and", "or", "xor"):
    setattr(Lifted, f"__{_name}__", _operator(f"__{_name}__"))
    setattr(Lifted, f"__r{_name}__", _operator(f"__{_name}__", swapped=True))
for _name in (*ELEMENTWISE, *REDUCTIONS, *SHAPES):
    setattr(Lifted, _name, _method(_name))
Lifted.__hash__ = None  # type: ignore[assignment]
