"""The compiled engine: blocks of steps as one JAX loop that writes its records into buffers."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.descent.engine import Block, Engine, columns
from fallline.descent.step import Carry, begin, norm, take_step
from fallline.methods import UpdateRule
from fallline.objectives.base import Objective, Program
from fallline.schedules import Constant, Schedule
from fallline.steps import Evaluate, Point, StepRule

if TYPE_CHECKING:
    import jax

__all__ = ["CompiledEngine"]

BUFFER_BYTES = 4_000_000
LONGEST = 16_384


class CompiledEngine(Engine):
    """Takes steps in a compiled loop; a block of any length runs the same program, so its length changes no bit."""

    foresight = True

    def __init__(self, objective: Objective, x0: np.ndarray, method: UpdateRule, rate: Schedule | StepRule) -> None:
        if objective.program is None:
            raise TypeError("only an objective with a program can be compiled")
        self.program, self.x0, self.method, self.rate = objective.program, x0, method, rate
        self.point = objective.value_and_gradient
        rows = max(1, BUFFER_BYTES // (x0.itemsize * x0.size + 40))
        self.longest = min(LONGEST, 1 << (rows.bit_length() - 1))
        fixed = isinstance(rate, Constant)
        self.rate_value = float(rate.rate) if isinstance(rate, Constant) else 0.0
        maker = _programs if _is_frozen(method) and _is_frozen(rate) else _programs.__wrapped__
        self._advance = maker(_Code(self.program), method, None if fixed else rate, self.longest)
        self.carry: Any = None

    def start(self) -> Block:
        cost, gradient = self.point(self.x0)
        point = Point(self.x0, np.asarray(cost, self.x0.dtype), gradient)
        self.carry = begin(point, self.method, self.rate, np.asarray(0, dtype=np.int64))
        block = columns(1, self.x0)
        for column, value in zip(block, (self.x0, cost, norm(gradient), np.nan, np.nan, 1), strict=True):
            column[0] = value
        return block

    def advance(self, count: int) -> Block:
        import jax

        with jax.enable_x64(True):
            carry = jax.tree_util.tree_map(jax.numpy.asarray, _as_tree(self.carry))
            self.carry, buffers = self._advance(carry, count, self.rate_value, self.program.constants)
            arrays = [np.asarray(buffer) for buffer in buffers]
        # a full block is used in place; a part of one is copied, lest a few rows hold a whole buffer
        return Block(*(array if count == self.longest else array[:count].copy() for array in arrays))


@dataclasses.dataclass(frozen=True)
class _Code:
    """A program that equals every other of the same code, so that what was compiled is found again."""

    program: Program

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Code) and other.program.key == self.program.key

    def __hash__(self) -> int:
        return hash(self.program.key)


@functools.lru_cache(maxsize=128)
def _programs(code: _Code, method: UpdateRule, rate: Schedule | StepRule | None, longest: int) -> Any:
    """Return the compiled function that takes `count` more steps."""
    import jax
    import jax.numpy as jnp

    value = code.program.value

    def point(x: jax.Array, constants: Any) -> Point:
        return Point(x, *jax.value_and_grad(value)(x, constants))

    @jax.jit
    def advance(carry: Carry, count: int, rate_value: float, constants: Any) -> tuple[Carry, tuple[jax.Array, ...]]:
        x = carry.point.x
        evaluate = Evaluate(lambda x: value(x, constants), lambda x: point(x, constants))
        rule = rate if rate is not None else _Given(jnp.asarray(rate_value, x.dtype))
        buffers = (
            jnp.zeros((longest, x.size), x.dtype),
            *(jnp.zeros(longest, x.dtype) for _ in range(4)),
            jnp.zeros(longest, jnp.int64),
        )

        def body(row: jax.Array, state: tuple[Carry, tuple[jax.Array, ...]]) -> tuple[Carry, tuple[jax.Array, ...]]:
            before, written = state
            after, move = take_step(before, method, rule, evaluate)
            after = jax.tree_util.tree_map(lambda new, old: jnp.asarray(new, old.dtype), _as_tree(after), before)
            there = after.point
            made = (there.x, there.fun, norm(there.gradient), *move)
            return after, tuple(b.at[row].set(jnp.asarray(m, b.dtype)) for b, m in zip(written, made, strict=True))

        return jax.lax.fori_loop(0, count, body, (carry, buffers))

    return advance


class _Given(Schedule):
    """A fixed rate that the program takes as an argument, so that every fixed rate shares it."""

    def __init__(self, rate: Any) -> None:
        self.rate = rate

    def __call__(self, k: Any) -> Any:
        return self.rate


def _is_frozen(thing: Any) -> bool:
    """Tell whether a thing can never change, so that what was compiled from it stays true."""
    return dataclasses.is_dataclass(thing) and type(thing).__dataclass_params__.frozen  # type: ignore[attr-defined]


@functools.cache
def _register(cls: type) -> None:
    import jax

    jax.tree_util.register_dataclass(cls)


def _as_tree(carry: Carry) -> Carry:
    """Return the carry, its method's state made known to JAX where it is a dataclass."""
    state = carry.method_state
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        _register(type(state))
    return carry
