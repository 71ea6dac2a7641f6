"""What the text cells of a column are: numbers, truth values, dates, or text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallline.data.arrow import compute

if TYPE_CHECKING:
    import pyarrow

__all__ = ["NOTHING", "days", "first_odd_cell", "typed"]

NOTHING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "-nan", "NULL", "null", "None")
"""Cells that stand for a missing value in a column of numbers, truth values or dates."""

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
INFINITE = r"^[+-]?(?i:inf|infinity)$"
THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$"
TRUTH = r"^(?i:true|false)$"
DATE = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}$"
MOSTLY = 0.9
"""Share of numbers among its cells from which a column of text was likely meant to be one of numbers."""

TIME = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$"


def typed(text: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    """Return a column of strings as what all of its cells are; blank cells are missing, except in text.

    Infinity, spelt out, is a number among numbers.

    Examples
    --------
    >>> import pyarrow
    >>> typed(pyarrow.chunked_array([["1,234", "", "-5.5"]])).to_pylist()
    [1234.0, None, -5.5]
    >>> typed(pyarrow.chunked_array([["12", "b7", ""]])).to_pylist()
    ['12', 'b7', '']
    """
    import pyarrow

    cells = _cells(text)
    kinds = compute.drop_null(cells)
    if len(kinds) == 0:
        return compute.cast(cells, pyarrow.float64())

    def all_match(pattern: str) -> bool:
        return bool(compute.all(compute.match_substring_regex(kinds, pattern)).as_py())

    if all_match(NUMBER):
        return compute.cast(cells, pyarrow.float64())
    if all_match(f"{NUMBER}|{INFINITE}") and not all_match(INFINITE):
        return compute.cast(compute.replace_substring(compute.utf8_lower(cells), "+inf", "inf"), pyarrow.float64())
    if all_match(f"{NUMBER}|{THOUSANDS}"):
        return compute.cast(compute.replace_substring(cells, ",", ""), pyarrow.float64())
    if all_match(TRUTH):
        return compute.cast(compute.utf8_lower(cells), pyarrow.bool_())
    if all_match(DATE) or all_match(f"{DATE}|{TIME}"):
        moments = _moments(cells)
        return text if moments is None else moments
    return text


def days(column: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    """Return dates or timestamps as days since 1970-01-01 (UTC), with fractions; durations and times as days.

    Examples
    --------
    >>> import datetime, pyarrow
    >>> days(pyarrow.chunked_array([[datetime.datetime(1970, 1, 2, 12)]])).to_pylist()
    [1.5]
    """
    import pyarrow

    if pyarrow.types.is_date32(column.type):
        return compute.cast(compute.cast(column, pyarrow.int32()), pyarrow.float64())
    if pyarrow.types.is_date64(column.type):
        column = compute.cast(column, pyarrow.timestamp("ms"))
    units = {"s": 86400.0, "ms": 86400e3, "us": 86400e6, "ns": 86400e9}
    per_day = units[column.type.unit]
    whole = pyarrow.int32() if column.type.bit_width == 32 else pyarrow.int64()
    return compute.divide(compute.cast(compute.cast(column, whole), pyarrow.float64(), safe=False), per_day)


def first_odd_cell(text: pyarrow.ChunkedArray) -> tuple[int, str] | None:
    """Return the row and the text of the first cell that is no number, in a column that is nearly all numbers.

    Examples
    --------
    >>> import pyarrow
    >>> first_odd_cell(pyarrow.chunked_array([["7"] * 9 + ["", "?"]]))
    (10, '?')
    """
    import pyarrow

    if not (pyarrow.types.is_string(text.type) or pyarrow.types.is_large_string(text.type)):
        return None
    cells = _cells(text)
    number = compute.fill_null(compute.match_substring_regex(cells, f"{NUMBER}|{INFINITE}|{THOUSANDS}"), True)
    odd = compute.sum(compute.invert(number)).as_py()
    if not 0 < odd <= (1 - MOSTLY) * (len(cells) - cells.null_count) * (1 + 1e-9):
        return None
    row = compute.index(number, False).as_py()
    return row, cells[row].as_py()


def _cells(text: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    """Return the cells without white space around them, blank ones missing."""
    import pyarrow

    stripped = compute.utf8_trim_whitespace(text)
    return compute.if_else(compute.is_in(stripped, value_set=pyarrow.array(NOTHING, stripped.type)), None, stripped)


def _moments(cells: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray | None:
    """Return dates, with or without times, as timestamps; None where one of them does not exist."""
    import pyarrow

    cells = compute.replace_substring(cells, "/", "-")
    # months and days of one digit get their zero
    cells = compute.replace_substring_regex(cells, r"-(\d)(-|$|T| )", r"-0\1\2")
    cells = compute.replace_substring_regex(cells, r"-(\d)(-|$|T| )", r"-0\1\2")
    zoned = compute.any(compute.match_substring_regex(cells, r"\d(Z|[+-]\d{2}:?\d{2})$")).as_py() and not (
        compute.all(compute.match_substring_regex(compute.drop_null(cells), DATE)).as_py()
    )
    target = pyarrow.timestamp("us", tz="UTC") if zoned else pyarrow.timestamp("us")
    try:
        return compute.cast(cells, target)
    except pyarrow.ArrowInvalid:
        return None
