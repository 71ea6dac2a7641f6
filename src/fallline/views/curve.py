"""The curve of a function of one parameter, with the steps on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.trace import Result
from fallline.views.axes import GREY, RED, axes_for, exit_arrow, literal, mark_ends, steps_label, title
from fallline.views.display import CurveDisplay
from fallline.views.landscape import heights
from fallline.views.path import path_of, window

__all__ = ["draw_curve"]

POINTS = 401


def draw_curve(result: Result, ax: Any) -> CurveDisplay:
    """Draw the function around the steps, and the steps in red; steps off the picture end in an arrow."""
    ax = axes_for(ax)
    trace = result.trace
    path = path_of(trace)
    places = np.column_stack([trace.flat_x[:, 0], trace.fun]).astype(float)
    steps = path.points(places)
    low, high = window(result, steps[:, :1])[:, 0]
    line = np.linspace(low, high, POINTS)
    values = heights(result, line[:, None])
    curve = None
    if values is not None:
        curve = ax.plot(line, values, color=GREY, linewidth=2, zorder=2, label="cost")[0]
    style = {"marker": "o", "markersize": 5 if len(steps) <= 60 else 3, "linewidth": 1}
    red = ax.plot(*steps.T, color=RED, zorder=4, label=steps_label(trace), **style)[0]
    if np.isfinite(trace.fun[0]):
        start, best = mark_ends(ax, trace, places)
    else:
        start = best = ax.axvline(places[0, 0], color=GREY, linestyle=":", label="start, cost not finite")
    ax.set_xlim(low, high)
    _set_height(ax, steps[:, 1], values)
    arrow = None if path.left is None else exit_arrow(ax, places[path.left - 1], places[path.left])
    ax.set_xlabel(literal(trace.layout.names()[0]))
    ax.set_ylabel("cost")
    title(ax, result, path.note)
    ax.legend(fontsize="small")
    return CurveDisplay(ax, ax.figure, curve, red, start, best, arrow)


def _set_height(ax: Any, costs: np.ndarray, values: np.ndarray | None) -> None:
    """Show every step and the lowest part of the curve; where the curve climbs further it leaves the picture."""
    finite = costs[np.isfinite(costs)]
    if finite.size == 0:
        return
    bottom = finite.min() if values is None else min(finite.min(), np.nanmin(values))
    height = finite.max() - bottom
    if height > 1e-12 * abs(bottom):
        ax.set_ylim(bottom - 0.06 * height, finite.max() + 0.12 * height)
