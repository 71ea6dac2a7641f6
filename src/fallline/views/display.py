"""What `plot` returns: the axes, the figure, and the artists drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.contour import ContourSet
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

__all__ = [
    "ComparisonDisplay",
    "ContourDisplay",
    "CostDisplay",
    "CurveDisplay",
    "Display",
    "ParametersDisplay",
    "RateDisplay",
    "RateRangeDisplay",
    "SurfaceDisplay",
]


@dataclass
class Display:
    """A picture of a run.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    ax_: Axes
    figure_: Figure


@dataclass
class CurveDisplay(Display):
    """A function of one parameter and the steps on it; `curve_` is None where the function is gone."""

    curve_: Line2D | None
    steps_: Line2D
    start_: Line2D
    best_: Line2D
    arrow_: Annotation | None


@dataclass
class ContourDisplay(Display):
    """The contours of a function of two parameters and the path; `contours_` is None where the function is gone."""

    contours_: ContourSet | None
    path_: Line2D
    start_: Line2D
    best_: Line2D
    arrow_: Annotation | None


@dataclass
class SurfaceDisplay(Display):
    """A function of two parameters as a surface, and the path on it; `surface_` is None where the function is gone."""

    surface_: Artist | None
    path_: Line2D
    start_: Line2D
    best_: Line2D


@dataclass
class CostDisplay(Display):
    """Cost and gradient norm by iteration; `gradient_ax_` is the axis on the right."""

    gradient_ax_: Axes
    cost_: Line2D
    gradient_norm_: Line2D
    best_: Line2D


@dataclass
class RateDisplay(Display):
    """Learning rate by iteration; `limit_` is the stable limit, where one was measured."""

    rate_: Line2D
    limit_: Line2D | None


@dataclass
class ParametersDisplay(Display):
    """Parameters by iteration, a line each."""

    lines_: list[Line2D]


@dataclass
class RateRangeDisplay(Display):
    """Cost after a short run by learning rate; `lost_` marks rates whose cost is above the picture."""

    cost_: Line2D
    lost_: Line2D
    usable_: Artist
    start_: Line2D
    limit_: Line2D | None
    suggestion_: Line2D


@dataclass
class ComparisonDisplay(Display):
    """Many runs, a line each, or their cost by learning rate, a line for each method; `best_` marks the lowest."""

    lines_: list[Line2D]
    best_: Line2D
