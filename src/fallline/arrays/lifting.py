"""A stand-in for a NumPy array through which JAX sees what ordinary NumPy code does.

NumPy hands every ufunc, function and operator over to an operand that asks for it (NEP 13 and NEP 18). `Lifted` asks,
and does the same with ``jax.numpy``, so that a function written with ``import numpy as np`` can be traced,
differentiated and compiled as it stands. A stand-in may also hold a NumPy array, as long as nothing that depends on
the parameters was written into it: NumPy then does the work, to the bit. What cannot be followed raises an error that
names it; nothing is ever silently taken for a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fallline.arrays.counterparts import MUTATORS, of_function, of_ufunc, on_copy, over
from fallline.arrays.holding import Hold, Part, Whole
from fallline.arrays.lowering import (
    LOOKS,
    LeavesNumpyError,
    NeedsValueError,
    StandIn,
    bare,
    is_traced,
    lower,
    rebuilt,
    watch,
)
from fallline.arrays.operations import equip

__all__ = ["Lifted", "follow", "lift", "made"]


class Lifted(StandIn):
    """An array that NumPy code can use as one of its own while JAX follows; it holds an array or a part of one."""

    __slots__ = ("_hold",)
    __array_priority__ = 1000

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        watch(self)

    @property
    def __class__(self) -> type:  # type: ignore[override]  # what isinstance is told
        return np.ndarray if self.ndim else self.dtype.type

    @property
    def value(self) -> Any:
        return self._hold.value

    @property
    def is_traced(self) -> bool:
        return self._hold.is_traced

    # what the array looks like

    @property
    def shape(self) -> tuple[int, ...]:
        return self._hold.shape

    @property
    def ndim(self) -> int:
        return len(self._hold.shape)

    @property
    def size(self) -> int:
        return prod(self._hold.shape)

    @property
    def dtype(self) -> np.dtype:
        return self._hold.dtype

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def T(self) -> Any:  # noqa: N802 (NumPy's name)
        return self._part(lambda base: base.T)

    @property
    def real(self) -> Any:
        return follow(np.real, jnp.real, (self,))

    @property
    def imag(self) -> Any:
        return follow(np.imag, jnp.imag, (self,))

    @property
    def flat(self) -> Any:
        return self.reshape(-1)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
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
        except LOOKS:
            raise NeedsValueError("a Python `if`, `while`, `and` or `in` looks at a value") from None

    def __index__(self) -> int:
        if not jnp.issubdtype(self.dtype, jnp.integer):
            raise TypeError("only integer arrays can be converted to an index")
        return self.__int__()

    def __int__(self) -> int:
        try:
            return int(self.value)
        except LOOKS:
            raise NeedsValueError("int() or an index looks at a value") from None

    def __float__(self) -> float:
        if isinstance(self.value, jax.Array):
            raise LeavesNumpyError("float() or a function of the math module turns an array into a plain number")
        return float(self.value)

    def __complex__(self) -> complex:
        if isinstance(self.value, jax.Array):
            raise LeavesNumpyError("complex() turns an array into a plain number")
        return complex(self.value)

    def item(self, *index: Any) -> Any:
        """Return one element: still an array, for a plain number would lose the gradient."""
        if not index:
            return self.reshape(())[()]
        return self.reshape(-1)[index[0]] if len(index) == 1 and not isinstance(index[0], tuple) else self[index]

    def tolist(self) -> list[Any]:
        return [row.tolist() if np.ndim(row) else row for row in self]

    # elements

    def __getitem__(self, index: Any) -> Any:
        place = _place(index)
        if isinstance(place, int) and self.ndim == 1:
            return _wrap(self._hold.element(range(self.size)[place]))
        if all(isinstance(part, (int, slice, type(None), type(...))) for part in _parts(place)):
            return self._part(lambda base: base[place])
        try:
            return _wrap((lower(self) if is_traced(place) else self.value)[place])
        except LOOKS:
            raise NeedsValueError("a mask that depends on the parameters selects elements") from None

    def __setitem__(self, index: Any, new: Any) -> None:
        place, new = _place(index), jnp.asarray(lower(new)) if is_traced(new) else bare(new)
        if not is_traced(place):
            self._hold.whole.write(np.asarray(self._hold.places()[place]), new)
            return
        before = lower(self)
        if not isinstance(place, tuple) and place.dtype == bool and np.ndim(new) == 0:
            place = place.reshape(place.shape + (1,) * (self.ndim - place.ndim))
            after = jnp.where(place, jnp.asarray(new).astype(self.dtype), before)
        else:
            try:
                after = before.at[place].set(jnp.asarray(new).astype(self.dtype))
            except LOOKS:
                raise NeedsValueError("a mask that depends on the parameters selects elements") from None
        self._hold.whole.write(self._hold.places(), after)

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    # NumPy's two protocols

    def __array_ufunc__(self, ufunc: np.ufunc, kind: str, *inputs: Any, out: Any = None, **settings: Any) -> Any:
        way = of_ufunc(ufunc, kind)
        if way is None and is_traced((inputs, settings)):
            raise LeavesNumpyError(f"np.{ufunc.__name__}{'' if kind == '__call__' else f'.{kind}'} cannot be followed")
        plain = getattr(ufunc, kind)
        if kind == "at":
            inputs = (inputs[0], _place(inputs[1]), *inputs[2:])
            return _overwrite(follow(on_copy(plain), way, inputs, settings), inputs[0])
        if kind == "__call__" and settings.get("where", True) is not True:
            if out is None:
                raise LeavesNumpyError(f"np.{ufunc.__name__} with where= and without out= leaves elements undefined")
            settings, plain = {**settings, "before": out[0]}, over(plain)
        return _written(out, operate(plain, way, inputs, settings))

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        name, settings = function.__name__, dict(settings)
        if name in VIEWS and isinstance(args[0], Lifted):
            return getattr(args[0], name)(*args[1:], **settings)
        if name in ("zeros_like", "ones_like") and len(args) == 1 and not settings:
            return made(getattr(np, name.removesuffix("_like"))(args[0].shape, args[0].dtype))
        way = of_function(function)
        if way is None and is_traced((args, settings)):
            raise LeavesNumpyError(f"np.{name} has no counterpart to differentiate")
        if name in MUTATORS:
            return _overwrite(follow(on_copy(function), way, args, settings), args[0])
        out = settings.pop("out", None)
        return _written(out, follow(function, way, args, settings))

    def _part(self, look: Callable[[Any], Any]) -> Any:
        """Return a view of this array, as NumPy would; a single element is a number of its own."""
        part = Part(self._hold, look)
        return Lifted(part) if part.shape else _wrap(part.value)

    # methods that NumPy writes otherwise than JAX

    def copy(self, *_: Any, **__: Any) -> Any:
        return Lifted(Whole(self.value))

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memory: Any) -> Any:
        return self.copy()

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Any:
        return _wrap(self.value.astype(dtype))

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> Any:
        return self._part(lambda base: base.reshape(*shape, order=order))

    def ravel(self, order: str = "C") -> Any:
        return self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> Any:
        return self.reshape(-1, order=order).copy()

    def squeeze(self, axis: Any = None) -> Any:
        return self._part(lambda base: base.squeeze(axis))

    def transpose(self, *axes: Any) -> Any:
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list, type(None))) else axes
        return self._part(lambda base: base.transpose(tuple(order or ()) or None))

    def swapaxes(self, first: int, second: int) -> Any:
        return self._part(lambda base: base.swapaxes(first, second))

    def fill(self, value: Any) -> None:
        self[...] = value

    def sort(self, axis: int = -1, **_: Any) -> None:
        self[...] = np.sort(self, axis=axis)  # type: ignore[call-overload]

    def partition(self, kth: Any, axis: int = -1, **_: Any) -> None:
        self[...] = np.partition(self, kth, axis=axis)  # type: ignore[call-overload]


VIEWS = frozenset("ravel reshape squeeze swapaxes transpose".split())


# between the two worlds


def lift(value: jax.Array) -> Lifted:
    """Return the stand-in for a JAX array or tracer."""
    return Lifted(Whole(value))


def made(thing: Any, is_foreign: bool = False) -> Any:
    """Return what NumPy answered with its arrays of numbers, also within tuples and lists, as stand-ins."""
    if isinstance(thing, Lifted):
        return thing
    if isinstance(thing, np.ndarray):
        return Lifted(Whole(thing, is_foreign)) if type(thing) is np.ndarray and thing.dtype.kind in "biufc" else thing
    return rebuilt(thing, made) if isinstance(thing, (tuple, list)) else thing


def _wrap(thing: Any) -> Any:
    """Return what JAX or NumPy answered with its arrays as stand-ins; numbers of NumPy's stay numbers."""
    if isinstance(thing, jax.Array):
        return Lifted(Whole(thing))
    if isinstance(thing, np.ndarray):
        return made(thing if thing.ndim else thing[()])
    return rebuilt(thing, _wrap) if isinstance(thing, (tuple, list)) else thing


def follow(plain: Callable[..., Any], traced: Callable[..., Any] | None, args: Any, settings: Any = None) -> Any:
    """Call NumPy's function where nothing depends on the parameters, else JAX's."""
    settings = settings or {}
    if traced is None or not is_traced((args, settings)):
        return _wrap(plain(*bare(tuple(args)), **bare(settings)))
    try:
        return _wrap(traced(*map(lower, args), **{name: lower(value) for name, value in settings.items()}))
    except LOOKS as error:
        raise NeedsValueError(f"a value is looked at: {str(error).splitlines()[0]}") from None


def operate(plain: Callable[..., Any], traced: Callable[..., Any] | None, args: Any, settings: Any = None) -> Any:
    """Call a function of arrays only: lists of numbers are arrays."""
    return follow(plain, traced, tuple(map(_array_of, args)), settings)


def _array_of(thing: Any) -> Any:
    if not isinstance(thing, list):
        return thing
    return jnp.asarray(lower(thing)) if is_traced(thing) else np.asarray(bare(thing))


# places and writing


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _place(index: Any) -> Any:
    """Return an index without stand-ins, its whole numbers Python's."""
    if isinstance(index, tuple):
        return tuple(map(_place, index))
    if isinstance(index, Lifted):
        return index.value
    if isinstance(index, list):
        return jnp.asarray(lower(index)) if is_traced(index) else np.asarray(bare(index) or np.zeros(0, int))
    return int(index) if isinstance(index, np.integer) else index


def _overwrite(answer: Any, target: Any) -> None:
    """Let an array hold what a function that writes into it has left there."""
    if not isinstance(target, Lifted):
        raise LeavesNumpyError("it writes into an array that it did not make")
    target[...] = bare(answer).astype(target.dtype)


def _written(out: Any, answer: Any) -> Any:
    """Return the answer of a function, written into what was given as `out`."""
    if out is None:
        return answer
    targets, answers = (out, answer) if isinstance(answer, tuple) else (_parts(out), (answer,))
    for target, part in zip(targets, answers, strict=True):
        if target is not None:
            if not isinstance(target, Lifted):
                raise LeavesNumpyError("out= writes into a plain array, which cannot be followed")
            target[...] = part
    kept = tuple(part if target is None else target for target, part in zip(targets, answers, strict=True))
    return kept if isinstance(answer, tuple) else kept[0]


equip(Lifted, operate)
