"""The compiled engine: blocks of steps as one JAX loop that writes its records into buffers."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fallline.arrays.compiling import compiled_soon
from fallline.descent.carries import known_to_jax, leaves_of, with_leaves
from fallline.descent.engine import Block, Engine
from fallline.descent.rates import largest, rates_from
from fallline.descent.step import Carry, Rate, begin, norm, take_step
from fallline.methods import UpdateRule
from fallline.objectives.base import SMALL, Code, Objective
from fallline.penalties import Penalty
from fallline.schedules import Schedule
from fallline.schedules.constant import Constant, PerParameter
from fallline.steps import Evaluate, Point, StepRule

if TYPE_CHECKING:
    import jax

__all__ = [
    "CompiledEngine",
    "array_loop",
    "as_block",
    "as_scheduled",
    "as_tree",
    "evaluation",
    "in_jax",
    "is_frozen",
    "rate_at",
    "recorded_step",
]

BUFFER_BYTES = 4_000_000
LONGEST = 16_384

SLOPE, LENGTH = 1, 2
"""Places of the slope and the step's length among the numbers that record a step."""

SEARCHED = 512
"""Steps of a block at most where each is searched for: they take longer than the block's own cost."""


class CompiledEngine(Engine):
    """Takes steps in a compiled loop; a block of any length runs the same program, so its length changes no bit."""

    foresight = True

    def __init__(self, objective: Objective, x0: np.ndarray, method: UpdateRule, rate: Rate) -> None:
        if objective.program is None:
            raise TypeError("only an objective with a program can be compiled")
        self.program, self.x0, self.method, self.rate = objective.program, x0, method, rate
        # a penalty is a tree of numbers beside the constants: programs do not depend on its strength
        self.constants = (self.program.constants, as_tree(objective.penalty))
        self.slope = objective.slope
        self.point = objective.value_and_gradient
        rows = max(1, BUFFER_BYTES // (x0.itemsize * x0.size + 40))
        most = SEARCHED if isinstance(rate, StepRule) else LONGEST
        self.longest = min(most, 1 << (rows.bit_length() - 1))
        # a schedule is evaluated here and handed over as numbers, so that all schedules share a program
        measured = None if isinstance(rate, Schedule) else rate
        maker = _programs if is_frozen(method) and (measured is None or is_frozen(rate)) else _programs.__wrapped__
        small = self.program.small and x0.size <= SMALL and measured is not None
        if small:  # they are quick, and end where a look is worth it
            self.first = 64
        self._advance = maker(self.program.code, method, measured, self.longest, small)
        self.carry: Any = None
        self.before: Any = None
        self.begun, self.count, self.k = False, 0, 0

    def start(self) -> Block:
        cost, gradient = self.point(self.x0)
        point = Point(self.x0, np.asarray(cost, self.x0.dtype), gradient)
        self.carry = begin(point, self.method, self.rate, np.asarray(0, dtype=np.int64))
        cost, steepness, nothing = np.array([[cost], [norm(self.slope(self.x0, gradient))], [np.nan]])
        return Block(self.x0[None].copy(), cost, steepness, nothing, nothing.copy(), np.ones(1, dtype=np.int64))

    def advance(self, count: int, low: float = -np.inf) -> Block:
        import jax

        with jax.enable_x64(True):
            if not self.begun:
                # NumPy's arrays go in as they are: converting them one by one takes longer than a block of steps
                leaves, tree = jax.tree_util.tree_flatten(known_to_jax(self.carry))
                self.k = int(self.carry.k)
                self.carry = tree.unflatten(
                    leaf if isinstance(leaf, (np.ndarray, np.generic, jax.Array)) else np.asarray(leaf)
                    for leaf in leaves
                )
                self.begun = True
            rates = rates_from(self.rate, self.k, count)
            self.before, count = self.carry, len(rates)
            scheduled = as_scheduled(self.rate, rates, self.longest)
            self.carry, buffers, done = self._advance(self.carry, count, low, scheduled, self.constants)
            self.count = count = int(np.asarray(done))
            self.k += count
            return as_block(buffers, count, rates[:count])

    def method_state(self, count: int) -> Any:
        import jax

        if count < self.count:
            self.carry, self.k = self.before, self.k - self.count
            self.advance(count)
        return jax.tree_util.tree_map(np.asarray, self.carry.method_state)

    def state(self) -> list[np.ndarray]:
        return leaves_of(self.carry, self.method)

    def restore(self, state: list[np.ndarray]) -> None:
        self.carry, self.begun = with_leaves(self.carry, state), False


class _Table(NamedTuple):
    """A rate for each step of a block."""

    rates: Any


def as_scheduled(rate: Rate, rates: np.ndarray, longest: int) -> Any:
    """Return the rates as a program takes them: one for all steps where it never changes, else a table."""
    if isinstance(rate, (Constant, PerParameter, StepRule)):
        return rates[0]
    table = np.zeros(longest)
    table[: len(rates)] = rates
    return _Table(table)


def in_jax(carry: Carry) -> Carry:
    """Return the carry with JAX's arrays."""
    import jax

    return jax.tree_util.tree_map(jax.numpy.asarray, known_to_jax(carry))


def as_block(buffers: tuple[jax.Array, ...], count: int, rates: np.ndarray) -> Block:
    """Return the first `count` records of a program's buffers."""
    path, *columns = (np.asarray(buffer) for buffer in buffers)
    # a full block is used in place; a part of one is copied, lest a few rows hold a whole buffer
    x = path if count == len(path) else path[:count].copy()
    if columns[0].ndim == 2:  # all in one table
        columns = list(columns[0] if count == len(path) else columns[0][:, :count].copy())
    elif count != len(path):
        columns = [column[:count].copy() for column in columns]
    fun, slope, length, *varying = columns
    evaluations = varying[1] if len(varying) > 1 else np.broadcast_to(1, count)
    return Block(x, fun, slope, varying[0] if varying else largest(rates), length, evaluations)


@functools.lru_cache(maxsize=128)
def _programs(code: Code, method: UpdateRule, rate: Rate | None, longest: int, small: bool) -> Any:
    """Return the compiled function that takes `count` more steps."""
    from fallline.arrays.scalars import in_scalars

    def step(carry: Carry, scheduled: Any, constants: Any) -> tuple[Carry, tuple[Any, ...]]:
        return recorded_step(carry, method, rate, scheduled, evaluation(code, *constants))

    def advance(carry: Carry, count: int, low: float, scheduled: Any, constants: Any) -> tuple[Carry, Any, Any]:
        searched = isinstance(rate, StepRule)
        rewritten = None if searched else in_scalars(step, carry, rate_at(scheduled, 0), constants)
        if rewritten is not None:
            return *_scalar_loop(rewritten, carry, count, scheduled, constants, longest), count

        def stepped(carry: Carry, place: Any) -> tuple[Carry, tuple[Any, ...]]:
            return step(carry, rate_at(scheduled, place), constants)

        if not searched:  # steps beyond the stop are dropped, and quicker than to ask at each
            return *array_loop(stepped, carry, count, longest), count
        return array_loop(stepped, carry, count, longest, low)

    return compiled_soon(advance, small=small)


def evaluation(code: Code, constants: Any, penalty: Penalty | None = None) -> Evaluate:
    """Return the program, with its penalty, as step rules may ask it."""
    import jax

    def cost(x: Any) -> Any:
        smooth = code.value(x, constants)
        return smooth if penalty is None else smooth + penalty.value(x)

    def point(x: Any) -> Point:
        smooth, gradient = jax.value_and_grad(code.value)(x, constants)
        return Point(x, smooth if penalty is None else smooth + penalty.value(x), gradient)

    return Evaluate(cost, point, penalty)


def recorded_step(
    carry: Carry,
    method: UpdateRule,
    rate: Rate | None,
    scheduled: Any,
    evaluate: Evaluate,
    ahead: Evaluate | None = None,
) -> tuple[Carry, tuple[Any, ...]]:
    """Return the carry after a step, of the same types, and the row that records the step."""
    import jax
    import jax.numpy as jnp

    after, move = take_step(carry, method, rate, scheduled, evaluate, ahead)
    after = jax.tree_util.tree_map(lambda new, old: jnp.asarray(new, old.dtype), known_to_jax(after), carry)
    # what is the same at every step is not written at every step: see as_block
    varying = (() if rate is None else (move.learning_rate,)) + (
        (move.evaluations,) if isinstance(rate, StepRule) else ()
    )
    numbers = (after.point.fun, norm(evaluate.slope(after.point)), move.step_norm, *varying)
    return after, (after.point.x, *(jnp.asarray(number, carry.point.x.dtype) for number in numbers))


def rate_at(scheduled: Any, place: Any) -> Any:
    """Return the rate of the step at this place of a block."""
    return scheduled.rates[place] if isinstance(scheduled, _Table) else scheduled


def array_loop(step: Any, carry: Carry, count: Any, longest: int, low: Any = None) -> Any:
    """Return the carry and the records after `count` steps on arrays; `step` takes the carry and the step's place.

    With `low`, the last step is the first whose slope is at most that, or the second in a row that led nowhere, and how
    many were taken is returned too.
    """
    import jax
    import jax.numpy as jnp
    from jax.core import eval_jaxpr

    # traced once: tracing a line search takes longer than reading its program again
    traced, (_, rows) = jax.make_jaxpr(step, return_shape=True)(carry, jnp.zeros((), jnp.int64))
    tree = jax.tree_util.tree_structure((carry, rows))
    x, *numbers = rows
    # the fewer places are written to, the sooner it is compiled
    buffers = jnp.zeros((longest, *x.shape), x.dtype), jnp.zeros((len(numbers), longest), x.dtype)

    def stepped(place: Any, before: Carry, written: tuple[Any, Any]) -> tuple[Carry, tuple[Any, Any], list[Any]]:
        leaves = eval_jaxpr(traced.jaxpr, traced.consts, *jax.tree_util.tree_leaves((before, place)))
        after, (x, *numbers) = jax.tree_util.tree_unflatten(tree, leaves)
        # places are never outside, and to ask at each step whether they are costs as much as writing
        path = jax.lax.dynamic_update_index_in_dim(written[0], x, place, 0)
        table = jax.lax.dynamic_update_index_in_dim(written[1], jnp.stack(numbers), place, 1)
        return after, (path, table), numbers

    if low is None:
        return jax.lax.fori_loop(0, count, lambda place, state: stepped(place, *state)[:2], (carry, buffers))

    def going(state: tuple[Any, ...]) -> jax.Array:
        place, slope, still, _ = state
        return (place < count) & ~(slope <= low) & (still < 2)

    def onwards(state: tuple[Any, ...]) -> tuple[Any, ...]:
        place, _, still, inner = state
        after, written, numbers = stepped(place, *inner)
        return place + 1, numbers[SLOPE], jnp.where(numbers[LENGTH] == 0, still + 1, 0), (after, written)

    none = jnp.zeros((), jnp.int64)
    begun = none, jnp.full((), jnp.inf, x.dtype), none, (carry, buffers)
    taken, _, _, (carry, buffers) = jax.lax.while_loop(going, onwards, begun)
    return carry, buffers, taken


def _scalar_loop(rewritten: Any, carry: Carry, count: Any, scheduled: Any, constants: Any, longest: int) -> Any:
    """Return the same after `count` steps on scalars, for small problems."""
    import jax
    import jax.numpy as jnp

    leaves, tree = jax.tree_util.tree_flatten(carry)
    scalars, fixed = _split(leaves), _split(jax.tree_util.tree_leaves(constants))

    def beside(place: Any) -> list[Any]:
        return [*_split([rate_at(scheduled, place)]), *fixed]

    size, dtype = carry.point.x.size, carry.point.x.dtype
    made = jax.eval_shape(rewritten, [*scalars, *beside(0)])[len(scalars) :]
    path = jnp.zeros((longest, size), dtype)
    columns = [jnp.zeros(longest, item.dtype) for item in made[size:]]

    def body(place: jax.Array, state: tuple[list[Any], Any, list[Any]]) -> tuple[list[Any], Any, list[Any]]:
        before, path, written = state
        answers = rewritten([*before, *beside(place)])
        after, row = answers[: len(before)], answers[len(before) :]
        path = path.at[place].set(jnp.stack(row[:size]))
        return after, path, [column.at[place].set(item) for column, item in zip(written, row[size:], strict=True)]

    scalars, path, columns = jax.lax.fori_loop(0, count, body, (scalars, path, columns))
    starts = [0, *itertools.accumulate(leaf.size for leaf in leaves)]
    leaves = [
        jnp.stack(scalars[i : i + leaf.size]).reshape(leaf.shape) for i, leaf in zip(starts, leaves, strict=False)
    ]
    return jax.tree_util.tree_unflatten(tree, leaves), (path, *columns)


def _split(leaves: list[Any]) -> list[Any]:
    return [leaf.ravel()[i] for leaf in leaves for i in range(leaf.size)]


def is_frozen(thing: Any) -> bool:
    """Tell whether a thing can never change, so that what was compiled from it stays true."""
    return dataclasses.is_dataclass(thing) and type(thing).__dataclass_params__.frozen  # type: ignore[attr-defined]


def as_tree(penalty: Penalty | None) -> Penalty | None:
    """Return the penalty, made known to JAX: its numbers and arrays vary, anything else is part of the program."""
    if penalty is not None:
        for part in (penalty, *vars(penalty).values()):
            if isinstance(part, Penalty):
                _register_penalty(type(part))
    return penalty


@functools.cache
def _register_penalty(cls: type[Penalty]) -> None:
    import jax

    names = [field.name for field in dataclasses.fields(cls)]

    def flatten(penalty: Penalty) -> tuple[list[Any], Any]:
        values = [getattr(penalty, name) for name in names]
        varies = tuple(isinstance(value, (float, np.ndarray, jax.Array, Penalty)) for value in values)
        fixed = tuple(value for value, moves in zip(values, varies, strict=True) if not moves)
        return [value for value, moves in zip(values, varies, strict=True) if moves], (varies, fixed)

    def unflatten(aside: Any, children: Any) -> Penalty:
        varying, fixed = iter(children), iter(aside[1])
        penalty = object.__new__(cls)  # its checks were made, and numbers being traced cannot be checked
        for name, moves in zip(names, aside[0], strict=True):
            object.__setattr__(penalty, name, next(varying) if moves else next(fixed))
        return penalty

    jax.tree_util.register_pytree_node(cls, flatten, unflatten)
