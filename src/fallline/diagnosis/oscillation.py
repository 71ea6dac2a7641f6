"""The finding about steps that undo each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fallline.diagnosis.evidence import Evidence
from fallline.steps import StepRule
from fallline.trace import Finding, Rows, StopReason

__all__ = ["oscillation"]

FEWEST = 8
"""Steps without which nothing is said."""

LEFT_OVER = 0.3
"""A run that has still this share of its distance from the minimum, half a window later, makes no progress."""

NET_SHARE = 0.2
"""Steps that lead less far than this share of their length undo each other."""

SWINGS = 3

ENDED = (StopReason.MAX_ITERATIONS, StopReason.TIME_LIMIT, StopReason.NO_PROGRESS)
ENDED += (StopReason.SMALL_GRADIENT, StopReason.SMALL_COST_CHANGE, StopReason.CALLBACK, StopReason.INTERRUPTED)


@dataclass(frozen=True)
class _Tail:
    """How the last steps of a run went.

    `net` is the way they led as a share of their length, `turn` the mean cosine between one step and the next, `swings`
    how often the cost rose again, and `left` the share of the cost's height above the minimum that the second half of
    them kept.
    """

    count: int
    net: float
    turn: float
    swings: int
    left: float


def oscillation(evidence: Evidence) -> Finding | None:
    """Find a run that swings to and fro over the minimum: each step undoes the last, or momentum carries it past."""
    if evidence.optimal or evidence.noise is not None or evidence.no_minimum or evidence.reason not in ENDED:
        return None
    if isinstance(evidence.rate, StepRule):
        return None
    tail = _look_at(evidence, evidence.tail())
    if tail is None or tail.net > NET_SHARE:
        return None
    momentum = _momentum(evidence)
    if tail.turn < -0.5 and tail.left > LEFT_OVER:
        return _to_and_fro(evidence, tail)
    if momentum is not None and tail.swings >= SWINGS and 1 - momentum[0] < 0.25 * (1 - momentum[1]):
        return _swinging(tail, *momentum)
    if tail.swings >= SWINGS and tail.left > LEFT_OVER:
        return _to_and_fro(evidence, tail)
    return None


def _look_at(evidence: Evidence, rows: Rows | None) -> _Tail | None:
    if rows is None or len(rows) <= FEWEST or not np.isfinite(rows.fun).all():
        return None
    x = rows.x.astype(np.float64)
    steps = np.diff(x, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    if not lengths.all():
        return None
    turns = np.sum(steps[1:] * steps[:-1], axis=1) / (lengths[1:] * lengths[:-1])
    gap = evidence.curvature.gap
    excess = rows.fun - (float(evidence.best.fun[0]) - (gap if np.isfinite(gap) else 0.0))
    half = len(excess) // 2
    before = float(excess[:half].mean())
    rises = np.diff(rows.fun) > 0
    return _Tail(
        count=len(steps),
        net=float(np.linalg.norm(x[-1] - x[0]) / lengths.sum()),
        turn=float(turns.mean()),
        swings=int(np.sum(rises[1:] & ~rises[:-1])),
        left=float(excess[half:].mean()) / before if before > 0 else 0.0,
    )


def _momentum(evidence: Evidence) -> tuple[float, float] | None:
    """Return the momentum of the method, and the best one for the curvatures at the best point."""
    from fallline.methods import Momentum, Nesterov

    curvature = evidence.curvature
    momentum = evidence.method.momentum if isinstance(evidence.method, (Momentum, Nesterov)) else 0.0
    if momentum == 0 or not 0 < curvature.smallest <= curvature.largest < np.inf:
        return None
    root = np.sqrt(curvature.largest / curvature.smallest)
    return momentum, float(((root - 1) / (root + 1)) ** 2)


def _to_and_fro(evidence: Evidence, tail: _Tail) -> Finding:
    rate = float(evidence.last.learning_rate[0])
    values: dict[str, float | int | None] = {"learning_rate": rate, "factor": tail.net, "iterations": tail.count}
    stable = evidence.stable_rate()
    twice = 2 * evidence.iterations
    remedy = (
        f"Let the learning rate fall, by fallline.schedules.CosineDecay({rate:.3g}, {twice}) in {twice} iterations, "
        f"say; or go on from here with a smaller one, {rate / 10:.3g} say."
    )
    cause = ""
    if stable is not None and rate > 0.9 * stable[0]:
        limit, largest, _ = stable
        symbol = "2/L" if abs(limit * largest - 2) < 1e-9 else f"{limit * largest:.4g}/L"
        place = "is" if abs(rate / limit - 1) < 1e-6 else "is close to"
        cause = f" The learning rate {rate:.6g} {place} the stable limit {symbol} = {limit:.6g}."
        remedy = f"Use a learning rate near {limit / 2:.4g}, half the limit. Or leave learning_rate out."
        values |= {"limit": limit, "curvature": largest, "better_rate": limit / 2}
    else:
        values |= {"better_rate": rate / 10}
    return Finding(
        "oscillation",
        "warning",
        f"The run swings to and fro over the minimum: its last {tail.count} steps led only {tail.net:.2g} of their "
        f"length away, and the second half of them kept {min(tail.left, 1):.0%} of the cost's height above the minimum."
        f"{cause}",
        remedy,
        values,
    )


def _swinging(tail: _Tail, momentum: float, better: float) -> Finding:
    return Finding(
        "oscillation",
        "warning",
        f"The momentum of {momentum:g} carries the run past the minimum again and again: the cost rose {tail.swings} "
        f"times in the last {tail.count} iterations.",
        f"Use less momentum: {better:.2g} damps these swings best, by the curvatures at the best point.",
        {"momentum": momentum, "better_momentum": better, "swings": tail.swings, "iterations": tail.count},
    )
