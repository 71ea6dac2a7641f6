"""Columns of a table as numbers."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from fallline.data.encoding import learn_encoding
from fallline.errors import DataError


def test_text_becomes_columns_of_zero_and_one_against_the_most_frequent():
    """Each level but the most frequent has a column `name=level`, the more frequent first, blank text its own."""
    encoding = learn_encoding(pa.table({"cut": ["ideal", "good", "ideal", "fair", "good", "ideal", ""]}))
    assert encoding.names == ["cut=good", "cut=(blank)", "cut=fair"]
    matrix = encoding.encode(pa.table({"cut": ["ideal", "good", "fair", None]}))
    np.testing.assert_array_equal(matrix, [[0, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]])


def test_rare_and_unseen_levels_share_a_column():
    """Beyond the most columns allowed the rarest levels share the last one, and levels never seen join them."""
    levels = ["a"] * 9 + ["b"] * 7 + ["c"] * 5 + ["d", "e", "f"]
    encoding = learn_encoding(pa.table({"shop": levels}), max_categories=3)
    assert encoding.names == ["shop=b", "shop=c", "shop=(infrequent)"]
    matrix = encoding.encode(pa.table({"shop": ["a", "c", "d", "f", "never seen"]}))
    np.testing.assert_array_equal(matrix, [[0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]])


def test_at_most_a_hundred_columns_come_from_one_of_text():
    """A column of many names does not become thousands."""
    encoding = learn_encoding(pa.table({"plane": [f"N{k}" for k in range(500)]}))
    assert len(encoding.names) == 100
    assert encoding.columns[0].pooled == 400


def test_missing_numbers_are_the_mean_and_counted():
    """A blank number is the mean of those learnt from, in any table encoded later."""
    encoding = learn_encoding(pa.table({"age": [20, None, 40]}))
    assert encoding.columns[0].missing == 1
    np.testing.assert_array_equal(encoding.encode(pa.table({"age": [None, 50]})), [[30.0], [50.0]])


def test_dates_and_truth_values_are_numbers():
    """Dates count in days, true is 1 and false 0."""
    table = pa.table({"day": [datetime.date(1970, 1, 3)] * 2, "paid": [True, False]})
    np.testing.assert_array_equal(learn_encoding(table).encode(table), [[2.0, 1.0], [2.0, 0.0]])


def test_columns_that_say_nothing_are_left_out_and_told():
    """A text that never varies, a column always blank and a nested one are left out, with the reason."""
    table = pa.table({"a": [1.0, 2.0], "b": ["x", "x"], "c": pa.array([None, None], pa.float64()), "d": [[1], [2]]})
    encoding = learn_encoding(table)
    assert encoding.names == ["a"]
    assert encoding.left_out == {"b": "always 'x'", "c": "always blank", "d": "of type list<item: int64>"}


def test_codes_of_text_need_not_agree_between_tables():
    """Dictionary-encoded text is matched by its words, not by its codes."""
    encoding = learn_encoding(pa.table({"k": pa.array(["x", "y", "x"]).dictionary_encode()}))
    table = pa.table({"k": pa.array(["y", "x"]).dictionary_encode()})
    np.testing.assert_array_equal(encoding.encode(table), [[1.0], [0.0]])


def test_infinity_in_a_file_is_refused():
    """An infinite number in a file is refused with its row."""
    with pytest.raises(DataError, match="inf at row 1"):
        learn_encoding(pa.table({"a": [1.0, np.inf]}))


def test_a_missing_column_is_named():
    """A table that lacks a column of the encoding is refused by that name."""
    with pytest.raises(DataError, match="'age'"):
        learn_encoding(pa.table({"age": [1.0, 2.0]})).encode(pa.table({"size": [1.0]}))
