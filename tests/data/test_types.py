"""What cells are is learnt from all of them."""

import datetime

import pyarrow as pa
import pytest

from fallline.data.types import days, first_odd_cell, typed

DAY = datetime.datetime


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2.5e3", " .5 ", ""], [1.0, -2500.0, 0.5, None]),
        (["1,234", "12", "-1,234,567.5"], [1234.0, 12.0, -1234567.5]),
        (["True", "false", "NA"], [True, False, None]),
        (["2022-06-18", "1969/12/31", "2022-1-2"], [DAY(2022, 6, 18), DAY(1969, 12, 31), DAY(2022, 1, 2)]),
        (["2022-06-18 12:30", "2022-06-18"], [DAY(2022, 6, 18, 12, 30), DAY(2022, 6, 18)]),
        (["", "nan", "NULL"], [None, None, None]),
        (["1", "+Inf", "-infinity", "NaN"], [1.0, float("inf"), float("-inf"), None]),
    ],
)
def test_cells_of_one_kind_are_that_kind(cells, expected):
    """Numbers, with thousands separators too, truth values and dates are read as such, blank cells as missing."""
    assert typed(pa.chunked_array([cells])).to_pylist() == expected


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "2", "b7"],
        ["1,23", "4"],
        ["True", "1"],
        ["2022-02-30"],
        ["2022-06-18", "soon"],
        ["a", "", "NA"],
        ["inf", "inf"],
    ],
)
def test_one_odd_cell_makes_a_column_text(cells):
    """A column with a cell of another kind is text throughout, each cell as it stands in the file."""
    assert typed(pa.chunked_array([cells[:1], cells[1:]])).to_pylist() == cells


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (datetime.date(1970, 1, 11), pa.date32(), 10.0),
        (datetime.date(1970, 1, 11), pa.date64(), 10.0),
        (DAY(1970, 1, 2, 6), pa.timestamp("s"), 1.25),
        (DAY(1970, 1, 2, 6), pa.timestamp("ns"), 1.25),
        (datetime.timedelta(hours=36), pa.duration("ms"), 1.5),
        (datetime.time(18), pa.time32("s"), 0.75),
        (datetime.time(18), pa.time64("us"), 0.75),
        (None, pa.timestamp("us"), None),
    ],
)
def test_moments_count_in_days(value, kind, expected):
    """Dates and timestamps count in days since 1970, durations and times of day in days."""
    assert days(pa.chunked_array([pa.array([value], kind)])).to_pylist() == [expected]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1"] * 9 + ["?"], (9, "?")),
        (["", "NA", " x "] + ["2.5"] * 9, (2, "x")),
        (["1"] * 8 + ["?"], None),
        (["1"] * 9, None),
        (["", ""], None),
    ],
)
def test_a_stray_cell_among_numbers_is_found(cells, expected):
    """The first cell that is no number is told where nine in ten of those not blank are numbers."""
    assert first_odd_cell(pa.chunked_array([cells[:2], cells[2:]])) == expected
    assert first_odd_cell(pa.chunked_array([[1.0, 2.0]])) is None
