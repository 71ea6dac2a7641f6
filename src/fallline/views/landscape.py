"""The function's values on a line or a grid, where the function is still at hand."""

from __future__ import annotations

import numpy as np

from fallline.trace import Result

__all__ = ["grid", "heights", "levels"]

SIDE = 101
"""Points along a side of a grid."""

SLOW_SIDE = 41
"""The same for a function that is called point by point."""


def heights(result: Result, points: np.ndarray) -> np.ndarray | None:
    """Return the costs at `points`, shape (m, d); not a number where they are infinite; None where there is none."""
    if result.landscape is None:
        return None
    with np.errstate(all="ignore"):
        costs = np.asarray(result.landscape(points.astype(result.trace.flat_x.dtype)), dtype=float)
    costs = np.where(np.isfinite(costs), costs, np.nan)
    return costs if np.isfinite(costs).any() else None


def grid(result: Result, box: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return two coordinates and the costs of a grid over the box, shape (2, 2), each of shape (side, side)."""
    side = SIDE if result.gradient_source == "compiled" else SLOW_SIDE
    first, second = np.meshgrid(*(np.linspace(box[0, j], box[1, j], side) for j in range(2)))
    costs = heights(result, np.column_stack([first.ravel(), second.ravel()]))
    return None if costs is None else (first, second, costs.reshape(first.shape))


def levels(costs: np.ndarray, lowest: float, most: int = 14) -> np.ndarray:
    """Return the levels of contours: `lowest` plus 1 and 3 times powers of ten, up to the highest cost.

    One in a hundred points of the grid lies below the first: finer valleys would break into beads.
    """
    above = costs[np.isfinite(costs)] - lowest
    highest = float(above.max())
    small = max(float(np.quantile(above, 1 / 100)), 1e-8 * highest)
    if not 0 < small < highest:
        return np.array([])
    exponents = np.arange(np.floor(np.log10(small)), np.ceil(np.log10(highest)) + 1)
    ladder = np.sort(np.concatenate([10.0**exponents, 3 * 10.0**exponents]))
    ladder = ladder[(ladder >= small) & (ladder <= highest)]
    return lowest + ladder[:: int(np.ceil(len(ladder) / most)) or 1]
