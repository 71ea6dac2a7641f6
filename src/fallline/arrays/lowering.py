"""From stand-ins to what JAX takes, and what belongs to one call that is followed."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = [
    "LOOKS",
    "Following",
    "LeavesNumpyError",
    "NeedsValueError",
    "StandIn",
    "bare",
    "following",
    "is_traced",
    "lower",
    "rebuilt",
    "watch",
]


class NeedsValueError(Exception):
    """The code looks at a value (an ``if``, a ``while``): it can be followed step by step, but not compiled."""


class LeavesNumpyError(Exception):
    """The code turns an array into plain numbers, or calls what has no counterpart: it cannot be followed."""


LOOKS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
    jax.errors.TracerIntegerConversionError,
)
"""What JAX says when values are looked at."""


class Following:
    """What belongs to one call of a function that is followed: its constants, and the stand-ins that it made."""

    def __init__(self) -> None:
        self.constants: dict[Any, Any] = {}
        self.made: list[weakref.ref[StandIn]] = []

    def outlived(self) -> bool:
        """Tell, after the call, whether stand-ins outlive it: the function keeps what it computes somewhere."""
        if not any(is_traced(reference()) for reference in self.made):
            return False
        gc.collect()  # functions that call themselves are kept by their own names
        return any(is_traced(reference()) for reference in self.made)


_current: ContextVar[Following | None] = ContextVar("fallline_following", default=None)


@contextmanager
def following() -> Iterator[Following]:
    """Follow one call: arrays become constants once for all of it, and the stand-ins made are watched."""
    call = Following()
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)


MOST = 150_000
"""Operations that are followed in one call, at most: they take ten seconds and more."""


def watch(stand_in: StandIn) -> None:
    """Remember that a stand-in was made in this call."""
    if (current := _current.get()) is not None:
        if len(current.made) >= MOST:
            raise LeavesNumpyError(f"it takes more than {MOST} operations one by one")
        current.made.append(weakref.ref(stand_in))


class StandIn:
    """What stands in for a NumPy array."""

    __slots__ = ("__weakref__",)

    @property
    def value(self) -> Any:
        """The array that it holds, JAX's or NumPy's."""
        raise AttributeError("a stand-in holds an array")

    @property
    def is_traced(self) -> bool:
        """Whether JAX follows that array."""
        return isinstance(self.value, jax.Array)


def is_traced(thing: Any) -> bool:
    """Tell whether something holds an array that JAX follows."""
    if isinstance(thing, StandIn):
        return thing.is_traced
    if isinstance(thing, jax.Array):
        return True
    if isinstance(thing, (list, tuple)):
        return any(map(is_traced, thing))
    if isinstance(thing, dict):
        return any(map(is_traced, thing.values()))
    return isinstance(thing, np.ndarray) and thing.dtype == object and any(map(is_traced, thing.ravel()))


def bare(thing: Any) -> Any:
    """Return `thing` with stand-ins, also within tuples, lists and dicts, replaced by what they hold."""
    if isinstance(thing, StandIn):
        return thing.value
    if isinstance(thing, (tuple, list)):
        return rebuilt(thing, bare)
    return {key: bare(value) for key, value in thing.items()} if isinstance(thing, dict) else thing


def lower(thing: Any) -> Any:
    """Return `thing` as JAX takes it: stand-ins unwrapped, each array as one constant for all its uses."""
    thing = thing.value if isinstance(thing, StandIn) else thing
    if isinstance(thing, np.ndarray):
        return _stack(thing) if thing.dtype == object else _constant(thing)
    if isinstance(thing, (list, tuple)):
        parts = [lower(part) for part in thing]
        if any(isinstance(part, jax.Array) for part in parts):
            # beside arrays, NumPy takes lists of numbers for arrays too
            parts = [jnp.asarray(part) if isinstance(part, (list, tuple)) else part for part in parts]
        return parts if isinstance(thing, list) else tuple(parts)
    return thing


def rebuilt(thing: Any, change: Callable[[Any], Any]) -> Any:
    """Return a tuple or list, also a named one, with each part changed."""
    parts = [change(part) for part in thing]
    is_named = isinstance(thing, tuple) and type(thing) is not tuple
    return type(thing)(*parts) if is_named else type(thing)(parts)


def _constant(array: np.ndarray) -> jax.Array:
    """Return the array as JAX's: the same memory is handed over only once."""
    if array.dtype.kind not in "fiubc":
        raise LeavesNumpyError(f"an array of type {array.dtype} has no counterpart to differentiate")
    current = _current.get()
    if array.nbytes <= 64 or current is None:
        return jnp.asarray(array)
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        return _constant(array.T).T
    place = array.__array_interface__
    key = (place["data"][0], place["strides"], array.shape, array.dtype.str)
    if key not in current.constants:
        # a temporary must live as long as its address is a key
        current.constants[key] = (jnp.asarray(array), array)
    return current.constants[key][0]


def _stack(array: np.ndarray) -> jax.Array:
    """Return an object array of stand-ins, as ``np.array([t[0], t[1]])`` makes them, as one array."""
    parts = [jnp.asarray(lower(element)) for element in array.ravel()]
    return jnp.stack(parts).reshape(array.shape) if parts else jnp.zeros(array.shape)
