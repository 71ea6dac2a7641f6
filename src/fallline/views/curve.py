"""The curve of a function of one parameter, with the steps on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.trace import Result
from fallline.views.axes import GREY, RED, axes_for, exit_arrow, literal, mark, title
from fallline.views.display import CurveDisplay
from fallline.views.landscape import heights
from fallline.views.path import best_row, in_view, off_view, thinned, window

__all__ = ["draw_curve"]

POINTS = 401


def draw_curve(result: Result, ax: Any) -> CurveDisplay:
    """Draw the function around the steps, and the steps in red; steps off the picture end in an arrow."""
    ax = axes_for(ax)
    trace, name = result.trace, literal(result.trace.layout.names()[0])
    rows = thinned(trace)
    near = in_view(trace, rows)
    shown = rows[near]
    x, cost = trace.flat_x[shown, 0].astype(float), trace.fun[shown].astype(float)
    low, high = window(result, x[:, None])[:, 0]
    line = np.linspace(low, high, POINTS)
    values = heights(result, line[:, None])
    curve = None
    if values is not None:
        curve = ax.plot(line, values, color=GREY, linewidth=2, zorder=2, label="cost")[0]
    size = 5 if len(shown) <= 60 else 3
    steps = ax.plot(
        x, cost, "-o", color=RED, markersize=size, linewidth=1, zorder=4, label=f"steps ({trace.iteration[-1]:,})"
    )[0]
    best = best_row(trace)
    start_mark = mark(ax, "start", trace.fun[0], x[0], cost[0])
    best_mark = mark(ax, "best", trace.fun[best], trace.flat_x[best, 0], trace.fun[best])
    ax.set_xlim(low, high)
    _set_height(ax, cost, values)
    arrow, note = off_view(result, rows, near, lambda tail, head: exit_arrow(ax, tail, head))
    ax.set_xlabel(name)
    ax.set_ylabel("cost")
    title(ax, result, note)
    ax.legend(loc="best", fontsize="small")
    return CurveDisplay(ax, ax.figure, curve, steps, start_mark, best_mark, arrow)


def _set_height(ax: Any, cost: np.ndarray, values: np.ndarray | None) -> None:
    """Show every step and the lowest part of the curve; where the curve climbs further it leaves the picture."""
    bottom = min(cost.min(), np.nanmin(values)) if values is not None else cost.min()
    height = cost.max() - bottom
    if height <= 1e-12 * abs(bottom):
        return
    ax.set_ylim(bottom - 0.06 * height, cost.max() + 0.12 * height)
