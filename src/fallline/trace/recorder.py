"""The keeper of steps: takes blocks of rows as they are made and thins itself within a memory bound."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

__all__ = ["MEMORY", "Recorder", "Rows"]

MEMORY = 64_000_000
"""Bytes that a trace may take."""

THIN_ROWS = 1000


@dataclass(frozen=True)
class Rows:
    """Consecutive steps as columns: `x` of shape (n, d), every other column of shape (n,)."""

    iteration: np.ndarray
    x: np.ndarray
    fun: np.ndarray
    gradient_norm: np.ndarray
    learning_rate: np.ndarray
    step_norm: np.ndarray
    seconds: np.ndarray

    def __len__(self) -> int:
        return len(self.iteration)

    def take(self, selection: slice | np.ndarray) -> Rows:
        """Return the selected rows (a view where `selection` is a slice)."""
        if isinstance(selection, slice) and selection.indices(len(self)) == (0, len(self), 1):
            return self
        return Rows(
            self.iteration[selection],
            self.x[selection],
            self.fun[selection],
            self.gradient_norm[selection],
            self.learning_rate[selection],
            self.step_norm[selection],
            self.seconds[selection],
        )

    def copy(self) -> Rows:
        return Rows(*(np.array(getattr(self, name)) for name in NAMES))

    @staticmethod
    def join(blocks: list[Rows]) -> Rows:
        """Return the blocks as one, in new arrays."""
        return Rows(*(np.concatenate([getattr(block, name) for block in blocks]) for name in NAMES))


NAMES = tuple(field.name for field in fields(Rows))


class Recorder:
    """Keeps the steps of a run: all of them, thinned evenly once they pass the memory bound, or only the ends.

    The first, the last, the best and the first non-finite row are always kept. The blocks given are kept as they
    are, not copied: the caller must not write into them again.

    Parameters
    ----------
    size : int
        Number of parameters.
    itemsize : int
        Bytes of one parameter.
    record : {"all", "thin", "ends"}
        Keep all that fits into 64 MB, about a thousand, or only the ends.
    """

    def __init__(self, size: int, itemsize: int = 8, record: Literal["all", "thin", "ends"] = "all") -> None:
        row_bytes = itemsize * size + 8 * (len(NAMES) - 1)
        self.capacity = max(2, MEMORY // row_bytes - 4)
        if record == "thin":
            self.capacity = min(self.capacity, THIN_ROWS)
        self.stride = 0 if record == "ends" else 1
        self.kept = 0
        self._blocks: list[Rows] = []
        self.first: Rows | None = None
        self.last: Rows | None = None
        self.best: Rows | None = None
        self.broken: Rows | None = None

    def add(self, rows: Rows) -> None:
        """Keep what is to be kept of a block of rows that follows those before."""
        if len(rows) == 0:
            return
        if self.first is None:
            self.first = rows.take(slice(0, 1))
        self._pin(rows)
        if self.stride == 0:
            return
        # a thinned view would hold the whole block in memory
        chosen = rows if self.stride == 1 else self._thinned(rows).copy()
        self._blocks.append(chosen)
        self.kept += len(chosen)
        while self.kept > self.capacity:
            self.stride *= 2
            self._blocks = [self._thinned(block).copy() for block in self._blocks]
            self.kept = sum(map(len, self._blocks))

    def rows(self) -> Rows | None:
        """Return the rows kept evenly, in order; None where only the ends are."""
        return Rows.join(self._blocks) if self._blocks else None

    def restore(self, rows: Rows | None, stride: int, pins: dict[str, Rows]) -> None:
        """Go on from what another recorder had kept: its `rows`, its stride, and its ends by name."""
        self._blocks = [] if rows is None else [rows]
        self.kept, self.stride = 0 if rows is None else len(rows), stride
        self.first, self.last = pins.get("first"), pins.get("last")
        self.best, self.broken = pins.get("best"), pins.get("broken")

    def blocks(self) -> list[Rows]:
        """Return everything kept as blocks, in order, each row once."""
        pins = [pin for pin in (self.first, self.best, self.broken, self.last) if pin is not None]
        if self.stride == 1:
            return list(self._blocks)
        joined = Rows.join([*self._blocks, *pins])
        _, unique = np.unique(joined.iteration, return_index=True)
        return [joined.take(unique)]

    def _thinned(self, rows: Rows) -> Rows:
        if self.stride <= 1:
            return rows
        start = int(-rows.iteration[0] % self.stride) if _consecutive(rows) else None
        if start is not None:
            return rows.take(slice(start, None, self.stride))
        return rows.take(rows.iteration % self.stride == 0)

    def _pin(self, rows: Rows) -> None:
        self.last = rows.take(slice(len(rows) - 1, None))
        best = int(np.argmin(rows.fun))
        if np.isnan(rows.fun[best]):  # argmin stops at the first nan
            finite = np.flatnonzero(~np.isnan(rows.fun))
            best = int(finite[np.argmin(rows.fun[finite])]) if finite.size else -1
        if best >= 0 and (self.best is None or rows.fun[best] < self.best.fun[0]):
            self.best = rows.take(slice(best, best + 1))
        if self.broken is None and not np.isfinite(rows.fun[-1]):
            where = int(np.flatnonzero(~np.isfinite(rows.fun))[0])
            self.broken = rows.take(slice(where, where + 1))


def _consecutive(rows: Rows) -> bool:
    return len(rows) > 0 and int(rows.iteration[-1] - rows.iteration[0]) == len(rows) - 1
