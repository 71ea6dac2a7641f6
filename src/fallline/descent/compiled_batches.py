"""Mini-batches compiled: the updates of an epoch as JAX loops over rows that were gathered for them meanwhile."""

from __future__ import annotations

import functools
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fallline.descent.carries import leaves_of, with_leaves
from fallline.descent.compiled import (
    BUFFER_BYTES,
    LONGEST,
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
from fallline.objectives.base import Code, RowsProgram
from fallline.penalties import Penalty
from fallline.schedules import Schedule
from fallline.steps import Point

if TYPE_CHECKING:
    import jax

    from fallline.descent.batches import Batches

__all__ = ["CompiledBatches"]


SHORT = 1024
"""Rows of a batch up to which sums over them are not split: that would take longer than it saves."""

SHORT_SUMS = {"xla_disable_hlo_passes": "tree_reduction_rewriter"}

GATHERED = 16_000_000
"""Bytes of the rows that are gathered at once."""

ALIGNED = 64
"""Bytes to which JAX wants an array aligned that it is to use in place."""


class _Stretch(NamedTuple):
    """Consecutive updates on batches of one size: the rows that they step on, and those that they arrive on.

    `starts` are the first of both; after `left` updates comes another stretch.
    """

    now: Any
    ahead: Any
    starts: tuple[int, int]
    left: int
    sizes: tuple[int, int]


class _Gatherer:
    """Copies the rows of one stretch of updates after the other, each in a thread while the one before is stepped on.

    Parameters
    ----------
    data : tuple of array
        The rows.
    most : int
        Rows of a stretch, at most.
    """

    def __init__(self, data: tuple[Any, ...], most: int) -> None:
        self.data = tuple(map(np.asarray, data))
        # in turns: one is filled while the other is read
        self.places = [tuple(_aligned((most, *array.shape[1:]), array.dtype) for array in self.data) for _ in range(2)]
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.key: Any = None
        self.rows: tuple[jax.Array, ...] = ()
        self.filling: tuple[Any, Future[None]] | None = None

    def at(self, key: Any, order: np.ndarray) -> tuple[jax.Array, ...]:
        """Return the rows of a stretch, of this `order`, as JAX's arrays; the one before must be done with."""
        import jax.numpy as jnp

        if key != self.key:
            if self.filling is not None:
                self.filling[1].result()
            if self.filling is None or self.filling[0] != key:
                self._fill(order)
            self.places.reverse()
            self.key, self.filling = key, None
            self.rows = tuple(jnp.asarray(place) for place in self.places[0])
        return self.rows

    def prepare(self, key: Any, order: np.ndarray) -> None:
        """Begin to gather the rows of the stretch that will be asked for next."""
        if self.filling is None:
            self.filling = key, self.pool.submit(self._fill, order)

    def _fill(self, order: np.ndarray) -> None:
        for array, place in zip(self.data, self.places[1], strict=True):
            np.take(array, order, axis=0, out=place[: len(order)], mode="clip")  # in bounds, and so not looked at


def _aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.zeros(size + ALIGNED, np.uint8)
    start = -memory.ctypes.data % ALIGNED
    return memory[start : start + size].view(dtype).reshape(shape)


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
        self.order = np.empty(0, np.int64)
        row_bytes = sum(array.nbytes // len(array) for array in self.data)
        self.chunk = max(1, min(self.longest, GATHERED // (batches.size * max(1, row_bytes))))
        self.gatherer = _Gatherer(self.data, (self.chunk + 1) * batches.size)

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

    def advance(self, count: int, low: float = -np.inf) -> Block:
        import jax

        with jax.enable_x64(True):
            if not self.begun:
                self.carry, self.begun = in_jax(self.carry), True
            k = int(self.carry.k)
            rates = rates_from(self.rate, k, min(count, self.longest, self.batches.steps - k % self.batches.steps))
            self.before, self.count = self.carry, len(rates)
            parts: list[Block] = []
            done = 0
            while done < len(rates):
                parts.append(self._go(k + done, rates[done:]))
                done += len(parts[-1].fun)
        return parts[0] if len(parts) == 1 else Block(*map(np.concatenate, zip(*parts, strict=True)))

    def _go(self, k: int, rates: np.ndarray) -> Block:
        """Take the updates from `k` that go on in one program, on rows that lie ready."""
        stretch = self._stretch(k)
        longest = self.chunk if stretch.sizes == (self.batches.size,) * 2 else 1
        rates = rates[: min(stretch.left, longest)]
        now, ahead = (self.programs[size] for size in stretch.sizes)
        constants = (self.penalty, now.constants, ahead.constants)
        self.carry, buffers = self._advance(stretch.sizes, longest)(
            self.carry,
            len(rates),
            as_scheduled(self.rate, rates, longest),
            constants,
            stretch.now,
            stretch.ahead,
            stretch.starts,
        )
        return as_block(buffers, len(rates), rates)

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
            codes = (self.programs[sizes[0]].code, self.programs[sizes[1]].code)
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
            chunk, first = divmod(place, self.chunk)
            rows = self.gatherer.at((epoch, chunk), self._part(chunk))
            if (chunk + 1) * self.chunk < last:
                self.gatherer.prepare((epoch, chunk + 1), self._part(chunk + 1))
            starts = first * size, (first + 1) * size
            return _Stretch(rows, rows, starts, min(self.chunk - first, last - place), (size, size))
        short = self._rows(self.order[full * size : self.batches.rows])
        if place < full:
            return _Stretch(self._rows(self.order[place * size : full * size]), short, (0, 0), 1, (size, rest))
        return _Stretch(short, self._rows(self.order[self.batches.rows :]), (0, 0), 1, (rest, size))

    def _part(self, chunk: int) -> np.ndarray:
        """Return the rows of a chunk of full batches, and of the batch after them."""
        size = self.batches.size
        return self.order[chunk * self.chunk * size : ((chunk + 1) * self.chunk + 1) * size]

    def _rows(self, order: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(array[order] for array in self.gatherer.data)

    def _load(self, epoch: int) -> None:
        """Put down the rows in the order of an epoch, and those of the first batch after it."""
        known = self.orders
        self.orders = {k: known[k] if k in known else self.batches.order(k) for k in (epoch, epoch + 1)}
        order, after = self.orders.values()
        self.epoch, self.order = epoch, np.concatenate([order, after[: self.batches.size]])


@functools.lru_cache(maxsize=64)
def _programs(
    codes: tuple[Code, Code], sizes: tuple[int, int], method: UpdateRule, rate: Rate | None, longest: int
) -> Any:
    """Return the compiled function that takes `count` more steps from one size of batches to another."""
    import jax

    @functools.partial(jax.jit, compiler_options=SHORT_SUMS if max(sizes) <= SHORT else None)
    def advance(
        carry: Carry,
        count: int,
        scheduled: Any,
        constants: Any,
        now: tuple[jax.Array, ...],
        ahead: tuple[jax.Array, ...],
        starts: tuple[int, int],
    ) -> tuple[Carry, tuple[jax.Array, ...]]:
        penalty, *own = constants

        def some(rows: tuple[jax.Array, ...], first: Any, size: int) -> tuple[jax.Array, ...]:
            return tuple(jax.lax.dynamic_slice_in_dim(array, first, size) for array in rows)

        def step(carry: Carry, place: Any) -> Any:
            here, there = (
                evaluation(code, (*some(rows, start + place * size, size), *more), penalty)
                for code, rows, start, size, more in zip(codes, (now, ahead), starts, sizes, own, strict=True)
            )
            return recorded_step(carry, method, rate, rate_at(scheduled, place), here, there)

        return array_loop(step, carry, count, longest)

    return advance
