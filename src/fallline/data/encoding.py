"""Columns of a table as a matrix of numbers: what is learnt from some rows, and the same applied to any."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fallline.data.arrow import compute
from fallline.data.types import days
from fallline.errors import DataError

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Encoding", "NumberColumn", "TextColumn", "kind_of", "learn_encoding", "numbers_of", "text_of"]

MAX_CATEGORIES = 100
INFREQUENT = "(infrequent)"


@dataclass(frozen=True)
class NumberColumn:
    """A column that becomes one column of numbers: truth values 0 and 1, dates in days since 1970-01-01.

    Attributes
    ----------
    name : str
    kind : str
        ``"number"``, ``"true/false"`` or ``"date"``.
    mean : float
        Stands in for a missing cell.
    missing : int
        Missing cells among the rows learnt from.
    """

    name: str
    kind: str
    mean: float
    missing: int

    @property
    def names(self) -> list[str]:
        return [self.name]

    def encode(self, column: pyarrow.ChunkedArray) -> np.ndarray:
        """Return the column, shape (n, 1)."""
        numbers = numbers_of(column)
        return np.where(np.isnan(numbers), self.mean, numbers)[:, None]


@dataclass(frozen=True)
class TextColumn:
    """A column of categories that becomes a column of 0 and 1 for each level but the reference.

    Attributes
    ----------
    name : str
    reference : str
        The most frequent level: all its columns are 0.
    levels : list of str
        The others that have a column, the most frequent first.
    pooled : int
        Levels that share one more column, as do those never seen before; 0 where there is none, and unseen levels
        then count as the reference.
    """

    name: str
    reference: str
    levels: list[str]
    pooled: int

    @property
    def names(self) -> list[str]:
        shown = [level or "(blank)" for level in self.levels] + ([INFREQUENT] if self.pooled else [])
        return [f"{self.name}={level}" for level in shown]

    def encode(self, column: pyarrow.ChunkedArray) -> np.ndarray:
        """Return the columns of 0 and 1, shape (n, len(names))."""
        import pyarrow

        known = pyarrow.array([self.reference, *self.levels], pyarrow.string())
        place = compute.index_in(text_of(column), value_set=known)
        index = compute.fill_null(place, len(known) if self.pooled else 0).to_numpy()
        matrix = np.zeros((len(index), len(self.names) + 1))
        matrix[np.arange(len(index)), index] = 1.0
        return matrix[:, 1:]


@dataclass(frozen=True)
class Encoding:
    """What each feature column of a table becomes.

    Attributes
    ----------
    columns : list of NumberColumn or TextColumn
    left_out : dict
        Columns that cannot be used, with the reason.
    """

    columns: list[NumberColumn | TextColumn]
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The names of the matrix's columns; of a category, ``column=level``."""
        return [name for column in self.columns for name in column.names]

    def encode(self, table: pyarrow.Table) -> np.ndarray:
        """Return the matrix of a table, shape (n, len(names)), in Fortran order.

        Raises
        ------
        DataError
            Where the table lacks one of the columns.
        """
        for column in self.columns:
            if column.name not in table.column_names:
                raise DataError(f"DATA must have the column {column.name!r}; got a table without it.")
        matrix = np.empty((table.num_rows, len(self.names)), order="F")
        first = 0
        for column in self.columns:
            last = first + len(column.names)
            matrix[:, first:last] = column.encode(table[column.name])
            first = last
        return matrix


def learn_encoding(table: pyarrow.Table, max_categories: int = MAX_CATEGORIES) -> Encoding:
    """Learn how the columns of a table become numbers.

    Parameters
    ----------
    table : pyarrow.Table
        Features only.
    max_categories : int
        The most columns that one column of text may become, the last of them shared by the rarer levels.

    Examples
    --------
    >>> import pyarrow
    >>> encoding = learn_encoding(pyarrow.table({"size": [1.0, None, 3.0], "kind": ["b", "a", "b"]}))
    >>> encoding.names
    ['size', 'kind=a']
    >>> encoding.encode(pyarrow.table({"size": [None, 5.0], "kind": ["a", "never seen"]}))
    array([[2., 1.],
           [5., 0.]])
    """
    columns: list[NumberColumn | TextColumn] = []
    left_out: dict[str, str] = {}
    for name in table.column_names:
        column, kind = table[name], kind_of(table[name])
        if kind is None:
            left_out[name] = f"of type {column.type}"
        elif kind == "text":
            learnt = _learn_levels(name, column, max_categories)
            if learnt.names:
                columns.append(learnt)
            else:
                left_out[name] = f"always {learnt.reference!r}"
        else:
            numbers = numbers_of(column)
            holes = int(np.isnan(numbers).sum())
            if holes == len(numbers):
                left_out[name] = "always blank"
            else:
                columns.append(NumberColumn(name, kind, float(np.nanmean(numbers)), holes))
    return Encoding(columns, left_out)


def _learn_levels(name: str, column: pyarrow.ChunkedArray, max_categories: int) -> TextColumn:

    counts = compute.value_counts(text_of(column)).to_pylist()
    counts.sort(key=lambda entry: (-entry["counts"], entry["values"]))
    levels = [entry["values"] for entry in counts]
    if len(levels) - 1 <= max_categories:
        return TextColumn(name, levels[0], levels[1:], 0)
    kept = levels[1:max_categories]
    return TextColumn(name, levels[0], kept, len(levels) - 1 - len(kept))


def kind_of(column: pyarrow.ChunkedArray) -> str | None:
    """Return what a column is: ``"number"``, ``"true/false"``, ``"date"``, ``"text"``, or None for none of these."""
    from pyarrow import types

    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if types.is_boolean(kind):
        return "true/false"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_null(kind):
        return "number"
    if types.is_temporal(kind) and not types.is_interval(kind):
        return "date"
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return "text"
    return None


def numbers_of(column: pyarrow.ChunkedArray, name: str | None = None) -> np.ndarray:
    """Return a column of numbers, truth values or dates as float64, shape (n,), missing cells as NaN.

    Raises
    ------
    DataError
        Where a number is infinite; `name` is what to call the column.
    """
    import pyarrow

    numbers = days(column) if pyarrow.types.is_temporal(column.type) else column
    if pyarrow.types.is_boolean(numbers.type):
        numbers = compute.cast(numbers, pyarrow.int8())
    floats = compute.cast(numbers, pyarrow.float64(), safe=False).to_numpy()
    infinite = np.flatnonzero(np.isinf(floats))
    if infinite.size:
        where = f"row {infinite[0]}" + (f", column {name!r}" if name else "")
        raise DataError(
            f"DATA must hold finite numbers; got {floats[infinite[0]]} at {where}. Rows are counted from 0. "
            "Leave that row out."
        )
    return floats


def text_of(column: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    """Return a column of text with its missing cells blank, a level of their own."""
    import pyarrow

    return compute.fill_null(compute.cast(column, pyarrow.string()), "")
