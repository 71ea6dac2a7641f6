"""Small programs rewritten in scalars.

A compiled step on a handful of parameters spends its time not on arithmetic but on starting the loops over two or
three elements that arrays mean. This module takes a traced program apart into its scalars, so that the whole step
becomes straight-line code in registers: two to three times faster on a function of two variables. Programs that are
too large, or that use anything but arithmetic and rearrangement, are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax import lax

__all__ = ["in_scalars"]

MOST = 256
"""Scalar operations up to which a program is rewritten; beyond, arrays compile sooner and run as fast."""

ELEMENTWISE = frozenset(
    "abs acos acosh add add_any and asin asinh atan atan2 atanh cbrt ceil clamp convert_element_type copy cos cosh "
    "div eq erf exp exp2 expm1 floor ge gt integer_pow is_finite le lgamma log log1p logistic lt max min mul ne neg "
    "nextafter not or pow rem round rsqrt select_n sign sin sinh sqrt square stop_gradient sub tan tanh xor".split()
)
REDUCTIONS = {"reduce_sum": lax.add, "reduce_prod": lax.mul, "reduce_max": lax.max, "reduce_min": lax.min}
REDUCTIONS |= {"reduce_and": lax.bitwise_and, "reduce_or": lax.bitwise_or}
INNER = {"jit": "jaxpr", "pjit": "jaxpr", "custom_jvp_call": "call_jaxpr"}


class _CannotError(Exception):
    """The program holds something that this module leaves alone."""


@dataclass(frozen=True)
class _Scalars:
    """An array as its elements in C order, and its shape."""

    items: tuple[Any, ...]
    shape: tuple[int, ...]

    @property
    def places(self) -> np.ndarray:
        return np.arange(len(self.items)).reshape(self.shape)

    def at(self, places: np.ndarray) -> _Scalars:
        """Return the elements at these places of the flat order, in the shape of `places`."""
        return _Scalars(tuple(self.items[i] for i in places.ravel()), places.shape)


def in_scalars(
    function: Callable[..., Any], *examples: Any, most: int = MOST
) -> Callable[[list[Any]], list[Any]] | None:
    """Return `function` as one from flat lists of scalars to flat lists of scalars, or None if it is not for that.

    Parameters
    ----------
    function : callable
        From trees of arrays to a tree of arrays, as JAX can trace it.
    examples : tree of arrays
        Arguments of the shapes and types to be given.
    most : int
        Scalar operations up to which it is for that.

    Returns
    -------
    callable or None
        Takes and returns the elements of all leaves in order.
    """
    traced = jax.make_jaxpr(function)(*examples)
    if sum(prod(v.aval.shape) for v in traced.jaxpr.invars) > MOST or _weight(traced.jaxpr) > most:
        return None

    def rewritten(scalars: list[Any]) -> list[Any]:
        given, start = [], 0
        for variable in traced.jaxpr.invars:
            size = prod(variable.aval.shape)
            given.append(_Scalars(tuple(scalars[start : start + size]), variable.aval.shape))
            start += size
        return [item for answer in _run(traced.jaxpr, traced.consts, given) for item in answer.items]

    try:
        flat = [jax.ShapeDtypeStruct((), v.aval.dtype) for v in traced.jaxpr.invars for _ in range(prod(v.aval.shape))]
        jax.eval_shape(rewritten, flat)
    except _CannotError:
        return None
    return rewritten


def _weight(jaxpr: Any) -> int:
    """Return about how many scalar operations a program takes."""
    total = 0
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if name in INNER:
            total += _weight(_open(equation.params[INNER[name]]))
        elif name == "dot_general":
            (left, _), _ = equation.params["dimension_numbers"]
            inner = prod(equation.invars[0].aval.shape[axis] for axis in left)
            total += 2 * inner * prod(equation.outvars[0].aval.shape)
        elif name in REDUCTIONS:
            total += prod(equation.invars[0].aval.shape)
        elif name in ELEMENTWISE:
            total += prod(equation.outvars[0].aval.shape)
    return total


def _open(jaxpr: Any) -> Any:
    return jaxpr.jaxpr if isinstance(jaxpr, jex.ClosedJaxpr) else jaxpr


def _run(jaxpr: Any, constants: list[Any], given: list[_Scalars]) -> list[_Scalars]:
    known: dict[Any, _Scalars] = dict(zip(jaxpr.invars, given, strict=True))
    known |= {v: _split(c) for v, c in zip(jaxpr.constvars, constants, strict=True)}

    def read(atom: Any) -> _Scalars:
        return _split(atom.val) if isinstance(atom, jex.Literal) else known[atom]

    for equation in jaxpr.eqns:
        answers = _apply(equation, [read(atom) for atom in equation.invars])
        known |= dict(zip(equation.outvars, answers, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _split(value: Any) -> _Scalars:
    array = np.asarray(value)
    return _Scalars(tuple(jnp.asarray(item, dtype=array.dtype) for item in array.ravel()), array.shape)


def _apply(equation: Any, inputs: list[_Scalars]) -> list[_Scalars]:
    name, settings = equation.primitive.name, equation.params
    if name in INNER:
        inner = settings[INNER[name]]
        return _run(_open(inner), getattr(inner, "consts", []), inputs)
    if name in ELEMENTWISE:
        return [_elementwise(equation.primitive, settings, inputs)]
    if name in REDUCTIONS:
        return [_reduced(inputs[0], settings["axes"], REDUCTIONS[name])]
    if name == "dot_general":
        left, right = inputs
        return [_product(left, right, settings["dimension_numbers"], equation.outvars[0].aval.dtype)]
    if name == "concatenate":
        return [_joined(inputs, settings["dimension"])]
    if name == "stack":
        axis = settings["axis"]
        return [_joined([each.at(np.expand_dims(each.places, axis)) for each in inputs], axis)]
    if name == "split":
        ends = np.cumsum(settings["sizes"])[:-1]
        return [inputs[0].at(places) for places in np.split(inputs[0].places, ends, settings["axis"])]
    if name == "pad":
        array, fill = inputs
        return [_padded(array, fill, settings["padding_config"])]
    if name in REARRANGE:
        return [inputs[0].at(REARRANGE[name](inputs[0].places, settings))]
    raise _CannotError(name)


def _elementwise(primitive: Any, settings: dict[str, Any], inputs: list[_Scalars]) -> _Scalars:
    shape = np.broadcast_shapes(*(each.shape for each in inputs))
    spread = [each.at(np.broadcast_to(each.places, shape)) for each in inputs]
    return _Scalars(
        tuple(primitive.bind(*items, **settings) for items in zip(*(each.items for each in spread), strict=True)), shape
    )


def _reduced(array: _Scalars, axes: tuple[int, ...], combine: Callable[[Any, Any], Any]) -> _Scalars:
    kept = [axis for axis in range(len(array.shape)) if axis not in axes]
    places = array.places.transpose(*kept, *axes)
    shape = tuple(array.shape[axis] for axis in kept)
    groups = places.reshape(prod(shape), -1)
    if groups.shape[1] == 0:
        raise _CannotError("an empty reduction")
    return _Scalars(tuple(reduce(combine, (array.items[i] for i in group)) for group in groups), shape)


def _product(left: _Scalars, right: _Scalars, dimensions: Any, dtype: Any) -> _Scalars:
    (contract1, contract2), (batch1, batch2) = dimensions
    if batch1 or batch2 or not contract1:
        raise _CannotError("a batched or outer product")
    free1 = [axis for axis in range(len(left.shape)) if axis not in contract1]
    free2 = [axis for axis in range(len(right.shape)) if axis not in contract2]
    length = prod(left.shape[axis] for axis in contract1)
    if length == 0:
        raise _CannotError("an empty product")
    rows = left.places.transpose(*free1, *contract1).reshape(-1, length)
    columns = right.places.transpose(*free2, *contract2).reshape(-1, length)
    first = [lax.convert_element_type(item, dtype) for item in left.items]
    second = [lax.convert_element_type(item, dtype) for item in right.items]
    items = tuple(
        reduce(lax.add, (lax.mul(first[i], second[j]) for i, j in zip(row, column, strict=True)))
        for row in rows
        for column in columns
    )
    return _Scalars(items, tuple(left.shape[a] for a in free1) + tuple(right.shape[a] for a in free2))


def _joined(arrays: list[_Scalars], axis: int) -> _Scalars:
    starts = np.cumsum([0, *(len(each.items) for each in arrays)])
    places = np.concatenate([each.places + start for each, start in zip(arrays, starts[:-1], strict=True)], axis)
    return _Scalars(tuple(item for each in arrays for item in each.items), (int(starts[-1]),)).at(places)


def _padded(array: _Scalars, fill: _Scalars, config: Any) -> _Scalars:
    if any(low < 0 or high < 0 for low, high, _ in config):
        raise _CannotError("a negative padding")
    spread = [
        low + high + size + inner * max(size - 1, 0)
        for (low, high, inner), size in zip(config, array.shape, strict=True)
    ]
    places = np.full(spread, len(array.items))
    places[
        tuple(slice(low, size - high, inner + 1) for (low, high, inner), size in zip(config, spread, strict=True))
    ] = array.places
    return _Scalars((*array.items, *fill.items), (len(array.items) + 1,)).at(places)


def _broadcast(places: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
    shape, axes = settings["shape"], settings["broadcast_dimensions"]
    inner = [1] * len(shape)
    for axis, size in zip(axes, places.shape, strict=True):
        inner[axis] = size
    return np.broadcast_to(places.reshape(inner), shape)


def _slice(places: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
    strides = settings["strides"] or [1] * places.ndim
    ranges = zip(settings["start_indices"], settings["limit_indices"], strides, strict=True)
    return places[tuple(slice(*each) for each in ranges)]


REARRANGE: dict[str, Callable[[np.ndarray, dict[str, Any]], np.ndarray]] = {
    "broadcast_in_dim": _broadcast,
    "expand_dims": lambda places, settings: np.expand_dims(places, settings["dimensions"]),
    "reshape": lambda places, settings: places.reshape(settings["new_sizes"]),
    "rev": lambda places, settings: np.flip(places, settings["dimensions"]),
    "slice": _slice,
    "squeeze": lambda places, settings: np.squeeze(places, tuple(settings["dimensions"])),
    "transpose": lambda places, settings: places.transpose(settings["permutation"]),
}
