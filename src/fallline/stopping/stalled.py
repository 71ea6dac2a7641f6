"""The rule that notices a run standing still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.stopping.base import Rule, code_of
from fallline.trace import Rows, StopReason

__all__ = ["Stalled"]


@dataclass(frozen=True)
class Stalled(Rule):
    """Stop after two steps in a row that changed nothing: every later step would be the same.

    Parameters
    ----------
    measured : bool
        Whether the rates are measured: a rate of zero then means that no step was found. In a schedule it is only a
        pause.
    """

    measured: bool = True

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        if rows.step_norm.all():
            return None, state
        still = np.concatenate([before.step_norm[-1:], rows.step_norm]) == 0
        if not self.measured:
            still &= np.concatenate([before.learning_rate[-1:], rows.learning_rate]) > 0
        return np.where(still[1:] & still[:-1], code_of(StopReason.NO_PROGRESS), 0), state
