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

from fallline.arrays.compiling import compiled_soon
from fallline.arrays.layout import Layout
from fallline.arrays.lifting import lift
from fallline.arrays.lowering import LeavesNumpyError, following, lower
from fallline.arrays.scalars import in_scalars
from fallline.arrays.shadow import Shadow
from fallline.arrays.tracing import traced
from fallline.errors import InputTypeError, shown
from fallline.objectives.base import SMALL, Code, Objective, Program, RowsProgram
from fallline.objectives.branches import guarded
from fallline.objectives.closed import closed_key
from fallline.objectives.differences import DifferencedFunction
from fallline.objectives.plain import is_undefined
from fallline.objectives.rerolling import LONG, shortened

__all__ = [
    "CompiledFunction",
    "StepwiseFunction",
    "compiled",
    "lifted_value",
    "rows_program",
    "trace_program",
    "trace_rows",
]


def lifted_value(function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> Callable[..., jax.Array]:
    """Return the function of a flat JAX vector, and of rows, that does what `function` does to NumPy arrays.

    A copy of `function` is followed, so that nothing of the user's is touched.
    """

    def value(x: jax.Array, *rows: jax.Array) -> jax.Array:
        with following() as call, Shadow(function) as shadow:
            answer = shadow.function(layout.arguments(lift(x)), *map(lift, rows), *shadow.of(args))
            cost = scalar(answer)
            del answer
            if call.outlived():
                raise LeavesNumpyError("it keeps values that it computed from one call to the next")
        return cost.astype(x.dtype)

    return value


def scalar(answer: Any) -> jax.Array:
    """Return what the function returned as a zero-dimensional array."""
    lowered = lower(answer)
    try:
        array = jnp.asarray(lowered)
    except (TypeError, ValueError) as error:
        raise LeavesNumpyError(f"the function returned {shown(answer)}, which is no number") from error
    if array.size != 1:
        raise InputTypeError(f"fun must return one number; got an array of shape {array.shape}.")
    if jnp.iscomplexobj(array):
        raise LeavesNumpyError("the function is followed to a complex number")
    return array.reshape(())


def trace_program(function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> Program:
    """Trace the function into a program whose captured arrays are arguments.

    Raises
    ------
    NeedsValueError, LeavesNumpyError
        Where the function cannot be followed without values, or not at all.
    """
    key = closed_key(function, values=True)
    if key is None or args:
        return _trace(function, layout, args)
    return _trace_closed(Code(key, function), layout)


def _trace(function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> Program:
    value = lifted_value(function, layout, args)
    with jax.enable_x64(True):
        program = guarded(shortened(traced(value, jax.ShapeDtypeStruct((layout.size,), layout.dtype))))
        constants = tuple(jnp.asarray(constant) for constant in program.consts)
        unrolled = _unrolled(program.jaxpr)
    if unrolled is not None:
        return Program(fingerprint(unrolled), _runner(unrolled, len(constants)), constants)
    return Program(fingerprint(program.jaxpr), _runner(program.jaxpr), constants)


UNROLLED = 4000
"""Scalar operations up to which a long program is rewritten in scalars."""


def _unrolled(jaxpr: Any) -> Any:
    """Return a long program on small arrays in scalars, or None; XLA would compile it for tens of seconds.

    It takes the constants as further arguments.
    """
    if len(jaxpr.eqns) < LONG:
        return None
    examples = [jax.ShapeDtypeStruct(var.aval.shape, var.aval.dtype) for var in (*jaxpr.invars, *jaxpr.constvars)]
    count = len(jaxpr.invars)
    rewritten = in_scalars(lambda *given: eval_jaxpr(jaxpr, given[count:], *given[:count]), *examples, most=UNROLLED)
    if rewritten is None:
        return None

    def value(*given: jax.Array) -> jax.Array:
        return rewritten([item for array in given for item in jnp.unstack(array.reshape(-1))])[0]

    return jax.make_jaxpr(value)(*examples).jaxpr


@functools.lru_cache(maxsize=256)
def _trace_closed(function: Code, layout: Layout) -> Program:
    return _trace(function.value, layout, ())


def trace_rows(
    function: Callable[..., Any], layout: Layout, data: tuple[np.ndarray, ...], args: tuple[Any, ...]
) -> RowsProgram:
    """Trace ``function(x, *data, *args)`` into a program of any number of rows; all such programs share the data.

    Raises
    ------
    NeedsValueError, LeavesNumpyError
        Where the function cannot be followed without values of the parameters or the data, or not at all.
    """
    return rows_program(lifted_value(function, layout, args), layout.size, layout.dtype, data)


def rows_program(
    value: Callable[..., jax.Array], size: int, dtype: np.dtype, data: tuple[np.ndarray, ...]
) -> RowsProgram:
    """Return the program of a JAX function ``value(x, *rows)``, for `x` of this size and any number of rows."""
    with jax.enable_x64(True):
        arrays = tuple(jnp.asarray(array) for array in data)

    def on(count: int) -> Program:
        with jax.enable_x64(True):
            rows = (jax.ShapeDtypeStruct((count, *array.shape[1:]), array.dtype) for array in arrays)
            program = guarded(shortened(traced(value, jax.ShapeDtypeStruct((size,), dtype), *rows)))
            constants = tuple(jnp.asarray(constant) for constant in program.consts)
        return Program(fingerprint(program.jaxpr), _runner(program.jaxpr, len(arrays)), constants)

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


SURVEYED = 128
"""Parameters up to which the Hessian is asked for whole."""


class CompiledFunction(Objective):
    """A function that was traced: value, gradient and curvature are compiled, each when first asked for."""

    source = "compiled"

    def __init__(self, program: Program, layout: Layout, source: str = "compiled") -> None:
        super().__init__()
        self.source = source
        self.program = self.code = program
        self.size, self.dtype = layout.size, layout.dtype
        self.known: dict[str, tuple[Any, Any]] = {}
        # all products at once would compile for longer than one after the other runs
        self.is_long = len(program.key[1]) >= LONG
        self.surveys = program.small and not self.is_long and self.size <= SURVEYED
        self.has_second = True
        self.surveyed, self.survey = b"", np.empty(0)

    def value(self, x: np.ndarray) -> float:
        self.counts.function += 1
        return float(self._call("value", x))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        if self.surveys and self.surveyed == x.tobytes():
            return float(self.survey[0]), self.survey[1 : self.size + 1].copy()
        cost, gradient = self._recall("point", x)
        return float(cost), gradient.copy()

    def foresee(self, x: np.ndarray) -> bool:
        question = x.tobytes()
        if self.surveys and self.surveyed != question:
            answer = self._twice(self._call, "survey", x, _unit(self.size, self.dtype))
            if answer is not None:
                self.surveyed, self.survey = question, answer
        return self.surveys

    def hessian(self, x: np.ndarray) -> np.ndarray:
        if not self.surveys:
            return super().hessian(x)
        if not self.foresee(x):
            return super().hessian(x)
        self.counts.curvature += self.size
        return self.survey[self.size + 1 :].reshape(self.size, self.size).copy()

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        if self.is_long:
            products = [self._twice(self._recall, "product", x, direction) for direction in directions]
        else:
            products = self._twice(self._recall, "products", x, directions)
        if not self.has_second:
            return super().hessian_products(x, directions)
        self.counts.curvature += len(directions)
        return np.array(products)

    def values(self, points: np.ndarray) -> np.ndarray:
        points = points.astype(self.dtype)
        if self.is_long:
            return np.array([self._call("value", point) for point in points])
        return self._call("values", points).copy()

    def _twice(self, ask: Callable[..., Any], what: str, *arrays: Any) -> Any:
        """Return an answer that takes second derivatives; None where JAX has none of an operation."""
        if self.has_second:
            try:
                return ask(what, *arrays)
            except (RuntimeError, TypeError):
                self.has_second = self.surveys = False
        return None

    def _recall(self, what: str, *arrays: np.ndarray) -> Any:
        """Return the answer, the last one if it was to the same question: several look at the same point in turn."""
        if self.size > SMALL:
            return self._call(what, *arrays)
        question = [_question(array) for array in arrays]
        if what not in self.known or self.known[what][0] != question:
            self.known[what] = question, self._call(what, *arrays)
        return self.known[what][1]

    def _call(self, what: str, *arrays: Any) -> Any:
        with jax.enable_x64(True):
            answer = compiled(self.code, what)(*arrays, self.code.constants)
            return tuple(map(np.asarray, answer)) if isinstance(answer, tuple) else np.asarray(answer)


@functools.lru_cache(maxsize=64)
def _unit(size: int, dtype: np.dtype) -> jax.Array:
    """Return the unit matrix."""
    with jax.enable_x64(True):
        return jax.device_put(np.eye(size, dtype=dtype))  # made by JAX, it would be compiled


def _question(array: np.ndarray) -> tuple[tuple[int, ...], bytes]:
    return array.shape, array.tobytes()


@functools.lru_cache(maxsize=256)
def _compiled(code: Code, what: str, small: bool) -> Any:
    function = code.value

    def product(x: Any, direction: Any, constants: Any) -> Any:
        return jax.jvp(lambda x: jax.grad(function)(x, constants), (x,), (direction,))[1]

    def survey(x: Any, directions: Any, constants: Any) -> Any:
        products = jax.vmap(product, in_axes=(None, 0, None))(x, directions, constants)
        cost, gradient = jax.value_and_grad(function)(x, constants)
        return jnp.concatenate([cost[None], gradient, products.ravel()])

    makers = {
        "survey": lambda: survey,
        "value": lambda: function,
        "point": lambda: jax.value_and_grad(function),
        "product": lambda: product,
        "products": lambda: jax.vmap(product, in_axes=(None, 0, None)),
        "values": lambda: jax.vmap(function, in_axes=(0, None)),
    }
    return compiled_soon(makers[what](), small=small)


def compiled(program: Program, what: str) -> Any:
    """Return the compiled ``value``, ``point``, ``product(s)`` or ``values`` of a program; shared by equal programs."""
    return _compiled(program.code, what, program.small)


class StepwiseFunction(Objective):
    """A function that looks at values: differentiated exactly by JAX at every point anew, without compilation.

    Where a branch is met that cannot be followed, the function is measured from there on, by finite differences.

    Parameters
    ----------
    function : callable
        As the user wrote it.
    layout : Layout
        How it takes its parameters.
    args : tuple
        Its further arguments.
    is_checked : bool
        Whether it could be followed at the start; else what cannot be followed is an error.
    """

    source = "stepwise"
    pure = False

    def __init__(
        self, function: Callable[..., Any], layout: Layout, args: tuple[Any, ...], is_checked: bool = False
    ) -> None:
        super().__init__()
        self.lifted = lifted_value(function, layout, args)
        self.measured = DifferencedFunction(function, layout, args)
        self.size, self.dtype = layout.size, layout.dtype
        self.is_checked = is_checked

    def value(self, x: np.ndarray) -> float:
        return self._followed(lambda: float(self.lifted(jnp.asarray(x))), self.measured.value, x)

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.gradient += 1
        return self._followed(lambda: self._slope(jnp.asarray(x)), self.measured.value_and_gradient, x)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        if not self.exact:
            return super().hessian_products(x, directions)
        with jax.enable_x64(True):
            slope, point = jax.grad(self.lifted), (jnp.asarray(x),)
            try:
                products = [jax.jvp(slope, point, (jnp.asarray(row),))[1] for row in directions]
            except (RuntimeError, TypeError):  # JAX has no second derivative of an operation
                return super().hessian_products(x, directions)
        self.counts.curvature += len(directions)
        return np.array(products)

    def _slope(self, x: jax.Array) -> tuple[float, np.ndarray]:
        cost, gradient = jax.value_and_grad(self.lifted)(x)
        if np.isfinite(cost) and not np.isfinite(gradient).all():
            # forwards, a branch that is not taken drops out whatever its derivative
            gradient = [jax.jvp(self.lifted, (x,), (row,))[1] for row in jnp.eye(x.size, dtype=x.dtype)]
        return float(cost), np.array(gradient)

    def _followed(self, call: Callable[[], Any], measured: Callable[[np.ndarray], Any], x: np.ndarray) -> Any:
        self.counts.function += 1
        if self.exact:
            try:
                with jax.enable_x64(True):
                    return call()
            # if the error is the user's, it comes again when the plain function is called
            except Exception as error:
                if not self.is_checked:
                    raise
                self.measured.function.has_answered = True
                if not is_undefined(error):
                    self.source, self.exact = "finite-differences", False
        before = self.measured.counts.function
        answer = measured(x)
        self.counts.function += self.measured.counts.function - before - 1
        return answer
