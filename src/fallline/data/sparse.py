"""Sparse tables: rows with only their non-zero cells kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from fallline.data.blocks import BLOCK_ROWS, ONES, Block, Rows
from fallline.data.kernels import WORTH_A_KERNEL
from fallline.data.sparse_kernels import repeat_kernel

__all__ = ["SparseRows", "by_rows", "from_sparse_frame", "is_sparse", "narrow", "ranges", "scaled", "with_cells"]

FULL = 0.9
"""Share of non-zero cells of a column from which its offset could swallow its variance, as in a dense one."""

CROWDED = 0.25
"""Share of all cells from which a sparse table is multiplied as a dense one."""


def is_sparse(X: Any) -> bool:
    """Tell whether a table is one of SciPy's sparse matrices or arrays.

    Examples
    --------
    >>> import scipy.sparse
    >>> is_sparse(scipy.sparse.eye_array(2)), is_sparse([[1.0]])
    (True, False)
    """
    # told by its name, so that nobody who brings none waits for SciPy
    if not type(X).__module__.startswith("scipy.sparse"):
        return False
    from scipy.sparse import issparse

    return issparse(X)


def by_rows(X: Any) -> Any:
    """Return a sparse table as a ``csr_array`` that has no cell twice.

    Cells that stand there twice are added up, as everywhere in SciPy; the cells of a row need be in no order. Indices
    become 32-bit where these hold them, which halves what is read. The user's table is never changed, and its cells
    not copied where they need not be.

    Examples
    --------
    >>> import scipy.sparse
    >>> twice = scipy.sparse.coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(1, 2))
    >>> by_rows(twice).data, twice.nnz
    (array([3.]), 2)
    """
    from scipy.sparse import csr_array

    table = csr_array(X)
    if not table.has_canonical_format and _repeats(table):
        table = csr_array(X, copy=True)
        table.sum_duplicates()
    return table


def _repeats(table: Any) -> bool:
    """Tell whether a table by rows may have a cell twice; that of a small one is not looked for."""
    return table.nnz < WORTH_A_KERNEL or bool(repeat_kernel()(table.indices, table.indptr, table.shape[1]))


def ranges(X: Any, places: np.ndarray) -> np.ndarray:
    """Return the range of the numbers of each column at `places`, shape (k,), of a sparse table by rows.

    Examples
    --------
    >>> import scipy.sparse
    >>> ranges(scipy.sparse.csr_array([[0.0, 2.0], [3.0, 2.0]]), np.array([0, 1]))
    array([3., 0.])
    """
    if not places.size:
        return np.zeros(0)
    some = X[:, places]
    return some.max(axis=0).toarray().ravel() - some.min(axis=0).toarray().ravel()


def narrow(X: Any, least: float) -> np.ndarray:
    """Return the columns of a sparse table by rows that may vary by less than `least`; most are none of them.

    Examples
    --------
    >>> import scipy.sparse
    >>> narrow(scipy.sparse.csr_array([[0.0, 2.0, 0.0], [3.0, 2.0, 0.0]]), 1e-9)
    array([1, 2])
    """
    filled = np.bincount(X.indices, minlength=X.shape[1])
    wide = np.bincount(X.indices, np.abs(X.data) > least, X.shape[1])
    return np.flatnonzero((filled == X.shape[0]) | (wide == 0))


def from_sparse_frame(X: Any) -> Any:
    """Return a pandas frame of sparse columns as a sparse table, or as a dense frame where other cells are kept; or X.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 2.0], fill_value=0.0)})
    >>> from_sparse_frame(frame).toarray().ravel()
    array([0., 2.])
    """
    if type(X).__module__.partition(".")[0] != "pandas" or type(X).__name__ != "DataFrame":
        return X
    from pandas import SparseDtype

    kinds = [kind for kind in X.dtypes if isinstance(kind, SparseDtype)]
    if not kinds or len(kinds) < X.shape[1]:
        return X
    return X.sparse.to_coo() if all(kind.fill_value == 0 for kind in kinds) else X.sparse.to_dense()


def with_cells(X: Any, cells: np.ndarray) -> Any:
    """Return a sparse table whose non-zero cells are others, shape (nnz,), in the same places."""
    return _assembled(X, X.shape, cells, X.indices, X.indptr)


def scaled(X: Any, factors: np.ndarray) -> Any:
    """Return a sparse table with each row multiplied by its factor, shape (m,)."""
    return with_cells(X, X.data * np.repeat(factors, np.diff(X.indptr)))


@dataclass(frozen=True, eq=False)
class SparseRows(Rows):
    """Sparse rows in memory, never copied.

    Parameters
    ----------
    X : csr_array, shape (n, d), float32 or float64
        No cell twice.
    y : array, shape (n,), float64
    weights : array, shape (n,), optional
        Ones by default.

    Examples
    --------
    >>> import numpy as np, scipy.sparse
    >>> rows = SparseRows(scipy.sparse.eye_array(5000, 3, format="csr"), np.zeros(5000))
    >>> rows.blocks, rows.block(0).X.shape, rows.cells
    (2, (4096, 3), 3)
    """

    X: Any
    y: np.ndarray
    weights: np.ndarray | None = None
    _known: dict[int, Block] = field(default_factory=dict, init=False, repr=False)

    @property
    def count(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.X.shape[0]

    @property
    def columns(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.X.shape[1]

    @property
    def cells(self) -> int:
        return self.X.nnz

    @cached_property
    def total(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return float(self.count if self.weights is None else self.weights.sum())

    @cached_property
    def crowded(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.cells > CROWDED * self.count * self.columns:
            return True
        filled = np.bincount(self.X.indices, minlength=self.columns)
        return bool((filled > FULL * self.count).any())

    def block(self, index: int) -> Block:
        if index not in self._known:
            first, last = index * BLOCK_ROWS, min((index + 1) * BLOCK_ROWS, self.count)
            starts = self.X.indptr[first : last + 1]
            cells = slice(int(starts[0]), int(starts[-1]))
            shape = (last - first, self.columns)
            X = _assembled(self.X, shape, self.X.data[cells], self.X.indices[cells], starts - starts[0])
            weights = ONES[: last - first] if self.weights is None else self.weights[first:last]
            self._known[index] = Block(X, self.y[first:last], weights)
        return self._known[index]

    def targets(self) -> tuple[np.ndarray, np.ndarray | None]:
        return self.y, self.weights


def _assembled(like: Any, shape: tuple[int, int], cells: np.ndarray, indices: np.ndarray, starts: np.ndarray) -> Any:
    """Return a sparse table of these very arrays, none of them checked or copied again."""
    table = type(like)(shape, dtype=cells.dtype)
    table.data, table.indices, table.indptr = cells, indices, starts
    return table
