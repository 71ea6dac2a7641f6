"""A plain NumPy function lifted into JAX: exact gradients, compiled where it can be, else step by step."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax.core import eval_jaxpr

from fallline.arrays.layout import Layout
from fallline.arrays.lifting import LeavesNumpyError, lift, lower
from fallline.errors import InputTypeError, shown
from fallline.objectives.base import Objective, Program, RowsProgram
from fallline.objectives.closed import closed_key

__all__ = ["CompiledFunction", "StepwiseFunction", "compiled", "lifted_value", "trace_program", "trace_rows"]


class _Keyed:
    """A function with the key that says what it does; equal keys, equal functions."""

    def __init__(self, key: Any, function: Callable[..., Any]) -> None:
        self.key, self.function = key, function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def lifted_value(function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Return the function of a flat JAX vector that does what `function` does to NumPy arrays."""

    def value(x: jax.Array) -> jax.Array:
        argument = layout.arguments(lift(x))
        answer = function(argument, *args)
        return scalar(answer).astype(x.dtype)

    return value


def scalar(answer: Any) -> jax.Array:
    """Return what the function returned as a zero-dimensional array."""
    lowered = lower(answer, {})
    try:
        array = jnp.asarray(lowered)
    except (TypeError, ValueError) as error:
        raise LeavesNumpyError(f"the function returned {shown(answer)}, which is no number") from error
    if array.size != 1:
        raise InputTypeError(f"fun must return one number; got an array of shape {array.shape}.")
    return array.reshape(())


def trace_program(function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> Program:
    """Trace the function into a program whose captured arrays are arguments.

    Raises
    ------
    NeedsValueError, LeavesNumpyError
        Where the function cannot be followed without values, or not at all.
    """
    key = closed_key(function)
    if key is None or args:
        return _trace(function, layout, args)
    return _trace_closed(_Keyed(key, function), layout)


def _trace(function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> Program:
    value = lifted_value(function, layout, args)
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(value)(jax.ShapeDtypeStruct((layout.size,), layout.dtype))
        constants = tuple(jnp.asarray(constant) for constant in traced.consts)
    return Program(key=fingerprint(traced.jaxpr), value=_runner(traced.jaxpr), constants=constants)


@functools.lru_cache(maxsize=256)
def _trace_closed(function: _Keyed, layout: Layout) -> Program:
    return _trace(function.function, layout, ())


def trace_rows(
    function: Callable[..., Any], layout: Layout, data: tuple[np.ndarray, ...], args: tuple[Any, ...]
) -> RowsProgram:
    """Trace ``function(x, *data, *args)`` into a program of any number of rows; all such programs share the data.

    Raises
    ------
    NeedsValueError, LeavesNumpyError
        Where the function cannot be followed without values of the parameters or the data, or not at all.
    """
    with jax.enable_x64(True):
        arrays = tuple(jnp.asarray(array) for array in data)

    def on(count: int) -> Program:
        def value(x: jax.Array, *rows: jax.Array) -> jax.Array:
            return scalar(function(layout.arguments(lift(x)), *map(lift, rows), *args)).astype(x.dtype)

        with jax.enable_x64(True):
            rows = (jax.ShapeDtypeStruct((count, *array.shape[1:]), array.dtype) for array in arrays)
            traced = jax.make_jaxpr(value)(jax.ShapeDtypeStruct((layout.size,), layout.dtype), *rows)
            constants = tuple(jnp.asarray(constant) for constant in traced.consts)
        return Program(fingerprint(traced.jaxpr), _runner(traced.jaxpr, len(arrays)), constants)

    whole = on(len(data[0]))
    return RowsProgram(whole.key, whole.value, (*arrays, *whole.constants), arrays, on)


def fingerprint(jaxpr: Any) -> tuple[Any, ...]:
    """Return what tells two traced programs apart: their operations, in order, with all their settings."""
    numbers: dict[Any, int] = {}

    def name(atom: Any) -> Any:
        if isinstance(atom, jex.Literal):
            return np.asarray(atom.val).tobytes(), atom.aval.str_short()
        return numbers.setdefault(atom, len(numbers))

    def setting(value: Any) -> Any:
        if isinstance(value, (jex.Jaxpr, jex.ClosedJaxpr)):
            inner = value.jaxpr if isinstance(value, jex.ClosedJaxpr) else value
            return fingerprint(inner), tuple(map(id, getattr(value, "consts", ())))
        if isinstance(value, (tuple, list)):
            return tuple(map(setting, value))
        return value if isinstance(value, Hashable) else repr(value)

    inputs = tuple((name(v), v.aval.str_short()) for v in (*jaxpr.constvars, *jaxpr.invars))
    steps = tuple(
        (
            equation.primitive.name,
            tuple((key, type(value), setting(value)) for key, value in equation.params.items()),
            tuple(map(name, equation.invars)),
            tuple(map(name, equation.outvars)),
        )
        for equation in jaxpr.eqns
    )
    return inputs, steps, tuple(map(name, jaxpr.outvars))


def _runner(jaxpr: Any, given: int = 0) -> Callable[[Any, tuple[Any, ...]], Any]:
    """Return the function that runs the program; the first so many constants are given as arguments of it."""

    def value(x: Any, constants: tuple[Any, ...]) -> Any:
        return eval_jaxpr(jaxpr, constants[given:], x, *constants[:given])[0]

    return value


class CompiledFunction(Objective):
    """A function that was traced: value, gradient and curvature are compiled, each when first asked for."""

    source = "compiled"

    def __init__(self, program: Program, layout: Layout) -> None:
        super().__init__()
        self.program = self.code = program
        self.size, self.dtype = layout.size, layout.dtype

    def value(self, x: np.ndarray) -> float:
        self.counts.function += 1
        return float(self._call("value", x))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        cost, gradient = self._call("point", x)
        return float(cost), np.array(gradient)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        self.counts.curvature += len(directions)
        return np.array(self._call("products", x, directions))

    def values(self, points: np.ndarray) -> np.ndarray:
        return np.array(self._call("values", points.astype(self.dtype)))

    def _call(self, what: str, *arrays: np.ndarray) -> Any:
        with jax.enable_x64(True):
            return compiled(self.code, what)(*arrays, self.code.constants)


@functools.lru_cache(maxsize=256)
def _compiled(value: _Keyed, what: str) -> Any:
    function = value.function

    def products(x: Any, directions: Any, constants: Any) -> Any:
        def slope(x: Any) -> Any:
            return jax.grad(function)(x, constants)

        return jax.vmap(lambda direction: jax.jvp(slope, (x,), (direction,))[1])(directions)

    makers = {
        "value": lambda: function,
        "point": lambda: jax.value_and_grad(function),
        "products": lambda: products,
        "values": lambda: jax.vmap(function, in_axes=(0, None)),
    }
    return jax.jit(makers[what]())


def compiled(program: Program, what: str) -> Any:
    """Return the compiled ``value``, ``point``, ``products`` or ``values`` of a program; shared by equal programs."""
    return _compiled(_Keyed(program.key, program.value), what)


class StepwiseFunction(Objective):
    """A function that looks at values: differentiated exactly by JAX at every point anew, without compilation."""

    source = "stepwise"
    pure = False

    def __init__(self, function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> None:
        super().__init__()
        self.lifted = lifted_value(function, layout, args)
        self.size, self.dtype = layout.size, layout.dtype

    def value(self, x: np.ndarray) -> float:
        self.counts.function += 1
        with jax.enable_x64(True):
            return float(self.lifted(jnp.asarray(x)))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        with jax.enable_x64(True):
            cost, gradient = jax.value_and_grad(self.lifted)(jnp.asarray(x))
            return float(cost), np.array(gradient)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        self.counts.curvature += len(directions)
        with jax.enable_x64(True):
            slope, point = jax.grad(self.lifted), (jnp.asarray(x),)
            return np.array([jax.jvp(slope, point, (jnp.asarray(row),))[1] for row in directions])
