"""What all pictures share: axes, names as plain text, scales, and the marks on a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fallline.errors import InputError, shown
from fallline.trace import Result, Trace
from fallline.views.path import best_row
from fallline.views.words import label, number, outcome

if TYPE_CHECKING:
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

__all__ = [
    "BLUE",
    "GREY",
    "HUGE",
    "RED",
    "axes_for",
    "exit_arrow",
    "literal",
    "mark",
    "mark_ends",
    "scale_y",
    "steps_label",
    "title",
]

RED = "#d62728"
BLUE = "#1f77b4"
GREY = "#555555"

HUGE = 1e250
"""Beyond this the margins that Matplotlib adds on a logarithmic axis overflow."""

MARKS: dict[str, dict[str, Any]] = {
    "start": {"marker": "o", "markersize": 10, "markerfacecolor": "none", "markeredgecolor": "black"},
    "best": {"marker": "*", "markersize": 15, "markerfacecolor": "black", "markeredgecolor": "white"},
}


def axes_for(ax: Any, projection: Literal["rectilinear", "3d"] = "rectilinear") -> Any:
    """Return the axes given, or new ones in a new figure.

    Raises
    ------
    InputError
        Where the axes given are not of that projection.
    """
    if ax is None:
        from matplotlib import pyplot as plt

        return plt.figure(layout="constrained").add_subplot(projection=projection)
    if ax.name != projection:
        raise InputError(
            f"ax must have the projection {projection!r} for this kind of plot; got {shown(ax.name)}. "
            f"Make it by figure.add_subplot(projection={projection!r})."
        )
    return ax


def literal(name: str) -> str:
    """Return a parameter's name such that Matplotlib shows it as it is: no dollar sign begins a formula."""
    return label(name).replace("$", r"\$")


def title(ax: Any, result: Result, note: str = "") -> None:
    """Say over the picture what became of the run."""
    ax.set_title(f"{outcome(result)}\n{note}" if note else outcome(result), fontsize="medium")


def mark_ends(ax: Any, trace: Trace, places: np.ndarray) -> tuple[Line2D, Line2D]:
    """Mark the start by an open circle and the best point by a star, at their rows of `places`.

    The marks are returned; where the start was the best point, one stands for both.
    """
    best = best_row(trace)
    if best == 0:
        start = mark(ax, "start", places[0], f"start (the best), cost {number(trace.fun[0], 4)}")
        return start, start
    return (
        mark(ax, "start", places[0], f"start, cost {number(trace.fun[0], 4)}"),
        mark(ax, "best", places[best], f"best, cost {number(trace.fun[best], 4)}"),
    )


def mark(ax: Any, what: Literal["start", "best"], place: np.ndarray, text: str) -> Line2D:
    """Mark one point, with a text in the legend."""
    return ax.plot(*([value] for value in place), linestyle="none", zorder=12, label=text, **MARKS[what])[0]


def steps_label(trace: Trace) -> str:
    """Return what the legend calls the path."""
    count = int(trace.iteration[-1])
    return "1 step" if count == 1 else f"{count:,} steps"


def scale_y(ax: Any, values: np.ndarray, *, only_wide: bool = False) -> None:
    """Make the axis logarithmic where the values are positive and span a decade; else nearly so where far apart.

    With `only_wide`, positive values too must be far apart: ten thousand times the usual one.
    """
    finite = values[np.abs(values) < HUGE].astype(float)
    if finite.size == 0:
        return
    largest, first = float(np.abs(finite).max()), float(np.abs(finite[0]))
    is_wide = largest > 1e4 * max(float(np.median(np.abs(finite))), first)
    if (finite > 0).all() and largest > 10 * finite.min() and (is_wide or not only_wide):
        ax.set_yscale("log")
    elif is_wide:
        ax.set_yscale("symlog", linthresh=float(np.quantile(np.abs(finite[finite != 0]), 0.1)))


def exit_arrow(ax: Any, tail: np.ndarray, head: np.ndarray) -> Annotation | None:
    """Draw an arrow from the last point in the picture towards the next, up to the edge of the axes.

    Both points are of shape (2,); None where the next is not finite or lies in the picture.
    """
    low, high = np.sort([ax.get_xlim(), ax.get_ylim()], axis=1).T
    with np.errstate(all="ignore"):
        way = head - tail
        reach = np.where(way > 0, (high - tail) / way, np.where(way < 0, (low - tail) / way, np.inf)).min()
    if not np.isfinite(way).all() or not 0 < reach < 1:
        return None
    style = {"arrowstyle": "-|>", "color": RED, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 18}
    return ax.annotate("", xy=tail + reach * way, xytext=tail, arrowprops=style, zorder=5)
