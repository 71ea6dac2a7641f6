"""The pictures of a run, by kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fallline.errors import InputError, nearest, shown
from fallline.trace import Result
from fallline.views.contour import draw_contour
from fallline.views.curve import draw_curve
from fallline.views.display import Display
from fallline.views.history import draw_cost, draw_learning_rate, draw_parameters
from fallline.views.surface import draw_surface

__all__ = ["plot"]

KINDS: dict[str, Callable[[Result, Any], Display]] = {
    "curve": draw_curve,
    "contour": draw_contour,
    "surface": draw_surface,
    "cost": draw_cost,
    "learning-rate": draw_learning_rate,
    "parameters": draw_parameters,
}
PARAMETERS = {"curve": 1, "contour": 2, "surface": 2}
"""How many parameters a kind is for, where it matters."""


def plot(result: Result, kind: str = "auto", *, ax: Any = None) -> Display:
    """Draw a run and return a Display with ``ax_``, ``figure_`` and the artists; never shows a window.

    Parameters
    ----------
    result : Result
    kind : str
        As in `Result.plot`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Raises
    ------
    InputError
        Where `kind` is unknown or does not fit the number of parameters, or `ax` does not fit `kind`.
    """
    count = result.trace.flat_x.shape[1]
    if kind == "auto":
        kind = {1: "curve", 2: "contour"}.get(count, "cost")
    if kind not in KINDS:
        raise InputError(f"kind must be 'auto' or the name of a plot; got {shown(kind)}. {nearest(str(kind), KINDS)}")
    wanted = PARAMETERS.get(kind, count)
    if count != wanted:
        raise InputError(
            f"kind must fit the number of parameters; got {kind!r} for {count}. It draws {wanted}. "
            "Ask for 'cost', 'learning-rate' or 'parameters'."
        )
    return KINDS[kind](result, ax)
