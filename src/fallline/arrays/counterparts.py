"""Which function of JAX does what a function of NumPy or SciPy does."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import lru_cache, partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

__all__ = ["MUTATORS", "of_function", "of_ufunc", "on_copy", "over", "power", "scipy_counterpart"]

MUTATORS = frozenset("copyto fill_diagonal place put put_along_axis putmask".split())
"""Functions that write into their first argument; their counterparts return what it holds afterwards."""

SILENT = frozenset("casting copy kind like overwrite_input subok".split())
"""Settings that say how NumPy is to go about it, not what comes out."""

SLOW = frozenset(["hyp2f1"])
"""Functions of SciPy whose counterparts take about a minute to compile: differences are measured sooner."""

ACCUMULATORS = {"add": jnp.cumsum, "multiply": jnp.cumprod}
REDUCERS = {
    "add": jnp.sum,
    "multiply": jnp.prod,
    "maximum": jnp.max,
    "minimum": jnp.min,
    "fmax": jnp.nanmax,
    "fmin": jnp.nanmin,
    "logical_and": jnp.all,
    "logical_or": jnp.any,
}


def power(base: Any, exponent: Any) -> Any:
    """Return ``base ** exponent``; where the exponent is 0, the slope along the base is 0, at a base of 0 too."""
    if isinstance(exponent, (float, np.floating)) and exponent == 0:
        return jnp.ones_like(base)
    if isinstance(exponent, jax.Array) and jnp.issubdtype(exponent.dtype, jnp.inexact):
        base = jnp.asarray(base, jnp.result_type(base, exponent))
        base = jnp.where(exponent == 0, lax.stop_gradient(base), base)
    return base**exponent


@lru_cache(maxsize=1024)
def of_ufunc(ufunc: np.ufunc, kind: str) -> Callable[..., Any] | None:
    """Return what does the same as a ufunc called by ``kind`` ("__call__", "reduce", "at", …), or None."""
    name = ufunc.__name__
    if kind == "reduce" and name in REDUCERS:
        return partial(_reduce, REDUCERS[name])
    if kind == "accumulate" and name in ACCUMULATORS:
        return partial(_reduce, ACCUMULATORS[name])
    counterpart = None if name in SLOW else getattr(jnp, name, None) or getattr(_special(), name, None)
    if counterpart is None:
        return None
    if kind == "__call__":
        return partial(_where, power if name in ("power", "float_power") else counterpart)
    if kind == "outer":
        return partial(_outer, counterpart)
    if not isinstance(counterpart, jnp.ufunc):
        counterpart = jnp.frompyfunc(counterpart, ufunc.nin, ufunc.nout)
    method = getattr(counterpart, kind, None)
    return partial(method, inplace=False) if kind == "at" and method is not None else method


def of_function(function: Any) -> Callable[..., Any] | None:
    """Return what does the same as a function of NumPy, or None."""
    module, name = function.__module__, function.__name__
    if name in SPECIAL:
        return SPECIAL[name]
    if name in MUTATORS:
        return partial(_told, partial(getattr(jnp, name), inplace=False))
    home = jnp.linalg if "linalg" in module else jnp.fft if "fft" in module else jnp
    counterpart = getattr(home, name, None)
    return None if counterpart is None else partial(_told, counterpart)


@lru_cache(maxsize=256)
def scipy_counterpart(module: str, name: str) -> Any:
    """Return what does the same as ``scipy.<module>.<name>``, or None."""
    if module == "fft" and not name.startswith(("dct", "idct")):
        return getattr(jnp.fft, name, None)
    if module == "integrate" and name == "trapezoid":
        return jnp.trapezoid
    if name in SLOW:
        return None
    try:
        room: ModuleType = importlib.import_module(f"jax.scipy.{module}")
    except ImportError:
        return None
    return getattr(room, name, None)


def _special() -> ModuleType:
    return importlib.import_module("jax.scipy.special")


def _told(function: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    """Call a function without the settings that JAX has no use for; lists of numbers are arrays."""
    settings = {name: value for name, value in settings.items() if name not in SILENT}
    try:
        return function(*args, **settings)
    except TypeError:
        # NumPy takes lists of numbers for arrays, JAX does not
        return function(*map(_array_of, args), **{name: _array_of(value) for name, value in settings.items()})


def _array_of(thing: Any) -> Any:
    return np.asarray(thing) if isinstance(thing, list) else thing


def _where(function: Callable[..., Any], *args: Any, where: Any = True, before: Any = None, **settings: Any) -> Any:
    """Call a ufunc; where it is not to be applied, what was there `before` stays."""
    settings = {name: value for name, value in settings.items() if name not in SILENT | {"order"}}
    dtype = settings.pop("dtype", None)
    answer = function(*args, **settings)
    if where is not True:
        answer = jnp.where(where, answer, before)
    return answer if dtype is None else answer.astype(dtype)


def _reduce(function: Callable[..., Any], array: Any, axis: Any = 0, *_: Any, **settings: Any) -> Any:
    """Reduce or accumulate as ufuncs do: along the first axis where none is named."""
    return function(jnp.asarray(array), axis=axis, **settings)


def _outer(function: Callable[..., Any], left: Any, right: Any, **_: Any) -> Any:
    left, right = jnp.asarray(left), jnp.asarray(right)
    return function(left.reshape(left.shape + (1,) * right.ndim), right)


def _copyto(target: Any, source: Any, where: Any = True, **_: Any) -> Any:
    source = jnp.asarray(source).astype(jnp.asarray(target).dtype)
    return jnp.where(where, source, target)


def _unique(x: Any, **settings: Any) -> Any:
    """Return the elements without repetition, each with the slope of the first that is equal to it."""
    if settings:
        return jnp.unique(x, **settings)
    return x.ravel()[jnp.unique(lax.stop_gradient(x), return_index=True)[1]]


def _sliding_window_view(x: Any, window_shape: Any, axis: Any = None, *_: Any, **__: Any) -> Any:
    """Return the windows of an array as further axes, gathered rather than viewed."""
    if not isinstance(window_shape, (tuple, list)):
        window_shape = (window_shape,)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    for place, length in zip(axes, window_shape, strict=True):
        count = x.shape[place] - length + 1
        rows = jnp.arange(count)[:, None] + jnp.arange(length)
        x = jnp.moveaxis(jnp.take(x, rows, axis=place), place + 1, -1)
    return x


def on_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that writes into its first argument as one that returns what it then holds."""

    def changed(target: np.ndarray, *args: Any, **settings: Any) -> np.ndarray:
        after = target.copy()
        function(after, *args, **settings)
        return after

    return changed


def over(ufunc: Callable[..., Any]) -> Callable[..., Any]:
    """Return a ufunc that takes what it is to write over as an argument."""
    return lambda *args, before, **settings: ufunc(*args, out=before.copy(), **settings)


SPECIAL: dict[str, Callable[..., Any]] = {
    "copyto": _copyto,
    "putmask": lambda target, mask, values: _copyto(target, jnp.resize(jnp.asarray(values), target.shape), where=mask),
    "fix": lambda x, *_: jnp.trunc(x),
    "real_if_close": lambda x, *_: x,
    "row_stack": jnp.vstack,
    "sliding_window_view": _sliding_window_view,
    "unique": _unique,
}
"""Functions that JAX has under another name, or not at all."""
