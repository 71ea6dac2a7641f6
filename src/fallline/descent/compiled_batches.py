"""Mini-batches compiled: the updates of an epoch as one JAX loop that gathers each one's rows inside."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fallline.descent.carries import leaves_of, with_leaves
from fallline.descent.compiled import (
    BUFFER_BYTES,
    LONGEST,
    Code,
    array_loop,
    as_block,
    as_scheduled,
    as_tree,
    evaluation,
    in_jax,
    is_frozen,
    rate_at,
    recorded_step,
)
from fallline.descent.engine import Block, Engine, columns
from fallline.descent.rates import rates_from
from fallline.descent.step import Carry, Rate, begin, norm
from fallline.methods import UpdateRule
from fallline.objectives.base import RowsProgram
from fallline.penalties import Penalty
from fallline.schedules import Schedule
from fallline.steps import Point

if TYPE_CHECKING:
    import jax

    from fallline.descent.batches import Batches

__all__ = ["CompiledBatches"]


class _Stretch(NamedTuple):
    """Consecutive updates on batches of one size: the rows that they step on, and those that they arrive on."""

    now: Any
    ahead: Any
    place: int
    left: int
    sizes: tuple[int, int]


class CompiledBatches(Engine):
    """Takes steps on mini-batches in a compiled loop.

    All batches of the full size run in one program; where the rows leave a short one, the step that arrives on it and
    the step that leaves it are programs of their own.
    """

    foresight = True

    def __init__(
        self,
        program: RowsProgram,
        batches: Batches,
        x0: np.ndarray,
        method: UpdateRule,
        rate: Rate,
        penalty: Penalty | None = None,
    ) -> None:
        self.penalty = as_tree(penalty)
        self.batches, self.x0, self.method, self.rate, self.data = batches, x0, method, rate, program.data
        self.programs = {size: program.on(size) for size in {batches.size, batches.rest} - {0}}
        self.longest = min(LONGEST, batches.steps, max(1, BUFFER_BYTES // (x0.itemsize * x0.size + 40)))
        self.carry: Any = None
        self.before: Any = None
        self.begun, self.count = False, 0
        self.advances: dict[tuple[int, int], Any] = {}
        self.epoch, self.orders = -1, {}
        self.order: Any = None
        self.next: Any = None
        self.now: Any = None
        self.ahead: Any = None

    def start(self) -> Block:
        import jax

        from fallline.objectives.lifted import compiled

        program = self.programs[self.batches.size]
        with jax.enable_x64(True):
            rows = tuple(array[self.batches.of(0)] for array in self.data)
            cost, gradient = compiled(program, "point")(self.x0, (*rows, *program.constants))
        added = 0.0 if self.penalty is None else self.penalty.value(self.x0)
        point = Point(self.x0, np.asarray(float(cost) + added, self.x0.dtype), np.asarray(gradient))
        slope = point.gradient if self.penalty is None else self.penalty.slope(point.x, point.gradient)
        self.carry = begin(point, self.method, self.rate, np.asarray(0, dtype=np.int64))
        block = columns(1, self.x0)
        for column, value in zip(block, (self.x0, point.fun, norm(slope), np.nan, np.nan, 1), strict=True):
            column[0] = value
        return block

    def advance(self, count: int) -> Block:
        import jax

        with jax.enable_x64(True):
            if not self.begun:
                self.carry, self.begun = in_jax(self.carry), True
            stretch = self._stretch(int(self.carry.k))
            longest = self.longest if stretch.sizes == (self.batches.size,) * 2 else 1
            rates = rates_from(self.rate, int(self.carry.k), min(count, stretch.left, longest))
            self.before, self.count = self.carry, (count := len(rates))
            now, ahead = (self.programs[size] for size in stretch.sizes)
            scheduled = as_scheduled(self.rate, rates, longest)
            constants = (self.data, self.penalty, now.constants, ahead.constants)
            self.carry, buffers = self._advance(stretch.sizes, longest)(
                self.carry, count, scheduled, constants, stretch.now, stretch.ahead, stretch.place
            )
            return as_block(buffers, count, rates)

    def method_state(self, count: int) -> Any:
        import jax

        if count < self.count:
            self.carry = self.before
            self.advance(count)
        return jax.tree_util.tree_map(np.asarray, self.carry.method_state)

    def state(self) -> list[np.ndarray]:
        return leaves_of(self.carry, self.method)

    def restore(self, state: list[np.ndarray]) -> None:
        self.carry, self.begun = with_leaves(self.carry, state), False

    def _advance(self, sizes: tuple[int, int], longest: int) -> Any:
        """Return the compiled function for these sizes of batches; one for each for the whole run."""
        if sizes not in self.advances:
            measured = None if isinstance(self.rate, Schedule) else self.rate
            lasting = is_frozen(self.method) and (measured is None or is_frozen(measured))
            maker = _programs if lasting else _programs.__wrapped__
            codes = (Code(self.programs[sizes[0]]), Code(self.programs[sizes[1]]))
            self.advances[sizes] = maker(codes, sizes, self.method, measured, longest)
        return self.advances[sizes]

    def _stretch(self, k: int) -> _Stretch:
        """Return how far the updates from `k` go on in one program, and on which rows."""
        size, rest, steps = self.batches.size, self.batches.rest, self.batches.steps
        epoch, place = divmod(k, steps)
        if epoch != self.epoch:
            self._load(epoch)
        full = steps - 1 if rest else steps
        last = full - 1 if rest else full
        if place < last:
            return _Stretch(self.now, self.ahead, place, last - place, (size, size))
        if place < full:
            return _Stretch(self.now[place * size :], self.order[full * size :], 0, 1, (size, rest))
        return _Stretch(self.order[full * size :], self.next, 0, 1, (rest, size))

    def _load(self, epoch: int) -> None:
        """Put the rows of an epoch, and of the first batch after it, where the program finds them."""
        import jax.numpy as jnp

        kind = np.int32 if self.batches.rows < 2**31 else np.int64
        size, whole = self.batches.size, self.batches.rows - self.batches.rest
        known = self.orders
        self.orders = {k: known[k] if k in known else self.batches.order(k).astype(kind) for k in (epoch, epoch + 1)}
        order, after = self.orders.values()
        self.epoch, self.order, self.next = epoch, jnp.asarray(order), jnp.asarray(after[:size])
        ahead = order[size:whole] if self.batches.rest else np.concatenate([order[size:], after[:size]])
        self.now, self.ahead = jnp.asarray(order[:whole]), jnp.asarray(ahead)


@functools.lru_cache(maxsize=64)
def _programs(
    codes: tuple[Code, Code], sizes: tuple[int, int], method: UpdateRule, rate: Rate | None, longest: int
) -> Any:
    """Return the compiled function that takes `count` more steps from one size of batches to another."""
    import jax

    def some(data: tuple[jax.Array, ...], rows: jax.Array) -> tuple[jax.Array, ...]:
        return tuple(array.at[rows].get(mode="promise_in_bounds") for array in data)

    @jax.jit
    def advance(
        carry: Carry, count: int, scheduled: Any, constants: Any, now: jax.Array, ahead: jax.Array, first: int
    ) -> tuple[Carry, tuple[jax.Array, ...]]:
        data, penalty, *own = constants

        def step(carry: Carry, place: Any) -> Any:
            starts = ((first + place) * size for size in sizes)
            batches = (
                some(data, jax.lax.dynamic_slice_in_dim(rows, start, size))
                for rows, start, size in zip((now, ahead), starts, sizes, strict=True)
            )
            here, there = (
                evaluation(code, (*batch, *more), penalty)
                for code, batch, more in zip(codes, batches, own, strict=True)
            )
            return recorded_step(carry, method, rate, rate_at(scheduled, place), here, there)

        return array_loop(step, carry, count, longest)

    return advance
