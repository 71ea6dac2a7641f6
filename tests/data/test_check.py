"""Features, targets and weights are taken as they come, or refused in a sentence."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from fallline.data.check import check_features, check_targets, check_weights, refuse_not_finite, refuse_too_small
from fallline.errors import DataError, FalllineError

COLUMNS = {"a": [1.0, 2.0, 3.0], "b": [True, False, True], "c": [1, 2, 3]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_tables_of_every_library_are_read(make):
    """A table of numbers and truth values becomes an array and keeps its names."""
    array, names = check_features(make(COLUMNS))
    assert names == ["a", "b", "c"]
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, np.column_stack(list(COLUMNS.values())))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_floats_are_not_copied(dtype, order):
    """float32 and float64 arrays in either order are used as they are."""
    X = np.zeros((4, 3), dtype, order)
    assert check_features(X)[0] is X


def test_numbers_in_objects_are_numbers():
    """An array of Python objects that are numbers is read as numbers."""
    np.testing.assert_array_equal(check_features(np.array([[1, 2.5]], dtype=object))[0], [[1.0, 2.5]])


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.zeros(3), "Reshape your data"),
        (np.zeros((0, 2)), "at least one row"),
        (np.zeros((3, 0)), r"0 feature\(s\)"),
        ([[1.0], [1.0, 2.0]], "rows of equal length"),
        ([["1", "2"], ["3", "one"]], "got 'one' at row 1, column 1"),
        (pd.DataFrame({"age": [1, "x"]}, dtype=object), "got 'x' at row 1, column 'age'"),
        (np.array([["2024-01-01"]], dtype="M8[D]"), r"got datetime64\[D\]. The unit of time"),
        (None, "got None. No rows can be read from it"),
        ({"age": [1.0]}, r"got {'age': \[1.0\]}"),
        (pl.LazyFrame({"age": [1.0]}), "table that is in memory"),
        (np.zeros((2, 2), complex), "Complex data not supported"),
        (pd.DataFrame({"age": [1.0], "name": ["x"]}), "String in column 'name'"),
        (np.array([[{}]], dtype=object), "real number"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(X, words):
    """What cannot be features is refused in one sentence that says what was given."""
    with pytest.raises(FalllineError, match=words) as caught:
        check_features(X)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith("X must ")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_hole_is_named_by_row_and_column(bad):
    """A cell that is not finite is named by its row, counted from 0, and by its column's name or number."""
    X = np.zeros((70_000, 3))
    X[69_999, 2] = bad
    with pytest.raises(DataError, match="row 69999, column 'weight'"):
        refuse_not_finite(X, "X", ["age", "height", "weight"])
    with pytest.raises(DataError, match="row 69999, column 2"):
        refuse_not_finite(X, "X")
    with pytest.raises(DataError, match=r"y must .* at row 5\."):
        refuse_not_finite(np.array([0, 0, 0, 0, 0, bad]), "y")


def test_a_column_of_targets_is_a_vector():
    """Targets of shape (n, 1) are taken as (n,), and this is told."""
    target, column = check_targets(np.array([[1.0], [2.0]]), 2, "Ridge")
    assert target.shape == (2,)
    assert column
    assert not check_targets(pd.Series([1.0, 2.0]), 2, "Ridge")[1]


@pytest.mark.parametrize(
    ("y", "words"), [(None, "y is None"), (np.zeros((2, 2)), r"\(2, 2\)"), ([1.0], "1 for 2 rows")]
)
def test_targets_that_do_not_fit_are_refused(y, words):
    """Targets that are missing, too wide or of another length are refused."""
    with pytest.raises(DataError, match=words):
        check_targets(y, 2, "Ridge")


def test_equal_weights_are_no_weights():
    """Weights that are all alike are left out, as they change nothing."""
    assert check_weights(None, 3) is None
    assert check_weights([2, 2, 2], 3) is None
    assert check_weights(5, 3) is None


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0, -1.0], "-1.0 at row 1"),
        ([1.0, np.nan], "nan at row 1"),
        ([0, 0], "only zeros"),
        ([1], r"\(2,\)"),
        ("ab", "numbers"),
        ([1.0, "a"], "got 'a' at row 1"),
        ([1.0, 1j], "real numbers"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, words):
    """Negative, missing or all-zero weights, and too few of them, are refused."""
    with pytest.raises(FalllineError, match=words):
        check_weights(weights, 2)


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64, bool])
def test_sparse_tables_are_read_by_rows(dtype):
    """A sparse table stays sparse; its numbers become floats, float32 staying float32."""
    X = np.array([[0, 1, 0], [1, 0, 0]], dtype=dtype)
    table, names = check_features(sparse.coo_matrix(X))
    assert (table.format, names) == ("csr", None)
    assert table.dtype == (np.float32 if dtype is np.float32 else np.float64)
    np.testing.assert_array_equal(table.toarray(), X)


def test_a_sparse_table_of_floats_is_not_copied():
    """The cells of a table by rows in canonical order are used as they are."""
    X = sparse.csr_array(np.eye(3))
    assert np.shares_memory(check_features(X)[0].data, X.data)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (sparse.csr_array((0, 3)), "at least one row"),
        (sparse.csr_array((3, 0)), r"0 feature\(s\)"),
        (sparse.csr_array(np.eye(2) * 1j), "Complex data not supported"),
        (sparse.coo_array(np.ones(3)), "Reshape your data"),
    ],
)
def test_a_sparse_table_that_is_none_is_refused(X, words):
    """Sparse tables without rows, columns or real numbers are refused like dense ones."""
    with pytest.raises(DataError, match=words):
        check_features(X)


@pytest.mark.parametrize(("bad", "told"), [(np.nan, "NaN"), (-np.inf, "-inf")])
def test_a_hole_in_a_sparse_table_is_named_by_row_and_column(bad, told):
    """A cell that is not finite is named by its place in the table, not among the cells kept."""
    X = sparse.csr_array(([1.0, 2.0, bad], ([0, 3, 3], [1, 0, 2])), shape=(6, 4))
    with pytest.raises(DataError, match=f"got {told} at row 3, column 2"):
        refuse_not_finite(X, "X")
    with pytest.raises(DataError, match="row 3, column 'c'"):
        refuse_not_finite(X, "X", ["a", "b", "c", "d"])


def test_a_sparse_column_that_hardly_varies_is_refused():
    """A column whose range cannot be squared is named, sparse or dense."""
    X = np.array([[0.0, 1e-200], [1.0, 0.0]])
    for table in (X, sparse.csr_array(X)):
        with pytest.raises(DataError, match="in column 1"):
            refuse_too_small(table, "X")


def test_a_sparse_pandas_frame_is_read():
    """A frame of sparse columns stays sparse and keeps its names; one whose gaps are no zeros is read as it is."""
    X = np.array([[0.0, 3.0], [2.0, 0.0], [0.0, 0.0]])
    frame = pd.DataFrame.sparse.from_spmatrix(sparse.csr_array(X), columns=["a", "b"])
    table, names = check_features(frame)
    assert sparse.issparse(table)
    assert names == ["a", "b"]
    np.testing.assert_array_equal(table.toarray(), X)
    ones = pd.DataFrame({"a": pd.arrays.SparseArray([1.0, 2.0, 1.0], fill_value=1.0)})
    np.testing.assert_array_equal(check_features(ones)[0], [[1.0], [2.0], [1.0]])
