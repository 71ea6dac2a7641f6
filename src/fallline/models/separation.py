"""Classes that planes separate: without a penalty their cost has no minimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.data.blocks import Block
from fallline.data.sparse import is_sparse
from fallline.data.sums import each_block
from fallline.objectives.rows import RowsObjective
from fallline.stopping.base import Rule, code_of
from fallline.trace import Rows, StopReason

__all__ = ["Separable", "separates"]

ROUNDING = 1e-7
"""How far a row may lie on the wrong side, as a share of its predictor's terms, and count as on the plane."""

PATIENCE = 12
"""Iterations before a run is suspected: a fit that has a minimum is there by then, or soon."""


def separates(objective: RowsObjective, direction: np.ndarray) -> bool:
    """Tell whether moving along a direction of the parameters, shape (size,), never makes a row less certain.

    With no row moving to the wrong side and some to the right one, the cost falls along it for ever: a proof, to within
    rounding, that no minimum exists.
    """
    largest = np.abs(direction).max()
    if not 0 < largest < np.inf:
        return False
    w, b = objective.split(direction / largest)
    # about the middle of the columns an offset counts for nothing, nor does a row far off
    first = objective.rows.block(0).X
    dense = objective.intercept and not is_sparse(first)
    centre = np.median(first, axis=0) if dense else np.zeros(objective.rows.columns)
    constant = b + w @ centre
    share = np.abs(np.column_stack([w * objective.sizes(), constant]))
    kept = share > ROUNDING * share.max()
    # a step on the way to infinity has small parts besides, that fade: without them it separates as well
    return _separates(objective, centre, w * kept[:, :-1], constant * kept[:, -1]) or (
        not kept.all() and _separates(objective, centre, w, constant)
    )


def _separates(objective: RowsObjective, centre: np.ndarray, w: np.ndarray, constant: np.ndarray) -> bool:
    """Tell whether ``(X - centre)·w + constant``, beyond rounding, is on the right side for some row and all others."""

    def sides(block: Block) -> tuple[bool, bool]:
        # the middle of a sparse column is about zero: nothing is centred there
        columns = block.X if is_sparse(block.X) else block.X - centre
        margin = _margins(columns @ w.T + constant, block.y)
        allowed = ROUNDING * (abs(columns) @ np.abs(w).T + np.abs(constant)).max(axis=1)
        counted = block.weights > 0
        return bool((margin < -allowed)[counted].any()), bool((margin > allowed)[counted].any())

    wrong, right = zip(*each_block(objective.rows, sides, objective.threads), strict=True)
    return any(right) and not any(wrong)


@dataclass(frozen=True, eq=False)
class Separable(Rule):
    """Stop once the parameters are found on their way to infinity, with the reason ``unbounded``.

    Parameters
    ----------
    objective : RowsObjective
        Of classes, without a penalty.
    certain : float
        A cost below which every row is sure to be on its side.
    every : bool
        Whether to look at every step, at the cost of a pass over the rows; else at steps 16, 32, 64, ….
    """

    objective: RowsObjective
    certain: float
    every: bool

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        codes = np.zeros(len(rows), dtype=np.int64)
        steps = np.diff(np.concatenate([before.x, rows.x]), axis=0)
        for row, iteration in enumerate(rows.iteration.tolist()):
            suspected = iteration >= PATIENCE and (self.every or iteration & (iteration - 1) == 0)
            if rows.fun[row] < self.certain or (suspected and separates(self.objective, steps[row])):
                codes[row] = code_of(StopReason.UNBOUNDED)
                break
        return codes, state


def _margins(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return by how much each row's own class leads, shape (m,), for predictors of shape (m, outputs)."""
    if z.shape[1] == 1:
        return (2 * y - 1) * z[:, 0]
    mine = np.arange(len(z)), y.astype(np.intp)
    own = z[mine]
    z[mine] = -np.inf
    return own - z.max(axis=1)
