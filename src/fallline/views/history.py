"""What changed from step to step: the cost, the learning rate, the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.trace import Result, Trace
from fallline.views.axes import BLUE, GREY, HUGE, RED, axes_for, literal, mark, scale_y, title
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
    right = ax.twinx()
    cost = _line(ax, trace, trace.fun, {"color": RED, "label": "cost"})
    norm = _line(right, trace, trace.gradient_norm, {"color": BLUE, "linestyle": "--", "label": "gradient norm"})
    scale_y(ax, trace.fun)
    scale_y(right, trace.gradient_norm)
    place = np.array([trace.iteration[best], trace.fun[best]])
    star = mark(ax, "best", place, f"best, cost {number(trace.fun[best], 4)}")
    _iterations(ax, "cost")
    right.set_ylabel("gradient norm (dashed)")
    broken = np.flatnonzero(~np.isfinite(trace.fun))
    title(ax, result, f"cost not finite from iteration {trace.iteration[broken[0]]:,}" if broken.size else "")
    right.legend(handles=[cost, norm, star], fontsize="small")
    return CostDisplay(ax, ax.figure, right, cost, norm, star)


def draw_learning_rate(result: Result, ax: Any) -> RateDisplay:
    """Draw the learning rate, and the stable limit where a finding measured one."""
    ax = axes_for(ax)
    trace = result.trace
    style = {"color": RED, "label": "learning rate", "drawstyle": "steps-pre"}
    line = _line(ax, trace, trace.learning_rate, style)
    scale_y(ax, trace.learning_rate)
    measured = [finding.values["limit"] for finding in result.diagnosis if "limit" in finding.values]
    limit = None
    if measured:
        text = f"stable limit, {number(measured[0], 4)}"
        limit = ax.axhline(measured[0], color=GREY, linestyle="--", label=text)
        ax.legend(fontsize="small")
    if ax.get_yscale() == "linear":
        ax.set_ylim(0, 1.15 * ax.get_ylim()[1])
    _iterations(ax, "learning rate")
    title(ax, result)
    return RateDisplay(ax, ax.figure, line, limit)


def draw_parameters(result: Result, ax: Any) -> ParametersDisplay:
    """Draw each parameter by iteration; of more than ten, the ten that moved furthest."""
    ax = axes_for(ax)
    trace, names = result.trace, result.trace.layout.names()
    with np.errstate(all="ignore"):
        moved = np.ptp(trace.flat_x[thinned(trace)].astype(float), axis=0)
    chosen = np.sort(np.argsort(-moved, kind="stable")[:LINES])
    lines = [
        _line(ax, trace, trace.flat_x[:, j], {"linestyle": DASHES[place % len(DASHES)]})
        for place, j in enumerate(chosen)
    ]
    scale_y(ax, trace.flat_x[:, chosen].ravel(), only_wide=True)
    _iterations(ax, "parameter")
    title(ax, result, f"the {LINES} of {len(names):,} parameters that moved furthest" if len(names) > LINES else "")
    ax.legend(lines, [literal(names[j]) for j in chosen], fontsize="small")
    return ParametersDisplay(ax, ax.figure, lines)


def _iterations(ax: Any, label: str) -> None:
    """Name the axes; iterations are whole, and so are their ticks."""
    from matplotlib.ticker import MaxNLocator

    ax.set(xlabel="iteration", ylabel=label)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def _line(ax: Any, trace: Trace, column: np.ndarray, style: dict[str, Any]) -> Any:
    """Draw a column by iteration, with gaps where it is not finite or too large to draw."""
    rows = thinned(trace)
    values = np.where(np.abs(column[rows]) < HUGE, column[rows].astype(float), np.nan)
    markers = {"marker": "o", "markersize": 3} if len(rows) <= 60 else {}
    return ax.plot(trace.iteration[rows], values, linewidth=1.5, **markers, **style)[0]
