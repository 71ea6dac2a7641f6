"""A JAX function: differentiated by JAX and compiled; where it looks at values, differentiated without compilation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax.core import eval_jaxpr

from fallline.arrays.layout import Layout
from fallline.arrays.tensors import is_tensor
from fallline.arrays.tracing import traced
from fallline.errors import InputTypeError, shown
from fallline.objectives.base import Objective, Program, RowsProgram
from fallline.objectives.lifted import fingerprint

__all__ = ["EagerJaxFunction", "cost_of", "trace_jax_program", "trace_jax_rows"]

JITTED = {"jit": "jaxpr"}
CALLS = {**JITTED, "custom_jvp_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr"}
"""Operations that call another program, and the setting that holds it."""


def cost_of(function: Callable[..., Any], layout: Layout) -> Callable[..., jax.Array]:
    """Return the function of a flat JAX vector, and of further arguments, that does what `function` does to a tree."""

    def value(x: jax.Array, *more: Any) -> jax.Array:
        answer = function(layout.arguments(x), *more)
        if not is_tensor(answer) and not np.isscalar(answer) and not isinstance(answer, np.ndarray):
            raise InputTypeError(f"fun must return one number; got {shown(answer)}. Return the cost as a number.")
        array = jnp.asarray(answer)
        if array.size != 1:
            raise InputTypeError(f"fun must return one number; got an array of shape {array.shape}.")
        return array.reshape(()).astype(x.dtype)

    return value


def trace_jax_program(function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> Program:
    """Trace a JAX function, in the precision that it is called in, into a program whose captured arrays are arguments.

    Raises
    ------
    Exception
        Whatever JAX says of a function that needs values.
    """
    cost = cost_of(function, layout)
    return _trace(lambda x: cost(x, *args), layout)


def trace_jax_rows(
    function: Callable[..., Any], layout: Layout, data: tuple[Any, ...], args: tuple[Any, ...]
) -> RowsProgram:
    """Trace ``function(x, *data, *args)`` into a program of any number of rows; all such programs share the data.

    Raises
    ------
    Exception
        Whatever JAX says of a function that needs values.
    """
    cost = cost_of(function, layout)
    with layout.scope():
        arrays = tuple(jnp.asarray(array) for array in data)

    def on(count: int) -> Program:
        rows = [jax.ShapeDtypeStruct((count, *array.shape[1:]), array.dtype) for array in arrays]
        return _trace(lambda x, *rows: cost(x, *rows, *args), layout, rows)

    whole = on(len(arrays[0]))
    return RowsProgram(whole.key, whole.value, (*arrays, *whole.constants), arrays, on)


def _trace(value: Callable[..., jax.Array], layout: Layout, rows: list[jax.ShapeDtypeStruct] | None = None) -> Program:
    rows = rows or []
    with layout.scope():
        inputs = [jax.ShapeDtypeStruct((layout.size,), layout.dtype), *rows]
        program = _written_out(traced(value, *inputs), inputs, JITTED)
    given = len(rows)

    def run(x: Any, constants: tuple[Any, ...]) -> Any:
        return eval_jaxpr(program.jaxpr, constants[given:], x, *constants[:given])[0]

    constants = tuple(program.consts)
    return Program(_key(program.jaxpr, run, inputs, constants), run, constants)


def _key(jaxpr: Any, run: Callable[..., Any], inputs: list[Any], constants: tuple[Any, ...]) -> Any:
    """Return what tells two programs apart: where a function brings its own derivative, by that derivative.

    JAX makes such a derivative anew in each trace, so that no two would be the same.
    """
    if not any(equation.primitive.name.startswith("custom_") for equation in jaxpr.eqns):
        return fingerprint(jaxpr)
    with jax.enable_x64(True):
        given = (inputs[0], (*inputs[1:], *constants))
        slopes = jax.make_jaxpr(jax.value_and_grad(run))(*given)
        slopes = _written_out(slopes, jax.tree_util.tree_leaves(given), CALLS)
    return "by its derivative", fingerprint(slopes.jaxpr)


def _written_out(traced: jex.ClosedJaxpr, inputs: list[Any], calls: dict[str, str]) -> jex.ClosedJaxpr:
    """Return the program with its calls written out: what was captured by what it calls is captured by it then."""
    return jax.make_jaxpr(lambda *given: _inlined(traced.jaxpr, traced.consts, given, calls))(*inputs)


def _inlined(jaxpr: Any, constants: Any, given: Any, calls: dict[str, str]) -> list[Any]:
    known = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*constants, *given), strict=True))
    for equation in jaxpr.eqns:
        inputs = [atom.val if isinstance(atom, jex.Literal) else known[atom] for atom in equation.invars]
        if equation.primitive.name in calls:
            called = equation.params[calls[equation.primitive.name]]
            answers = _inlined(called.jaxpr, called.consts, inputs, calls)
        else:
            settings = equation.primitive.get_bind_params(equation.params)
            answer = equation.primitive.bind(*inputs, **settings)
            answers = answer if equation.primitive.multiple_results else [answer]
        known.update(zip(equation.outvars, answers, strict=True))
    return [atom.val if isinstance(atom, jex.Literal) else known[atom] for atom in jaxpr.outvars]


class EagerJaxFunction(Objective):
    """A JAX function that looks at values: differentiated by JAX at every point anew, without compilation.

    Parameters
    ----------
    function : callable
        Returns the cost as a number or a JAX array of one element.
    layout : Layout
        How the parameters lie in the flat vector; of JAX arrays.
    args : tuple
        Further arguments.
    """

    source = "jax"
    pure = False

    def __init__(self, function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> None:
        super().__init__()
        cost = cost_of(function, layout)
        self.layout, self.cost = layout, lambda x: cost(x, *args)
        self.size, self.dtype = layout.size, layout.dtype

    def value(self, x: np.ndarray) -> float:
        self.counts.function += 1
        with self.layout.scope():
            return float(self.cost(jnp.asarray(x)))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        with self.layout.scope():
            cost, gradient = jax.value_and_grad(self.cost)(jnp.asarray(x))
            return float(cost), np.array(gradient)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        rows = directions.astype(self.dtype)
        with self.layout.scope():
            slope, point = jax.grad(self.cost), (jnp.asarray(x),)
            try:
                products = [jax.jvp(slope, point, (jnp.asarray(row),))[1] for row in rows]
            except (RuntimeError, TypeError):  # JAX has no second derivative of an operation
                return super().hessian_products(x, directions)
        self.counts.curvature += len(directions)
        return np.array(products)
