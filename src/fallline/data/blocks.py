"""Rows as numbered blocks of a fixed number of rows, whatever they come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

__all__ = ["BLOCK_ROWS", "ArrayRows", "Block", "Retargeted", "Rows", "Thinned"]

BLOCK_ROWS = 4096
"""Rows of a block. Sums are formed block by block, so that this number, and no budget or thread, settles their bits."""

ONES = np.ones(BLOCK_ROWS)


class Block(NamedTuple):
    """Consecutive rows: `X` of shape (m, d), an array or a sparse one; `y` and `weights` of shape (m,).

    Where the table lies by columns, `columns` is all of it turned, shape (d, n), and `first` the first row in it.
    """

    X: Any
    y: np.ndarray
    weights: np.ndarray
    columns: np.ndarray | None = None
    first: int = 0

    def dense(self) -> np.ndarray:
        """Return `X` as an array, which is a copy where it is sparse."""
        return self.X if isinstance(self.X, np.ndarray) else self.X.toarray()


class Rows(ABC):
    """A table of features with a target and a weight for each row.

    Attributes
    ----------
    count, columns : int
        Number of rows and of features.
    total : float
        Sum of the weights.
    """

    count: int
    columns: int
    total: float

    @property
    def cells(self) -> int:
        """The number of cells that are read: those kept, in a sparse table."""
        return self.count * self.columns

    @property
    def crowded(self) -> bool:
        """Whether most cells of some column are kept, so that it is best centred cell by cell."""
        return True

    @property
    def blocks(self) -> int:
        """The number of blocks, the last of which may be short."""
        return -(-self.count // BLOCK_ROWS)

    @abstractmethod
    def block(self, index: int) -> Block:
        """Return block `index`, counted from 0; safe to call from several threads."""

    @abstractmethod
    def targets(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the targets and weights of all rows, shape (n,); None for weights of one."""


@dataclass(frozen=True, eq=False)
class ArrayRows(Rows):
    """A dense table in memory, never copied.

    Parameters
    ----------
    X : array, shape (n, d), float32 or float64, in C or Fortran order
    y : array, shape (n,), float64
        Numbers, or classes numbered from 0.
    weights : array, shape (n,), optional
        Ones by default.

    Examples
    --------
    >>> import numpy as np
    >>> rows = ArrayRows(np.ones((5000, 2)), np.zeros(5000))
    >>> rows.blocks, rows.block(1).X.shape, rows.total
    (2, (904, 2), 5000.0)
    """

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None

    @property
    def count(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.X.shape[0]

    @property
    def columns(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.X.shape[1]

    @property
    def total(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return float(self.count if self.weights is None else self.weights.sum())

    def block(self, index: int) -> Block:
        rows = slice(index * BLOCK_ROWS, (index + 1) * BLOCK_ROWS)
        X, y = self.X[rows], self.y[rows]
        weights = ONES[: len(y)] if self.weights is None else self.weights[rows]
        return Block(X, y, weights) if self.X.flags.c_contiguous else Block(X, y, weights, self.X.T, rows.start)

    def targets(self) -> tuple[np.ndarray, np.ndarray | None]:
        return self.y, self.weights


@dataclass(frozen=True, eq=False)
class Thinned(Rows):
    """Every `stride`-th block of other rows: a sample from all along the table, read in long stretches.

    Examples
    --------
    >>> import numpy as np
    >>> rows = ArrayRows(np.zeros((50_000, 1)), np.arange(50_000.0))
    >>> sample = Thinned(rows, 4)
    >>> sample.count, float(sample.block(1).y[0])
    (13136, 16384.0)
    """

    inner: Rows
    stride: int

    @property
    def count(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        last = (self.blocks - 1) * self.stride * BLOCK_ROWS
        return (self.blocks - 1) * BLOCK_ROWS + min(BLOCK_ROWS, self.inner.count - last)

    @property
    def blocks(self) -> int:
        return -(-self.inner.blocks // self.stride)

    @property
    def cells(self) -> int:
        return self.inner.cells * self.count // self.inner.count

    @property
    def crowded(self) -> bool:
        return self.inner.crowded

    @property
    def columns(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.inner.columns

    @property
    def total(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return float(sum(self.block(index).weights.sum() for index in range(self.blocks)))

    def block(self, index: int) -> Block:
        return self.inner.block(index * self.stride)

    def targets(self) -> tuple[np.ndarray, np.ndarray | None]:
        blocks = [self.block(index) for index in range(self.blocks)]
        return np.concatenate([block.y for block in blocks]), np.concatenate([block.weights for block in blocks])


@dataclass(frozen=True, eq=False)
class Retargeted(Rows):
    """Other rows with numbers of one's own in the place of their targets, shape (n,) or (n, k).

    Examples
    --------
    >>> import numpy as np
    >>> rows = ArrayRows(np.zeros((5000, 1)), np.zeros(5000))
    >>> float(Retargeted(rows, np.arange(5000.0)).block(1).y[0])
    4096.0
    """

    inner: Rows
    y: np.ndarray

    @property
    def count(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.inner.count

    @property
    def columns(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.inner.columns

    @property
    def cells(self) -> int:
        return self.inner.cells

    @property
    def crowded(self) -> bool:
        return self.inner.crowded

    @property
    def total(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.inner.total

    def block(self, index: int) -> Block:
        return self.inner.block(index)._replace(y=self.y[index * BLOCK_ROWS : (index + 1) * BLOCK_ROWS])

    def targets(self) -> tuple[np.ndarray, np.ndarray | None]:
        return self.y, self.inner.targets()[1]
