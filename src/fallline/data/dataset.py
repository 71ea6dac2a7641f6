"""A table read from a file, parted into features and target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from fallline.data.encoding import kind_of, numbers_of, text_of
from fallline.data.files import read_table
from fallline.data.types import first_odd_cell
from fallline.errors import DataError, nearest, shown

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Dataset", "load_dataset"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows with a target.

    Attributes
    ----------
    features : pyarrow.Table
        Of `n` rows.
    target : array, shape (n,)
        float64, or text where `classes`.
    name : str
        The target's.
    classes : bool
        Whether the target is text or true/false.
    blank : int
        Rows left out because their target was blank.
    mixed : dict
        Columns of numbers but for few cells, which makes them text, with the row and the cell of the first such.
    """

    features: pyarrow.Table
    target: np.ndarray
    name: str
    classes: bool
    blank: int
    mixed: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.target)

    @property
    def is_two_valued(self) -> bool:
        """Whether the target is only ever 0 or 1."""
        return not self.classes and bool(np.isin(self.target, (0.0, 1.0)).all())


def load_dataset(path: str | PathLike[str], target: str, exclude: Sequence[str] = ()) -> Dataset:
    """Read a file and part it into features and target, leaving out rows whose target is blank.

    Parameters
    ----------
    path : str or path
    target : str
        Name of the target's column.
    exclude : sequence of str
        Columns to leave aside.

    Raises
    ------
    FileError
        Where the file cannot be read.
    DataError
        Where a column is missing, every target blank, or no feature left.
    """
    table = read_table(path)
    for name, role in [(target, "target"), *((name, "exclude") for name in exclude)]:
        if name not in table.column_names:
            raise DataError(
                f"{role} must be a column of {str(path)!r}; got {shown(name)}. "
                f"There is none of that name. {nearest(name, table.column_names)}"
            )
    if target in exclude:
        raise DataError(
            f"exclude must not name the target; got {target!r} for both. It is never used as a feature. "
            "Leave it out of the excluded columns."
        )
    table = table.drop_columns(list(dict.fromkeys(exclude)))
    mixed = {}
    for name in table.column_names:
        if kind_of(table[name]) in ("number", "date"):
            numbers_of(table[name], name)
        elif (odd := first_odd_cell(table[name])) is not None:
            mixed[name] = odd
    column, kind = table[target], kind_of(table[target])
    if kind is None:
        raise DataError(f"target must be a column of numbers or text; got {column.type} in {target!r}. Name another.")
    classes = kind in ("text", "true/false")
    if classes:
        values = text_of(column).to_numpy().astype(str)
        present = values != ""
    else:
        values = numbers_of(column)
        present = ~np.isnan(values)
    if not present.any():
        raise DataError(f"target must have a value in some row; got {target!r}, which is always blank. Name another.")
    features = table.drop_columns([target])
    if not features.column_names:
        raise DataError(
            f"DATA must have a column besides the target; got only {target!r}. There is nothing to predict from."
        )
    blank = int((~present).sum())
    if blank:
        features, values = features.filter(present), values[present]
    return Dataset(features, values, target, classes, blank, mixed)
