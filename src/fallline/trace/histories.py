"""The keeper of many runs' steps: rows side by side, from which those of any run are cut out when asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fallline.trace.recorder import Rows

__all__ = ["MEMORY_OF_ALL", "Histories"]

MEMORY_OF_ALL = 256_000_000
"""Bytes that the steps of all runs may take together."""


@dataclass
class _Block:
    """Consecutive steps of some runs, in ascending order: `rows` of shape (steps, channels, runs)."""

    runs: np.ndarray
    iteration: np.ndarray
    seconds: np.ndarray
    rows: np.ndarray
    rates: np.ndarray

    def every(self, stride: int) -> _Block:
        """Return a copy of the rows whose iteration is a multiple of `stride`."""
        chosen = self.iteration % stride == 0
        kept = (
            np.ascontiguousarray(column[chosen]) for column in (self.iteration, self.seconds, self.rows, self.rates)
        )
        return _Block(self.runs, *kept)


class _Marks:
    """One row of each run: the one last put there."""

    def __init__(self, rows: np.ndarray) -> None:
        runs = len(rows)
        self.rows = rows.copy()
        self.iteration = np.zeros(runs, dtype=np.int64)
        self.seconds = np.zeros(runs)
        self.rates = np.full(runs, np.nan)

    def put(self, block: _Block, lanes: np.ndarray, steps: np.ndarray) -> None:
        """Take the rows at these steps of these lanes of a block."""
        runs = block.runs[lanes]
        self.rows[runs] = block.rows[steps, :, lanes]
        self.iteration[runs] = block.iteration[steps]
        self.seconds[runs] = block.seconds[steps]
        self.rates[runs] = block.rates[steps, lanes]


class Histories:
    """Keeps the steps of many runs: all of them, thinned evenly once they pass a memory bound together.

    The first, the last and the best row of each run are always kept.

    Parameters
    ----------
    x : array, shape (n, d)
        Where the runs start.
    fun, square : array, shape (n,)
        The cost and the square of the slope there.
    memory : int
        Bytes that they may take.
    """

    def __init__(self, x: np.ndarray, fun: np.ndarray, square: np.ndarray, memory: int = MEMORY_OF_ALL) -> None:
        self.size, self.memory, self.stride = x.shape[1], memory, 1
        nothing = np.full_like(fun, np.nan)
        self.first = _Marks(np.column_stack([x, fun, square, nothing]))
        self.best, self.last = _Marks(self.first.rows), _Marks(self.first.rows)
        self._blocks: list[_Block] = []

    def add(
        self,
        runs: np.ndarray,
        first: int,
        rows: np.ndarray,
        rates: np.ndarray,
        seconds: np.ndarray,
        stops: np.ndarray,
        falling: np.ndarray | None = None,
    ) -> None:
        """Keep a block of steps.

        Parameters
        ----------
        runs : array of int, shape (m,)
            Whose they are, ascending.
        first : int
            The iteration of the first.
        rows : array, shape (steps, channels, m)
            `x`, the cost, and the squares of slope and step of each; kept as it is, not copied.
        rates : array, shape (steps, m)
        seconds : array, shape (steps,)
        stops : array of int, shape (m,)
            How many of the steps belong to each run; those after are of no run.
        falling : array of bool, shape (m,), optional
            Of which runs it is known that the last cost is lower than all before it.
        """
        block = _Block(runs, np.arange(first, first + len(rows)), seconds, rows[:, : self.size + 3], rates)
        lanes = np.arange(len(runs))
        self.last.put(block, lanes, stops - 1)
        costs = rows[:, self.size]
        # most runs go down to the end, and where the lowest cost is need not be looked for
        place = np.full(len(runs), len(rows) - 1)
        if (sought := lanes if falling is None else np.flatnonzero(~falling)).size:
            place[sought] = costs[:, sought].argmin(axis=0)
        # a cost that is no number is nobody's best, nor is one after the stop
        for lane in np.flatnonzero(np.isnan(costs[place, lanes]) | (stops < len(rows))):
            own = costs[: stops[lane], lane]
            place[lane] = np.argmin(np.where(np.isnan(own), np.inf, own))
        better = np.flatnonzero(costs[place, lanes] < self.best.rows[runs, self.size])
        self.best.put(block, better, place[better])
        self._blocks.append(block if self.stride == 1 else block.every(self.stride))
        while sum(kept.rows.nbytes for kept in self._blocks) > self.memory and self.stride < 2**62:
            self.stride *= 2
            self._blocks = [kept.every(self.stride) for kept in self._blocks]

    def blocks(self, run: int) -> list[Rows]:
        """Return everything kept of a run as blocks, in order, each row once; copies."""
        found = [self._mark(self.first, run)]
        for block in self._blocks:
            lane = int(np.searchsorted(block.runs, run))
            if lane == len(block.runs) or block.runs[lane] != run:
                continue
            count = int(np.searchsorted(block.iteration, self.last.iteration[run], side="right"))
            x, (fun, slope, step) = self._split(np.ascontiguousarray(block.rows[:count, :, lane]))
            rates, seconds = block.rates[:count, lane].copy(), block.seconds[:count]
            found.append(Rows(block.iteration[:count], x, fun, slope, rates, step, seconds))
        if self.stride == 1:
            return found
        joined = Rows.join([*found, self._mark(self.best, run), self._mark(self.last, run)])
        _, unique = np.unique(joined.iteration, return_index=True)
        return [joined.take(unique)]

    def best_of(self, run: int) -> Rows:
        """Return the row of a run's lowest cost, as a single row."""
        return self._mark(self.best, run)

    def last_of(self, run: int) -> Rows:
        """Return the last row of a run."""
        return self._mark(self.last, run)

    def _mark(self, marks: _Marks, run: int) -> Rows:
        one = slice(run, run + 1)
        x, (fun, slope, step) = self._split(marks.rows[one].copy())
        # as in a run by itself, whose single rows are in double precision but for the parameters
        wide = (column.astype(np.float64) for column in (fun, slope, marks.rates[one], step, marks.seconds[one]))
        return Rows(marks.iteration[one].copy(), x, *wide)

    def _split(self, rows: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """Return the parameters, shape (steps, d), and the columns of cost, slope and step."""
        fun, *squares = rows[:, self.size : self.size + 3].T
        return rows[:, : self.size], (fun, *map(np.sqrt, squares))
