"""What changed from step to step: the cost, the learning rate, the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.trace import Result, Trace
from fallline.views.axes import BLUE, GREY, RED, axes_for, literal, mark, scale_y, title
from fallline.views.display import CostDisplay, ParametersDisplay, RateDisplay
from fallline.views.path import best_row, thinned
from fallline.views.words import number

__all__ = ["draw_cost", "draw_learning_rate", "draw_parameters"]

LINES = 10
"""Parameters that are drawn, each as a line."""

DASHES = ("-", "--", "-.", ":")


def draw_cost(result: Result, ax: Any) -> CostDisplay:
    """Draw the cost and, on an axis of its own, the gradient's norm."""
    ax = axes_for(ax)
    trace, best = result.trace, best_row(result.trace)
    rows = thinned(trace)
    right = ax.twinx()
    cost = _line(ax, trace, rows, trace.fun, color=RED, label="cost")
    norm = _line(right, trace, rows, trace.gradient_norm, color=BLUE, linestyle="--", label="gradient norm")
    place = np.array([trace.iteration[best], trace.fun[best]])
    star = mark(ax, "best", place, f"best, cost {number(trace.fun[best], 4)}")
    ax.set(xlabel="iteration", ylabel="cost")
    right.set_ylabel("gradient norm (dashed)")
    broken = np.flatnonzero(~np.isfinite(trace.fun))
    title(ax, result, f"cost not finite from iteration {trace.iteration[broken[0]]:,}" if broken.size else "")
    right.legend(handles=[cost, norm, star], fontsize="small")
    return CostDisplay(ax, ax.figure, right, cost, norm, star)


def draw_learning_rate(result: Result, ax: Any) -> RateDisplay:
    """Draw the learning rate, and the stable limit where a finding measured one."""
    ax = axes_for(ax)
    trace = result.trace
    rows = thinned(trace)
    line = _line(ax, trace, rows, trace.learning_rate, color=RED, label="learning rate", drawstyle="steps-pre")
    found = [finding.values["limit"] for finding in result.diagnosis if "limit" in finding.values]
    limit = None
    if found:
        limit = ax.axhline(found[0], color=GREY, linestyle="--", label=f"stable limit, {number(found[0], 4)}")
        ax.legend(fontsize="small")
    if ax.get_yscale() == "linear":
        ax.set_ylim(0, 1.15 * ax.get_ylim()[1])
    ax.set(xlabel="iteration", ylabel="learning rate")
    title(ax, result)
    return RateDisplay(ax, ax.figure, line, limit)


def draw_parameters(result: Result, ax: Any) -> ParametersDisplay:
    """Draw each parameter by iteration; of more than ten, the ten that moved furthest."""
    ax = axes_for(ax)
    trace = result.trace
    rows, names = thinned(trace), trace.layout.names()
    with np.errstate(all="ignore"):
        moved = np.ptp(trace.flat_x[rows].astype(float), axis=0)
    chosen = np.sort(np.argsort(-moved, kind="stable")[:LINES])
    lines = [
        _line(ax, trace, rows, trace.flat_x[:, j], scaled=False, linestyle=DASHES[place % len(DASHES)])
        for place, j in enumerate(chosen)
    ]
    scale_y(ax, trace.flat_x[rows][:, chosen].ravel(), only_wide=True)
    ax.set(xlabel="iteration", ylabel="parameter")
    title(ax, result, f"the {LINES} of {len(names):,} parameters that moved furthest" if len(names) > LINES else "")
    ax.legend(lines, [literal(names[j]) for j in chosen], fontsize="small")
    return ParametersDisplay(ax, ax.figure, lines)


def _line(ax: Any, trace: Trace, rows: np.ndarray, column: np.ndarray, *, scaled: bool = True, **style: Any) -> Any:
    values = np.where(np.isfinite(column[rows]), column[rows].astype(float), np.nan)
    style |= {"marker": "o", "markersize": 3} if len(rows) <= 60 else {}
    line = ax.plot(trace.iteration[rows], values, linewidth=1.5, **style)[0]
    if scaled:
        scale_y(ax, values)
    return line
