"""By how much a step changes the predictors of rows."""

from __future__ import annotations

import numpy as np

from fallline.data.blocks import Block
from fallline.data.sums import each_block
from fallline.objectives.rows import RowsObjective

__all__ = ["largest_change"]


def largest_change(objective: RowsObjective, step: np.ndarray) -> float:
    """Return the most that a step, shape (size,), changes a row's predictor; of several, their differences.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> rows = ArrayRows(np.array([[1.0], [-3.0]]), np.zeros(2))
    >>> largest_change(RowsObjective(rows, find("logistic", "classification")), np.array([2.0, 1.0]))
    5.0
    """
    w, b = objective.split(step)

    def change(block: Block) -> float:
        z = objective.predictors(block, w, b)
        return float(np.abs(z).max() if objective.outputs == 1 else (z.max(axis=1) - z.min(axis=1)).max())

    return max(each_block(objective.rows, change, objective.threads))
