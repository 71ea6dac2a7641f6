"""What a stopping rule is, and how two of them combine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.errors import InputTypeError, shown
from fallline.trace import Rows, StopReason

__all__ = ["Both", "Either", "Rule", "code_of", "reason_of"]

REASONS = tuple(StopReason)


def code_of(reason: StopReason) -> int:
    """Return the number that stands for a reason in a rule's answer; 0 stands for going on."""
    return REASONS.index(reason) + 1


def reason_of(code: int) -> StopReason:
    """Return the reason for which a number stands."""
    return REASONS[code - 1]


class Rule(ABC):
    """A rule that looks at the records and says at which to stop.

    Rules combine: ``a | b`` stops where either holds, ``a & b`` where both hold at the same step; the reason told is
    then the left one's. Those of fallline also judge many runs side by side: columns of shape (n, m) for m runs, `x` of
    shape (n, d, m), and `iteration` and `seconds`, the same for all, of shape (n, 1).
    """

    def init(self) -> Any:
        """Return the state that the rule carries from one block of rows to the next."""
        return None

    @abstractmethod
    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        """Return the code of the reason to stop at each row, 0 where there is none, and the next state.

        None for the codes says that there is none at all. `before` is the one row that came just before, for rules
        that compare.
        """

    def __or__(self, other: Rule) -> Rule:
        return Either(self, _checked(other))

    def __and__(self, other: Rule) -> Rule:
        return Both(self, _checked(other))


@dataclass(frozen=True)
class Either(Rule):
    """Stop where either rule holds."""

    left: Rule
    right: Rule

    def init(self) -> Any:
        return self.left.init(), self.right.init()

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        left, state1 = self.left.judge(rows, before, state[0])
        right, state2 = self.right.judge(rows, before, state[1])
        if left is None or right is None:
            return right if left is None else left, (state1, state2)
        return np.where(left > 0, left, right), (state1, state2)


@dataclass(frozen=True)
class Both(Rule):
    """Stop where both rules hold at the same step."""

    left: Rule
    right: Rule

    def init(self) -> Any:
        return self.left.init(), self.right.init()

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        left, state1 = self.left.judge(rows, before, state[0])
        right, state2 = self.right.judge(rows, before, state[1])
        if left is None or right is None:
            return None, (state1, state2)
        return np.where(right > 0, left, 0), (state1, state2)


def _checked(other: object) -> Rule:
    if not isinstance(other, Rule):
        raise InputTypeError(
            f"stopping must be a combination of rules; got {shown(other)}. "
            "Use those of fallline.stopping, such as StepBelow(1e-6) | TimeLimit(10)."
        )
    return other
