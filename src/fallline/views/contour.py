"""The contours of a function of two parameters, with the path on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.trace import Result
from fallline.views.axes import RED, axes_for, exit_arrow, literal, mark_ends, steps_label, title
from fallline.views.display import ContourDisplay
from fallline.views.landscape import grid, levels
from fallline.views.path import path_of, window

__all__ = ["draw_contour"]


def draw_contour(result: Result, ax: Any) -> ContourDisplay:
    """Draw contours, close together in the logarithm of the cost above its lowest, and the path in red."""
    ax = axes_for(ax)
    trace = result.trace
    path = path_of(trace)
    points = trace.flat_x.astype(float)
    steps = path.points(points)
    box = window(result, steps)
    contours = _contours(ax, result, box)
    style = {"marker": "o", "markersize": 4 if len(steps) <= 200 else 2, "linewidth": 1.2}
    red = ax.plot(*steps.T, color=RED, zorder=4, label=steps_label(trace), **style)[0]
    start, best = mark_ends(ax, trace, points)
    ax.set_xlim(*box[:, 0])
    ax.set_ylim(*box[:, 1])
    arrow = None if path.left is None else exit_arrow(ax, points[path.left - 1], points[path.left])
    names = trace.layout.names()
    ax.set_xlabel(literal(names[0]))
    ax.set_ylabel(literal(names[1]))
    title(ax, result, path.note)
    ax.legend(fontsize="small")
    return ContourDisplay(ax, ax.figure, contours, red, start, best, arrow)


def _contours(ax: Any, result: Result, box: np.ndarray) -> Any:
    surface = grid(result, box)
    if surface is None:
        return None
    costs = surface[2]
    lowest = float(min(np.nanmin(costs), result.fun)) if np.isfinite(result.fun) else float(np.nanmin(costs))
    chosen = levels(costs, lowest)
    if chosen.size < 2:
        return None
    from matplotlib.colors import LogNorm

    shades = chosen - lowest
    above = np.maximum(costs - lowest, shades[0] / 2)
    norm = LogNorm(shades[0], shades[-1])
    ax.contourf(*surface[:2], above, shades, norm=norm, cmap="Blues", alpha=0.5, extend="both", zorder=1)
    lines = ax.contour(*surface, chosen, colors="#4a6a8a", linewidths=0.7, zorder=2)
    digits = 3 if lowest == 0 else int(np.clip(np.log10(abs(lowest) / shades[0]) + 2, 3, 9))
    ax.clabel(lines, fontsize="x-small", fmt=lambda value: f"{value:.{digits}g}")
    return lines
