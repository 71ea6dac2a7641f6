"""What all pictures share: axes, names as plain text, scales, and the marks on a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fallline.errors import InputError, shown
from fallline.trace import Result, Trace
from fallline.views.words import label, number, outcome

if TYPE_CHECKING:
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

__all__ = ["BLUE", "GREY", "RED", "axes_for", "exit_arrow", "literal", "mark", "scale", "title"]

RED = "#d62728"
BLUE = "#1f77b4"
GREY = "#555555"

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
        from matplotlib import pyplot

        return pyplot.figure(layout="constrained").add_subplot(projection=projection)
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


def mark(ax: Any, what: Literal["start", "best"], cost: float, *position: float) -> Line2D:
    """Mark the start by an open circle, or the best point by a star, with its cost in the legend."""
    place = [[value] for value in position]
    return ax.plot(*place, linestyle="none", zorder=6, label=f"{what}, cost {number(cost, 4)}", **MARKS[what])[0]


def scale(axis: Any, values: np.ndarray) -> None:
    """Make an axis logarithmic where all finite values are positive, and nearly so where they span too much."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return
    largest = float(np.abs(finite).max())
    if (finite > 0).all():
        if largest > 3 * finite.min():
            axis._set_axes_scale("log")  # the public setter is per axis name
    elif largest > 1e6 * max(float(np.median(np.abs(finite))), abs(float(finite[0]))):
        axis._set_axes_scale("symlog", linthresh=max(abs(float(finite[0])), 1e-12 * largest))


def exit_arrow(ax: Any, trace: Trace, tail: np.ndarray, head: np.ndarray) -> Annotation | None:
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
