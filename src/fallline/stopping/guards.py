"""The guards that watch every run: a cost that is no number, has exploded, or falls without end."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.stopping.base import Rule, code_of
from fallline.trace import Rows, StopReason

__all__ = ["FOLD", "Guards"]

FOLD = 1e20
"""How many fold the cost may grow, or fall below zero, before the run is cut off."""


class Guards(Rule):
    """Stop where the cost is not finite, has grown 1e20-fold since the start, or has fallen as far below zero."""

    def init(self) -> Any:
        return None

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        scale = state
        if scale is None:
            scale = np.abs(before.fun[-1].astype(np.float64))
            scale = np.where(scale == 0, 1.0, scale)
        costs = rows.fun
        # two quick passes in the healthy case: nan fails both comparisons
        if (costs.min(axis=0) >= -FOLD * scale).all() and (costs.max(axis=0) <= FOLD * scale).all():
            return None, scale
        codes = np.zeros(costs.shape, dtype=np.int64)
        codes[costs > FOLD * scale] = code_of(StopReason.DIVERGED)
        codes[~np.isfinite(costs)] = code_of(StopReason.NOT_FINITE)
        codes[costs < -FOLD * np.maximum(scale, 1.0)] = code_of(StopReason.UNBOUNDED)
        return codes, scale
