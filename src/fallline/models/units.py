"""Judging points that are given in the parameters of standardised columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fallline.models.judges import Judge
from fallline.objectives.rows_standardized import StandardizedObjective
from fallline.stopping import Rule
from fallline.trace import Rows as Steps

__all__ = ["InUnits", "RuleInUnits"]


@dataclass(frozen=True, eq=False)
class RuleInUnits(Rule):
    """A rule about points given in the parameters of standardised columns."""

    inner: Rule
    units: StandardizedObjective

    def judge(self, rows: Steps, before: Steps, state: Any) -> tuple[np.ndarray | None, Any]:
        here, there = (replace(part, x=self.units.to_data(part.x)) for part in (rows, before))
        return self.inner.judge(here, there, state)


class InUnits:
    """Optimality of points given in the parameters of standardised columns."""

    def __init__(self, inner: Judge, units: StandardizedObjective) -> None:
        self.inner, self.units = inner, units

    def candidate(self, rows: Steps) -> int | None:
        return self.inner.candidate(rows)

    def holds(self, row: Steps) -> bool:
        return self.inner.holds(replace(row, x=self.units.to_data(row.x)))

    def state(self) -> Any:
        return self.inner.state()

    def restore(self, state: Any) -> None:
        self.inner.restore(state)
