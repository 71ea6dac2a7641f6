"""A function of two parameters as a surface, with the path on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.trace import Result
from fallline.views.axes import RED, axes_for, literal, mark_ends, steps_label, title
from fallline.views.display import SurfaceDisplay
from fallline.views.landscape import grid
from fallline.views.path import path_of, window

__all__ = ["draw_surface", "tiles"]


def draw_surface(result: Result, ax: Any) -> SurfaceDisplay:
    """Draw the surface around the path, and the path in red; the title tells of steps that are too far away."""
    ax = axes_for(ax, "3d")
    trace = result.trace
    path = path_of(trace)
    points = np.column_stack([trace.flat_x, trace.fun]).astype(float)
    steps = path.points(points)
    seen = grid(result, window(result, steps[:, :2]))
    surface = None
    if seen is not None:
        # What is much higher than every step would press the steps flat.
        top = float(np.nanmax(steps[:, 2]))
        reach = top + 0.3 * (top - float(np.nanmin(seen[2])))
        heights = np.where(seen[2] <= reach, seen[2], np.nan)
        surface = _surface(ax, tiles(np.stack([*seen[:2], heights], axis=-1)))
    style = {"marker": "o", "markersize": 3, "linewidth": 1.5}
    red = ax.plot(*steps.T, color=RED, zorder=10, label=steps_label(trace), **style)[0]
    start, best = mark_ends(ax, trace, points)
    names = trace.layout.names()
    ax.set(xlabel=literal(names[0]), ylabel=literal(names[1]), zlabel="cost")
    ax.locator_params(nbins=5)
    title(ax, result, path.note)
    ax.legend(fontsize="small", loc="upper left")
    return SurfaceDisplay(ax, ax.figure, surface, red, start, best)


CELLS = 50
"""Tiles of a surface along each side, at the most."""


def tiles(points: np.ndarray) -> np.ndarray:
    """Return the tiles of a grid of points, shape (side, side, 3), whose corners are all finite, shape (m, 4, 3).

    Examples
    --------
    >>> points = np.stack([*np.meshgrid([0.0, 1.0, 2.0], [0.0, 1.0]), [[1.0, 2.0, np.nan], [3.0, 4.0, 5.0]]], axis=-1)
    >>> tiles(points)[:, :, 2]
    array([[1., 2., 4., 3.]])
    """
    every = -(-(len(points) - 1) // CELLS)
    some = points[::every, ::every]
    found = np.stack([some[:-1, :-1], some[:-1, 1:], some[1:, 1:], some[1:, :-1]], axis=2).reshape(-1, 4, 3)
    return found[np.isfinite(found).all(axis=(1, 2))]


def _surface(ax: Any, found: np.ndarray) -> Any:
    """Draw tiles, and return them; Matplotlib's own surface reckons with unset memory where heights are missing."""
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    if not len(found):
        return None
    surface = Poly3DCollection(found, cmap="Blues_r", alpha=0.6, linewidth=0)
    surface.set_array(found[:, :, 2].mean(axis=1))
    ax.add_collection3d(surface)
    ax.auto_scale_xyz(*found.reshape(-1, 3).T)
    return surface
