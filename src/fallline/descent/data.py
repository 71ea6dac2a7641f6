"""Rows of data that the user gave, and how to go through them: checked before anything is done with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.arrays.tensors import as_array, is_tensor
from fallline.descent.batches import Batches
from fallline.errors import DataError, InputError, InputTypeError, shown

__all__ = ["check_data"]


def check_data(data: Any, batch_size: Any, epochs: Any, seed: Any) -> tuple[tuple[Any, ...], Batches | None]:
    """Return the data as arrays, or as the tensors that they are, and the batches; None where each step sees all rows.

    Raises
    ------
    InputError, InputTypeError, DataError
        Where something cannot be used.

    Examples
    --------
    >>> check_data(([[1.0], [2.0], [3.0]], [1, 2, 3]), 2, None, 0)[1]
    Batches(rows=3, size=2, seed=0)
    """
    if data is None:
        for name, given in (("batch_size", batch_size), ("epochs", epochs)):
            if given is not None:
                raise InputError(
                    f"{name} must be given with data; got {shown(given)} without. It counts rows of data. "
                    "Write data=(X, y), say, and a function fun(x, X, y)."
                )
        return (), None
    if not isinstance(data, tuple) or not data:
        raise InputTypeError(
            f"data must be a tuple of arrays; got {shown(data)}. Each has a row for each observation. "
            "Write data=(X, y), or data=(X,) for one array."
        )
    arrays = tuple(_array(part, f"data[{i}]") for i, part in enumerate(data))
    counts = [len(array) for array in arrays]
    if len(set(counts)) > 1:
        raise DataError(
            f"data must have as many rows in every array; got {', '.join(map(str, counts))}. Row i of each belongs to "
            "observation i. Pass arrays of one length; what is not by rows goes into args."
        )
    _check_count("batch_size", batch_size, "It counts the rows of an update. Leave it out to use all rows at once.")
    _check_count("epochs", epochs, "It counts passes over the data. Try 10.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(
            f"seed must be a whole number of at least 0; got {shown(seed)}. It settles the order of the rows. Try 0."
        )
    rows = counts[0]
    if batch_size is not None and batch_size > rows:
        raise InputError(
            f"batch_size must be at most the number of rows, {rows}; got {batch_size}. There are no more rows. "
            "Leave it out to use all rows at once."
        )
    if batch_size is None or batch_size == rows:
        return arrays, None
    return arrays, Batches(rows, int(batch_size), int(seed))


def _check_count(name: str, count: Any, why: str) -> None:
    if count is None:
        return
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise InputError(f"{name} must be a whole number of at least 1; got {shown(count)}. {why}")


def _array(part: Any, name: str) -> Any:
    """Return an array or tensor of numbers with rows, each of them finite; nothing is copied that is one already."""
    if isinstance(part, np.ma.MaskedArray):
        raise DataError(
            f"{name} must be an array without a mask; got {shown(part)}. No cost can be computed from what is masked. "
            "Leave such rows out, or fill them in by .filled(…)."
        )
    array = part if is_tensor(part) else np.asarray(part)
    seen = as_array(array)
    if seen.dtype.kind not in "biuf":
        raise DataError(
            f"{name} must hold numbers; got {shown(part)} of type {seen.dtype}. The cost is computed from them. "
            "Encode text as numbers, and pass what is not by rows in args."
        )
    if seen.ndim == 0 or len(seen) == 0:
        raise DataError(
            f"{name} must have at least one row; got shape {seen.shape}. There is nothing to learn from. "
            "Pass an array with a row for each observation."
        )
    finite = np.isfinite(seen)
    if not finite.all():
        row, *column = (int(index) for index in np.argwhere(~finite)[0])
        where = f"row {row}" + (f", column {', '.join(map(str, column))}" if column else "")
        raise DataError(
            f"{name} must be finite; got {float(seen[row, *column])} in {where}. No cost can be computed from it. "
            "Leave such rows out, or fill them in. Rows and columns are counted from 0."
        )
    return array
