"""Some columns of a table, as rows of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.data.blocks import ArrayRows, Rows
from fallline.data.sparse import SparseRows

__all__ = ["by_columns", "columns_of"]


def columns_of(rows: Rows, places: np.ndarray) -> Rows:
    """Return rows of the same targets and weights whose features are the columns at `places`, copied.

    Parameters
    ----------
    rows : ArrayRows or SparseRows
    places : array of int, shape (k,)
        In ascending order.

    Examples
    --------
    >>> import numpy as np
    >>> rows = ArrayRows(np.array([[1.0, 2.0, 3.0]]), np.zeros(1))
    >>> columns_of(rows, np.array([0, 2])).block(0).X
    array([[1., 3.]])
    """
    if isinstance(rows, SparseRows):
        return SparseRows(rows.X[:, places], rows.y, rows.weights)
    if isinstance(rows, ArrayRows):
        return ArrayRows(rows.X.take(places, axis=1), rows.y, rows.weights)
    raise TypeError(f"rows must be a table in memory; got {type(rows).__name__}.")


def by_columns(rows: Rows) -> Any:
    """Return the table turned, shape (d, n), each column lying in one piece, or a sparse one by columns, shape (n, d).

    Examples
    --------
    >>> import numpy as np
    >>> by_columns(ArrayRows(np.array([[1.0, 2.0]]), np.zeros(1)))
    array([[1.],
           [2.]])
    """
    if isinstance(rows, SparseRows):
        return rows.X.tocsc()
    if isinstance(rows, ArrayRows):
        return np.ascontiguousarray(rows.X.T)
    raise TypeError(f"rows must be a table in memory; got {type(rows).__name__}.")
