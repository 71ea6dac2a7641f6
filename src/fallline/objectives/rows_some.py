"""A loss over rows, asked for some of them at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.data.blocks import ArrayRows, Rows
from fallline.data.sparse import SparseRows
from fallline.errors import InputError
from fallline.objectives.base import Objective, RowsProgram
from fallline.objectives.rows import RowsObjective

__all__ = ["SomeRows", "table_of", "weights_of"]


def table_of(rows: Rows) -> Any:
    """Return the whole table in memory, an array or a sparse one, of rows that have one.

    Raises
    ------
    InputError
        Where they come from elsewhere.
    """
    if isinstance(rows, (ArrayRows, SparseRows)):
        return rows.X
    raise InputError(
        "batch_size must be None for rows that are not in memory; got rows that are read from elsewhere. Rows in a "
        "random order cannot be read from there. Leave it out, or load the table."
    )


def weights_of(rows: Rows) -> np.ndarray:
    """Return the rows' weights, shape (n,), scaled to a mean of one.

    Examples
    --------
    >>> weights_of(ArrayRows(np.zeros((2, 1)), np.zeros(2), np.array([1.0, 3.0])))
    array([0.5, 1.5])
    """
    weights = rows.targets()[1]
    return np.ones(rows.count) if weights is None else weights * (rows.count / rows.total)


class SomeRows:
    """The mean over some rows of a loss, with its ridge: over all of them it is the whole cost.

    Parameters
    ----------
    smooth : RowsObjective
        Over all rows.
    whole : Objective
        The same with absolute values, where these are penalised.
    program : RowsProgram, optional
        The same as a program, where steps are to be compiled.

    Examples
    --------
    >>> from fallline.losses import find
    >>> rows = ArrayRows(np.array([[1.0], [2.0]]), np.array([3.0, 5.0]))
    >>> smooth = RowsObjective(rows, find("mse", "regression"))
    >>> SomeRows(smooth, smooth).on(np.array([1])).value(np.array([2.0, 0.0]))
    1.0
    """

    def __init__(self, smooth: RowsObjective, whole: Objective, program: RowsProgram | None = None) -> None:
        self.smooth, self.whole, self.program = smooth, whole, program
        self.table, self.y, self.weights = table_of(smooth.rows), smooth.rows.targets()[0], weights_of(smooth.rows)

    def on(self, rows: np.ndarray) -> Objective:
        """Return the cost over these rows only."""
        kind = SparseRows if isinstance(self.smooth.rows, SparseRows) else ArrayRows
        some, smooth = kind(self.table[rows], self.y[rows], self.weights[rows]), self.smooth
        objective = RowsObjective(
            some,
            smooth.loss,
            outputs=smooth.outputs,
            ridge=smooth.ridge,
            intercept=smooth.intercept,
            threads=1,
        )
        objective.total = float(len(rows))
        return objective
