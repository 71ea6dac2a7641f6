"""The compiled engine for many runs at once: the step of the one engine, on lanes side by side.

A lane is a run. Lanes are stepped together in tiles of a fixed width, so that a few programs serve any number of them,
and the tiles are shared out over threads. A program writes its records into a small buffer, always the same one, from
where they are copied into memory of NumPy's, which comes in large pages: getting fresh memory in small pages can take
longer than the steps.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from fallline.descent.compiled import as_tree, is_frozen, known_to_jax
from fallline.descent.lanes import program_of
from fallline.descent.rates import rates_from
from fallline.descent.step import Carry, Rate, begin
from fallline.methods import UpdateRule
from fallline.objectives.base import Objective
from fallline.schedules import Schedule
from fallline.schedules.constant import Constant, PerParameter
from fallline.steps import Point, StepRule

if TYPE_CHECKING:
    import jax

__all__ = ["Extremes", "ManyEngine"]

WIDEST = 512
"""Lanes of a tile at most: as many as keep a step's numbers near the processor."""

SHARED = 64
"""Lanes from which they are shared out over the threads."""

BUFFER_BYTES = 6_000_000
LONGEST = 256

SHRINK_SECONDS = 1.0
"""Time spent in one width before it is worth compiling a narrower one for the lanes that are left."""


class Extremes(NamedTuple):
    """What is least and most in a block of steps, by lane.

    Attributes
    ----------
    cost, slope, step : array, shape (lanes,)
        The least of each, whatever is no number left out.
    highest : array, shape (lanes,)
        The highest cost; not a number where one is not.
    before_last : array, shape (lanes,)
        The least cost before the last row; not a number where one is not.
    """

    cost: np.ndarray
    slope: np.ndarray
    step: np.ndarray
    highest: np.ndarray
    before_last: np.ndarray


@dataclass
class _Tile:
    """Some lanes: where they lie among all those left, what their next step needs, and what their block began with."""

    place: slice
    carry: Carry
    before: Carry


class ManyEngine:
    """Takes the steps of many runs of one method.

    Parameters
    ----------
    objective : Objective
        With a program.
    method : UpdateRule
        Of all runs.
    rates : sequence of Schedule, MeasuredSchedule or StepRule
        One for each run: schedules of one number for all steps, or for each parameter, or that change; or else one
        rule for all.
    starts : array, shape (s, d)
        The starts.
    chosen : array of int, shape (n,)
        Which of them each run starts from.
    pool : executor
        Whose threads step the tiles.
    threads : int
        How many it has.

    Attributes
    ----------
    channels : int
        Numbers that record a step: `x`, the cost, the squares of the slope and of the step's length (2-norms); where
        the rate is measured the rate too; and where steps are tried the evaluations.
    extremes : Extremes
        Of the last block.
    """

    def __init__(
        self,
        objective: Objective,
        method: UpdateRule,
        rates: Sequence[Rate],
        starts: np.ndarray,
        chosen: np.ndarray,
        pool: ThreadPoolExecutor,
        threads: int,
    ) -> None:
        if objective.program is None:
            raise TypeError("only an objective with a program can be compiled")
        self.objective, self.method, self.rates = objective, method, list(rates)
        self.starts, self.chosen, self.pool, self.threads = starts, chosen, pool, threads
        self.measured = None if isinstance(rates[0], Schedule) else rates[0]
        self.fixed = isinstance(rates[0], (Constant, PerParameter, StepRule))
        self.constants = (objective.program.constants, as_tree(objective.penalty))
        self.channels = starts.shape[1] + 3 + (self.measured is not None) + isinstance(self.measured, StepRule)
        maker = program_of if is_frozen(method) and is_frozen(rates[0]) else program_of.__wrapped__
        self._steps = maker(objective.program.code, method, self.measured, self.fixed)
        self.k = 0
        self.table = np.empty((0, 0))
        self.extremes = Extremes(*np.empty((5, len(chosen))))
        only = [rate.rate if type(rate) is Constant else _only_rate(rate) for rate in rates] if self.fixed else []
        self.row = np.array(only)
        self.tiles: list[_Tile] = []
        self._fit(len(chosen))

    def start(self) -> tuple[np.ndarray, np.ndarray]:
        """Evaluate the starts; return the cost and the square of the slope of each, shape (s,)."""
        import jax

        costs, squares = np.empty((2, len(self.starts)), self.starts.dtype)
        carries = []
        for place, x in enumerate(self.starts):
            cost, gradient = self.objective.value_and_gradient(x)
            slope = self.objective.slope(x, gradient)
            costs[place], squares[place] = cost, np.sum(slope * slope)
            point = Point(x, np.asarray(cost, x.dtype), gradient)
            carries.append(begin(point, self.method, self.rates[0], np.asarray(0, dtype=np.int64)))
        known_to_jax(carries[0])
        self._cut(jax.tree_util.tree_map(lambda *leaves: np.stack(leaves)[self.chosen], *carries))
        return costs, squares

    def advance(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Take `count` more steps in every lane left, or fewer where a schedule ends.

        Returns
        -------
        rows : array, shape (steps, channels, lanes)
        rates : array, shape (steps, lanes)
            As scheduled; of rates for each parameter the largest.
        """
        began = time.perf_counter()
        self.table = self._scheduled(count)
        count = len(self.table)
        rows = np.empty((count, self.channels, len(self.rates)), self.starts.dtype)
        self.extremes = Extremes(*np.full((5, len(self.rates)), [[np.inf], [np.inf], [np.inf], [-np.inf], [np.inf]]))
        for tile in self.tiles:
            tile.before = tile.carry
        try:
            self._run([functools.partial(self._advance, tile, rows) for tile in self.tiles])
        except BaseException:
            for tile in self.tiles:
                tile.carry = tile.before
            raise
        for squares in (self.extremes.slope, self.extremes.step):
            np.sqrt(squares, out=squares)
        self.k += count
        self.spent += time.perf_counter() - began
        return rows, self.table if self.table.ndim == 2 else self.table.max(axis=2)

    def keep(self, chosen: np.ndarray) -> None:
        """Go on with some of the lanes left only, given by a mask."""
        import jax

        parts = [self._lanes(tile, tile.carry) for tile in self.tiles]
        carry = jax.tree_util.tree_map(lambda *leaves: np.concatenate(leaves)[chosen], *parts)
        self.rates = list(itertools.compress(self.rates, chosen))
        self.row = self.row[chosen] if self.fixed else self.row
        if self.spent > SHRINK_SECONDS:
            self._fit(len(self.rates))
        self._cut(carry)

    def method_states(self, places: np.ndarray, counts: np.ndarray) -> list[Any]:
        """Return the method's states in the lanes at these places, each after its count of steps of the last block."""
        import jax

        found: list[Any] = [None] * len(places)
        rows = np.empty((len(self.table), self.channels, len(self.rates)), self.starts.dtype)
        for tile in self.tiles:
            within = (places >= tile.place.start) & (places < tile.place.stop)
            for count in np.unique(counts[within]):
                if count == len(self.table):
                    carry = tile.carry
                else:
                    carry = _Tile(tile.place, tile.before, tile.before)
                    self._advance(carry, rows[:count])
                    carry = carry.carry
                state = self._lanes(tile, carry).method_state
                for each in np.flatnonzero(within & (counts == count)):
                    lane = places[each] - tile.place.start
                    found[each] = jax.tree_util.tree_map(lambda leaf, lane=lane: leaf[lane], state)
        return found

    def _scheduled(self, count: int) -> np.ndarray:
        """Return the rates of the next steps in every lane, shape (steps, lanes) or (steps, lanes, d)."""
        if self.fixed:
            return np.broadcast_to(self.row, (count, *self.row.shape))
        made = {id(rate): rates_from(rate, self.k, count) for rate in {id(rate): rate for rate in self.rates}.values()}
        count = min(map(len, made.values()))
        return np.stack([made[id(rate)][:count] for rate in self.rates], axis=1)

    def _fit(self, lanes: int) -> None:
        """Settle the width of the tiles and the length of their buffers."""
        share = -(-lanes // self.threads) if lanes >= SHARED else lanes
        self.width = min(WIDEST, _at_least(share))
        rows = BUFFER_BYTES // (self.starts.itemsize * self.channels * self.width)
        self.longest = max(1, min(LONGEST, 1 << max(0, rows.bit_length() - 1)))
        self.buffers = _SPARE.of((self.longest, self.channels, self.width), self.starts.dtype)
        self.spent = 0.0

    def _cut(self, carry: Carry) -> None:
        """Cut the lanes into tiles; one that is not full repeats its last lane, whose steps nobody sees."""
        import jax

        lanes = len(carry.k)
        self.tiles = []
        for first in range(0, lanes, self.width):
            places = np.minimum(np.arange(first, first + self.width), lanes - 1)
            part = jax.tree_util.tree_map(lambda leaf, places=places: leaf[places], carry)
            self.tiles.append(_Tile(slice(first, min(first + self.width, lanes)), part, part))

    def _lanes(self, tile: _Tile, carry: Carry) -> Carry:
        """Return what a tile carries in NumPy's arrays, for its own lanes only."""
        import jax

        return jax.tree_util.tree_map(lambda leaf: np.asarray(leaf)[: tile.place.stop - tile.place.start], carry)

    def _run(self, jobs: list[Callable[[], None]]) -> None:
        """Do the jobs in the threads; of a program not used before the first alone, which compiles for all."""
        shapes = _USED.setdefault(self._steps, set())
        if len(jobs) == 1 or (self.longest, self.width) not in shapes:
            jobs[0]()
            jobs = jobs[1:]
            shapes.add((self.longest, self.width))
        futures = [self.pool.submit(job) for job in jobs]
        try:
            for future in futures:
                future.result()
        finally:
            wait(futures)

    def _advance(self, tile: _Tile, rows: np.ndarray) -> None:
        """Take as many steps as there are rows in one tile, and write them into its columns."""
        import jax
        import jax.numpy as jnp

        lanes = tile.place.stop - tile.place.start
        padded = np.minimum(np.arange(tile.place.start, tile.place.start + self.width), tile.place.stop - 1)
        with jax.enable_x64(True):
            try:
                buffer = self.buffers.pop()
            except IndexError:
                buffer = jnp.zeros((self.longest, self.channels, self.width), rows.dtype)
            scheduled = self.table[0][padded]
            for first in range(0, len(rows), self.longest):
                count = min(self.longest, len(rows) - first)
                if not self.fixed:
                    scheduled = np.zeros((self.longest, self.width))
                    scheduled[:count] = self.table[first : first + count, padded]
                tile.carry, buffer = self._steps(tile.carry, buffer, count, lanes, scheduled, self.constants)
                self._take_over(buffer, rows[first : first + count], tile.place, is_last=first + count == len(rows))
            self.buffers.append(buffer)

    def _take_over(self, buffer: jax.Array, rows: np.ndarray, place: slice, *, is_last: bool) -> None:
        """Copy what was written to where it is kept; a view left behind would keep the buffer from being given away."""
        size = self.starts.shape[1]
        written = np.asarray(buffer)[: len(rows), :, : place.stop - place.start]
        rows[:, :, place] = written
        # now they are near the processor; later, looking at them would take longer than writing them did
        _note(written[:, size : size + 3], [each[place] for each in self.extremes], is_last=is_last)


class _Spare:
    """The buffers not in use: those of the shape used last are kept, one for each thread."""

    def __init__(self) -> None:
        self.kind: Any = None
        self.free: list[jax.Array] = []

    def of(self, shape: tuple[int, ...], dtype: np.dtype) -> list[jax.Array]:
        """Return those of this shape and type."""
        if self.kind != (shape, dtype):
            self.kind, self.free = (shape, dtype), []
        return self.free


_SPARE = _Spare()

_USED: WeakKeyDictionary[Any, set[tuple[int, int]]] = WeakKeyDictionary()
"""Of each program the lengths and widths that it has been used for."""


def _note(rows: np.ndarray, extremes: list[np.ndarray], *, is_last: bool) -> None:
    """Take the extremes of rows of cost, slope and step into those so far; the last row may be the block's last."""
    cost, slope, step, highest, before_last = extremes
    costs = rows[:-1, 0] if is_last else rows[:, 0]
    np.minimum(before_last, costs.min(axis=0, initial=np.inf), out=before_last)
    np.fmin(cost, np.fmin(before_last, rows[-1, 0]), out=cost)
    if np.isnan(before_last).any():
        np.fmin(cost, np.fmin.reduce(rows[:, 0]), out=cost)
    np.maximum(highest, rows[:, 0].max(axis=0), out=highest)
    for low, column in ((slope, rows[:, 1]), (step, rows[:, 2])):
        np.fmin(low, np.fmin.reduce(column), out=low)


def _only_rate(rate: Rate) -> Any:
    """Return the rate of all steps where it never changes; 0 where it is measured."""
    if isinstance(rate, Constant):
        return rate.rate
    return rate.rates if isinstance(rate, PerParameter) else 0.0


def _at_least(count: int) -> int:
    """Return the smallest width that holds so many lanes: 1, 2, 3, 4, 6, 8, 12, 16 and so on."""
    return next(width for k in itertools.count() for width in (2**k, 3 * 2**k // 2) if width >= count)
