"""Findings about several starts: which minima there are, and which runs ended at a worse one."""

from __future__ import annotations

import numpy as np

from fallline.trace import Finding, Minimum
from fallline.trace.comparison import Results

__all__ = ["SETTLED", "find_minima", "other_minima", "worse_minimum"]

SAME = 0.01
"""Ends nearer to one another than this share of the region that the runs covered are at the same minimum."""

SETTLED = 1e-3
"""A run has settled where the gradient at its answer is no more than this share of that at its start."""

MOST = 50
"""Minima that are told apart; with more, the lowest."""


def find_minima(
    answers: np.ndarray, costs: np.ndarray, settled: np.ndarray, starts: np.ndarray, results: Results
) -> list[Minimum]:
    """Return the distinct minima that runs ended at, the lowest first.

    Parameters
    ----------
    answers, starts : array, shape (n, d)
        Where each run ended and began.
    costs : array, shape (n,)
        The cost at the end.
    settled : array of bool, shape (n,)
        Whether the gradient there is small enough for a minimum.
    results : Results
        The runs in full; of each minimum the lowest run is asked whether it is verified.
    """
    region = np.ptp(np.concatenate([answers, starts]), axis=0)
    region = np.where(region > 0, region, 1.0)
    waiting = np.flatnonzero(np.isfinite(costs) & np.isfinite(answers).all(axis=1) & settled)
    waiting = waiting[np.argsort(costs[waiting], kind="stable")]
    found: list[Minimum] = []
    tried = 0
    while waiting.size and tried < MOST:
        tried += 1
        lowest = waiting[0]
        apart = np.abs((answers[waiting] - answers[lowest]) / region).max(axis=1)
        here, waiting = waiting[apart <= SAME], waiting[apart > SAME]
        result = results[int(lowest)]
        if result.success:
            found.append(Minimum(result.x, result.fun, tuple(sorted(map(int, here)))))
    return found


def other_minima(minima: list[Minimum], runs: int) -> Finding | None:
    """Find that runs from several starts ended at different minima."""
    if len(minima) < 2:
        return None
    told = [f"{minimum.fun:.6g} from {len(minimum.runs):,}" for minimum in minima[:5]]
    more = f", and {len(minima) - 5:,} more above" if len(minima) > 5 else ""
    left = runs - sum(len(minimum.runs) for minimum in minima)
    rest = f"; {left:,} ended at none" if left else ""
    return Finding(
        "other-minima",
        "info",
        f"The {runs:,} runs led to {len(minima):,} minima: the cost is {', '.join(told)}{more}{rest}.",
        "The best of them is in .best. Whether there is a better one still, only more starts can tell.",
        {
            "fun": [minimum.fun for minimum in minima],
            "runs": [len(minimum.runs) for minimum in minima],
            "unsettled": left,
        },
    )


def worse_minimum(run: int, minima: list[Minimum]) -> Finding | None:
    """Find that this run ended at a minimum while another start led to a lower one."""
    own = next((minimum for minimum in minima if run in minimum.runs), None)
    if own is None or own.fun - minima[0].fun <= 1e-8 * max(abs(own.fun), abs(minima[0].fun)):
        return None
    lower = [minimum for minimum in minima if minimum.fun < own.fun]
    count = sum(len(minimum.runs) for minimum in lower)
    return Finding(
        "other-minima",
        "warning",
        f"This is a minimum, but not the lowest that was found: the cost is {own.fun:.6g} here, and "
        f"{minima[0].fun:.6g} at the best; {count:,} run{'s' * (count > 1)} ended lower.",
        "Start where those started.",
        {"fun": own.fun, "better_fun": minima[0].fun, "runs": list(lower[0].runs[:20])},
    )
