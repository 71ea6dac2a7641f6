"""Rows held out of a descent, and the rule that stops where they no longer gain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.errors import InputError
from fallline.objectives.batched import taken
from fallline.objectives.plain import PlainFunction, one_number
from fallline.stopping import NoImprovement, Rule
from fallline.stopping.base import Both, Either, code_of
from fallline.trace import Finding, Result, Rows, StopReason

__all__ = [
    "HeldOut",
    "found_by",
    "judged_by_rows_held_out",
    "share_held_out",
    "split_rows",
    "told_by_rows_held_out",
]

BESIDE_THE_POINT = ("stopped-early", "iteration-budget", "noise-floor", "learning-rate-too-low")


def share_held_out(rule: Rule | None) -> float | None:
    """Return the share of the rows that a rule wants held out, None where it wants none."""
    if isinstance(rule, (Either, Both)):
        left = share_held_out(rule.left)
        return share_held_out(rule.right) if left is None else left
    return rule.validation_fraction if isinstance(rule, NoImprovement) else None


def split_rows(rows: tuple[Any, ...], share: float, seed: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the rows to descend on and those held out, each in the order given: which, the seed settles.

    Raises
    ------
    InputError
        Where there is no data, or one of them would be empty.

    Examples
    --------
    >>> import numpy as np
    >>> split_rows((np.arange(8),), 0.25, seed=0)
    ((array([0, 2, 4, 5, 6, 7]),), (array([1, 3]),))
    """
    if not rows:
        raise InputError(
            f"validation_fraction must be given with data; got {share:g} without. It is a share of the rows of data. "
            "Write data=(X, y), say, and a function fun(x, X, y)."
        )
    total = len(rows[0])
    count = round(share * total)
    if not 0 < count < total:
        raise InputError(
            f"validation_fraction must leave rows on both sides; got {share:g} of {total} rows. Some are to descend "
            "on, the others to judge by. Give more rows, or another share."
        )
    order = np.random.default_rng([seed, 2**32 - 1]).permutation(total)
    kept, held_out = np.sort(order[count:]), np.sort(order[:count])
    return tuple(taken(array, kept) for array in rows), tuple(taken(array, held_out) for array in rows)


def judged_by_rows_held_out(result: Result, costs: np.ndarray) -> Result:
    """Return the result of a run whose answer was chosen by the rows held out: not being optimal is no fault of it."""
    return replace(result, diagnosis=told_by_rows_held_out(result.diagnosis, costs), validation_costs=costs)


def told_by_rows_held_out(diagnosis: list[Finding], costs: np.ndarray) -> list[Finding]:
    """Return the findings of a run whose answer the rows held out chose, with one that says so."""
    best = int(np.argmin(costs))
    told = Finding(
        "stopped-early",
        "info",
        f"Over the rows held out the cost was lowest after epoch {best} ({costs[best]:.6g}, and {costs[-1]:.6g} after "
        f"epoch {len(costs) - 1}): the answer is the point reached there.",
        "Nothing needs to change; leave validation_fraction out to go on to the minimum over all rows.",
        {"epoch": best, "cost": float(costs[best])},
    )
    return [*(finding for finding in diagnosis if finding.code not in BESIDE_THE_POINT), told]


class HeldOut(Rule):
    """Stop when the cost over the rows held out has not improved for a number of epochs.

    Parameters
    ----------
    cost : callable
        The cost over those rows at a flat point.
    every : int
        Iterations of an epoch.
    patience : int
        Epochs.

    Its state is the epochs that had a lower cost than all before, with cost and point (of past blocks only the last),
    and the costs so far. What it saw beyond the step at which another rule stops the run does not count.
    """

    def __init__(self, cost: Callable[[np.ndarray], float], every: int, patience: int) -> None:
        self.cost, self.every, self.patience = cost, every, patience

    def init(self) -> tuple[Any, tuple[float, ...]]:
        return (), ()

    def judge(self, rows: Rows, before: Rows, state: Any) -> tuple[np.ndarray | None, Any]:
        lowest, costs = state[0][-1:], state[1]
        if not costs:
            costs = (self._cost(before.x[-1]),)
            lowest = ((0, costs[0], np.array(before.x[-1])),)
        codes = np.zeros(len(rows), dtype=np.int64)
        for row in np.flatnonzero(rows.iteration % self.every == 0):
            epoch, cost = int(rows.iteration[row]) // self.every, self._cost(rows.x[row])
            costs = (*costs, cost)
            if cost < lowest[-1][1]:
                lowest = (*lowest, (epoch, cost, np.array(rows.x[row])))
            if epoch - lowest[-1][0] >= self.patience:
                codes[row] = code_of(StopReason.NO_PROGRESS)
                break
        return (codes if codes.any() else None), (lowest, costs)

    def _cost(self, x: np.ndarray) -> float:
        cost = self.cost(np.ascontiguousarray(x))
        return cost if np.isfinite(cost) else np.inf

    @staticmethod
    def of(fun: Any, layout: Layout, args: tuple[Any, ...], by_pairs: bool, every: int, rule: Rule) -> Rule:
        """Return `rule` with the one that wants rows held out made one that knows them."""
        if isinstance(rule, (Either, Both)):
            left, right = (HeldOut.of(fun, layout, args, by_pairs, every, part) for part in (rule.left, rule.right))
            return replace(rule, left=left, right=right)
        if not isinstance(rule, NoImprovement) or rule.validation_fraction is None:
            return rule
        plain = PlainFunction(fun, layout, args)

        def cost(x: np.ndarray) -> float:
            answer = plain.raw(x)
            return one_number(answer[0] if by_pairs and isinstance(answer, tuple) else answer)

        return HeldOut(cost, every, rule.patience)


def found_by(rule: Rule, state: Any, iterations: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the point that was best by the rows held out, and all their costs; None where no rows were."""
    if isinstance(rule, (Either, Both)):
        parts = zip((rule.left, rule.right), state, strict=True)
        return next((found for part, its in parts if (found := found_by(part, its, iterations)) is not None), None)
    if not isinstance(rule, HeldOut) or not state[1]:
        return None
    lowest, costs = state
    epochs = iterations // rule.every
    point = next(point for epoch, _, point in reversed(lowest) if epoch <= epochs)
    return point, np.array(costs[: epochs + 1])
