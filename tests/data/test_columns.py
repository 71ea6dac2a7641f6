"""Some columns as rows of their own, and tables turned."""

import numpy as np
import pytest
from scipy import sparse

from fallline.data.blocks import ArrayRows, Retargeted
from fallline.data.columns import by_columns, columns_of
from fallline.data.sparse import SparseRows

X = np.random.default_rng(0).normal(size=(9, 5)) * (np.random.default_rng(1).random((9, 5)) < 0.5)
WEIGHTS = np.arange(1.0, 10.0)


@pytest.mark.parametrize("kind", ["rows", "columns", "sparse"])
def test_columns_are_taken_with_their_rows(kind):
    """Targets and weights go along; each column of the turned table is the table's."""
    table = {"rows": X, "columns": np.asfortranarray(X)}.get(kind, sparse.csr_array(X))
    rows = (SparseRows if kind == "sparse" else ArrayRows)(table, np.arange(9.0), WEIGHTS)
    part = columns_of(rows, np.array([1, 4]))
    np.testing.assert_array_equal(part.block(0).dense(), X[:, [1, 4]])
    np.testing.assert_array_equal(part.targets()[0], np.arange(9.0))
    np.testing.assert_array_equal(part.targets()[1], WEIGHTS)
    turned = by_columns(part)
    np.testing.assert_array_equal(turned.toarray().T if kind == "sparse" else turned, X[:, [1, 4]].T)


@pytest.mark.parametrize("use", [lambda rows: columns_of(rows, np.arange(1)), by_columns])
def test_rows_that_lie_elsewhere_are_refused(use):
    """Only tables in memory have columns at hand."""
    with pytest.raises(TypeError, match="table in memory; got Retargeted"):
        use(Retargeted(ArrayRows(X, np.zeros(9)), np.ones(9)))
