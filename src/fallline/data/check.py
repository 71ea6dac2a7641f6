"""Features, targets and weights as the user gave them, made into arrays or refused in one sentence."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from fallline.data.sparse import by_rows, from_sparse_frame, is_sparse, narrow, ranges
from fallline.errors import DataError, InputTypeError, shown

__all__ = [
    "as_floats",
    "check_features",
    "check_targets",
    "check_weights",
    "in_range",
    "refuse_not_finite",
    "refuse_too_small",
]

SQUARED = 1e-145
"""Differences whose squares and their products keep their digits in double precision are at least so large."""

ROWS_FROM_ZERO = "Rows and columns are counted from 0."


def check_features(X: Any, name: str = "X") -> tuple[Any, list[str] | None]:
    """Return `X` as an array, shape (n, d), or a sparse one by rows, and the names of its columns where it has any.

    float32 and float64 arrays that lie in C or Fortran order are not copied; other numbers become float64. Whether
    the numbers are finite is not looked at: see `refuse_not_finite`.

    Parameters
    ----------
    X : array, list of rows, sparse matrix or array, or a pandas (also sparse), polars or PyArrow table of numbers
    name : str
        What to call it in errors.

    Raises
    ------
    DataError
        Where it is no table, has no row or column, or a column of text.
    InputTypeError
        Where a cell is no number.

    Examples
    --------
    >>> import pandas as pd
    >>> check_features(pd.DataFrame({"a": [1, 2], "b": [0.5, 0.25]}))
    (array([[1.  , 0.5 ],
           [2.  , 0.25]]), ['a', 'b'])
    """
    table = from_sparse_frame(X)
    sparse = is_sparse(table)
    array, names = (table, _names(X)) if sparse else _from_frame(table, name)
    if array.ndim == 0:
        raise DataError(
            f"{name} must be a table of rows and columns (2-D); got {shown(X)}. No rows can be read from it. "
            "Pass an array, a list of rows, or a table that is in memory."
        )
    if array.ndim != 2:
        raise DataError(
            f"{name} must be a table of rows and columns (2-D); got shape {array.shape}. "
            f"Reshape your data: {name}.reshape(-1, 1) makes one column, {name}.reshape(1, -1) one row."
        )
    rows, columns = array.shape
    if rows == 0:
        raise DataError(
            f"{name} must have at least one row; got 0 sample(s) (shape={array.shape}) while a minimum of 1 is "
            "required. There is nothing to learn from."
        )
    if columns == 0:
        raise DataError(
            f"{name} must have at least one column; got 0 feature(s) (shape={array.shape}) while a minimum of 1 is "
            "required. There is nothing to learn from."
        )
    if sparse:
        return by_rows(as_floats(array, name, names)), names
    array = as_floats(array, name, names)
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        array = np.ascontiguousarray(array)
    return array, names


def check_targets(y: Any, rows: int, estimator: str) -> tuple[np.ndarray, bool]:
    """Return `y` as an array, shape (n,), and whether it came as a column, shape (n, 1).

    Raises
    ------
    DataError
        Where it is missing, has another shape, or not one entry for each of the `rows`.

    Examples
    --------
    >>> check_targets([[1.0], [2.0]], 2, "LinearRegression")
    (array([1., 2.]), True)
    """
    if y is None:
        raise DataError(f"y must be given; got None. {estimator} requires y to be passed, but the target y is None.")
    array = _from_frame(y, "y")[0]
    if array.dtype.kind == "c":
        raise DataError(f"y must hold real numbers or classes; got {array.dtype}. Complex data not supported.")
    column = array.ndim == 2 and array.shape[1] == 1
    if not (array.ndim == 1 or column):
        raise DataError(
            f"y must have shape (n,); got {array.shape}. y should be a 1d array, one target for each row. "
            "Fit one model for each target."
        )
    if len(array) != rows:
        raise DataError(
            f"y must have one entry for each row of X; got {len(array)} for {rows} rows. Their lengths must match. "
            "Pass the targets of just these rows."
        )
    return array.ravel(), column


def check_weights(weights: Any, rows: int) -> np.ndarray | None:
    """Return `weights` as a float64 array, shape (n,); None where all are equal.

    Raises
    ------
    DataError
        Where they have another shape, one is negative or not finite, or all are zero.

    Examples
    --------
    >>> check_weights([1, 2, 3], 3)
    array([1., 2., 3.])
    """
    if weights is None:
        return None
    array = as_floats(np.asarray(weights), "sample_weight", hint="A weight counts repetitions.").astype(np.float64)
    if array.ndim == 0:
        array = np.full(rows, float(array))
    if array.shape != (rows,):
        raise DataError(
            f"sample_weight must have shape ({rows},), one weight for each row; got {array.shape}. "
            "Pass the weights of just these rows."
        )
    bad = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if bad.size:
        raise DataError(
            f"sample_weight must be zero or positive and finite; got {array[bad[0]]} at row {bad[0]}. "
            "A weight counts repetitions. Leave the row out instead."
        )
    if not array.any():
        raise DataError("sample_weight must have a positive entry; got only zeros. No row would count.")
    if (array == array[0]).all():
        return None
    return in_range(array)


def in_range(weights: np.ndarray) -> np.ndarray:
    """Return weights, shape (n,), that can be summed: by a power of two where they are very large or very small.

    Examples
    --------
    >>> bool(np.isfinite(in_range(np.array([1e308, 1e308])).sum()))
    True
    """
    largest = float(weights.max())
    return weights if 1e-100 < largest < 1e100 else np.ldexp(weights, -np.frexp(largest)[1])


def refuse_not_finite(array: Any, name: str, columns: list[str] | None = None) -> None:
    """Raise the error that names the first NaN or infinity in `array`, shape (n,) or (n, d), if there is one.

    Raises
    ------
    DataError
    """
    if is_sparse(array):
        bad = np.flatnonzero(~np.isfinite(array.data))
        if bad.size:
            row = int(np.searchsorted(array.indptr, bad[0], side="right")) - 1
            _refuse(float(array.data[bad[0]]), (row, int(array.indices[bad[0]])), name, columns)
        return
    for first in range(0, len(array), 65_536):
        part = array[first : first + 65_536]
        finite = np.isfinite(part)
        if not finite.all():
            row, *rest = (int(index) for index in np.argwhere(~finite)[0])
            _refuse(float(part[row, *rest]), (first + row, *rest), name, columns)


def refuse_too_small(array: Any, name: str, columns: list[str] | None = None) -> None:
    """Raise the error that names the first column of `array`, shape (n, d), that varies by too little to be squared.

    Raises
    ------
    DataError
    """
    if is_sparse(array):
        places = narrow(array, SQUARED)
        widths = ranges(array, places)
    else:
        places, widths = _narrow(array)
    for j, width in zip(places.tolist(), widths.tolist(), strict=True):
        if 0 < width < SQUARED:
            where = f" in column {columns[j] if columns else j!r}" if name == "X" else ""
            raise DataError(
                f"{name} must vary by enough to be squared; got a range of {width:.3g}{where}. "
                "Its square is beyond floating point. Choose a smaller unit, so that the numbers grow."
            )


def _narrow(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns of an array that vary by less than what can be squared, and by how much they do."""
    # some rows from all along the table settle most columns
    some = array[:: len(array) // 256 + 1]
    low, high = some.min(axis=0), some.max(axis=0)
    places = np.flatnonzero(high - low < SQUARED)
    low, high = low[places], high[places]
    for first in range(0, len(array) if places.size else 0, 65_536):
        part = array[first : first + 65_536, places]
        low, high = np.minimum(low, part.min(axis=0)), np.maximum(high, part.max(axis=0))
        left = high - low < SQUARED
        places, low, high = places[left], low[left], high[left]
        if not places.size:
            break
    return places, high - low


def _refuse(value: float, place: tuple[int, ...], name: str, columns: list[str] | None) -> NoReturn:
    got = {"nan": "NaN"}.get(str(value), str(value))
    raise DataError(
        f"{name} must hold finite numbers; got {got} at {_place(place, columns)}. {ROWS_FROM_ZERO} "
        "Fill that cell or leave the row out."
    )


def _names(X: Any) -> list[str] | None:
    """Return the names of the columns of a sparse table that came as a frame."""
    columns = [] if is_sparse(X) else list(X.columns)
    return columns if columns and all(isinstance(column, str) for column in columns) else None


def _from_frame(data: Any, name: str) -> tuple[np.ndarray, list[str] | None]:
    """Return the array in an array, list or frame of any library, and its column names if it is a frame."""
    if isinstance(data, np.ndarray):
        return np.asarray(data), None
    if not isinstance(data, (list, tuple)):
        import narwhals.stable.v2 as narwhals

        try:
            frame = narwhals.from_native(data, eager_only=True, allow_series=True, pass_through=True)
        except narwhals.exceptions.DuplicateError as error:
            raise DataError(
                f"{name} must have columns of different names; got a name twice. {_sentence(error)}"
            ) from error
        if isinstance(frame, narwhals.Series):
            return frame.to_numpy(), None
        if isinstance(frame, narwhals.DataFrame):
            columns: list[Any] = list(frame.columns)
            for column, dtype in frame.schema.items():
                if not (dtype.is_numeric() or dtype in (narwhals.Boolean, narwhals.Object)):
                    raise DataError(
                        f"{name} must have columns of numbers; got {dtype} in column {str(column)!r}. "
                        "Encode it as numbers first, such as one column of 0 and 1 for each category."
                    )
            return frame.to_numpy(), columns if all(isinstance(column, str) for column in columns) else None
    try:
        return np.asarray(data), None
    except ValueError as error:
        raise DataError(f"{name} must have rows of equal length; got {shown(data)}. Fill the shorter ones.") from error


def as_floats(
    array: Any, name: str, columns: list[str] | None = None, hint: str = "Encode it as a number first."
) -> Any:
    """Return an array or a sparse one as float64, float32 staying so; text and dates are refused.

    Raises
    ------
    DataError, InputTypeError
        It names the first cell that is no number.

    Examples
    --------
    >>> as_floats(np.array([[1, 2]]), "X")
    array([[1., 2.]])
    """
    kind = array.dtype.kind
    if kind == "c":
        raise DataError(f"{name} must hold real numbers; got {array.dtype}. Complex data not supported.")
    if kind in "mM":
        raise DataError(
            f"{name} must hold numbers; got {array.dtype}. The unit of time is not guessed at. Make numbers of it, "
            "such as days since some day."
        )
    single = kind == "f" and array.dtype.itemsize == np.dtype(np.float32).itemsize
    try:
        return array.astype(np.float32 if single else np.float64, copy=False)
    except (TypeError, ValueError) as error:
        place, cell = next((place, cell) for place, cell in np.ndenumerate(array) if not _is_number(cell))
        got = shown(str(cell) if isinstance(cell, str) else cell)
        got += f" at {_place(place, columns)}" if place else ""
        if isinstance(error, TypeError):
            raise InputTypeError(f"{name} must hold numbers; got {got}. {_sentence(error)}") from error
        raise DataError(f"{name} must hold numbers; got {got}. {ROWS_FROM_ZERO} {hint}") from error


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


def _place(place: tuple[int, ...], columns: list[str] | None) -> str:
    where = f"row {place[0]}"
    if len(place) == 2:
        where += f", column {columns[place[1]]!r}" if columns else f", column {place[1]}"
    return where


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") + "."
