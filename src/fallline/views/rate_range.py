"""The range test as a picture: the cost after a short run, by learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.trace import RateRange
from fallline.views.axes import BLUE, GREY, HUGE, RED, axes_for
from fallline.views.display import RateRangeDisplay
from fallline.views.words import number

__all__ = ["draw_rate_range"]


def draw_rate_range(found: RateRange, *, ax: Any = None) -> RateRangeDisplay:
    """Draw the costs, the usable range as a band, the stable limit dashed and the suggestion as a star."""
    ax = axes_for(ax)
    # what blew up is cut off a little above the start: the rest would be squeezed flat
    finite = found.costs[np.isfinite(found.costs)]
    low = float(min(finite.min(), found.start))
    is_log = low > 0 and found.start > 10 * low
    top = found.start * (found.start / low) ** 0.3 if is_log else found.start + 0.3 * (found.start - low)
    costs = np.where(found.costs < min(top, HUGE), found.costs, np.nan)
    line = ax.plot(found.rates, costs, color=RED, marker="o", markersize=3, linewidth=1.5, label="cost")[0]
    blown = found.rates[np.isnan(costs)]
    lost = ax.plot(
        blown,
        np.full(len(blown), top),
        linestyle="none",
        marker="^",
        color=RED,
        markersize=5,
        label="above the picture" if blown.size else "_none",
    )[0]
    ax.set_xscale("log")
    if is_log:
        ax.set_yscale("log")
    usable = ax.axvspan(
        found.low,
        found.high,
        color=BLUE,
        alpha=0.12,
        label=f"usable, {number(found.low, 2)} to {number(found.high, 2)}",
    )
    start = ax.axhline(found.start, color=GREY, linewidth=1, linestyle=":", label="cost at the start")
    limit = None
    if found.limit is not None:
        text = f"stable limit, {number(found.limit, 4)}"
        limit = ax.axvline(found.limit, color=GREY, linestyle="--", label=text)
    height = float(np.interp(np.log(found.suggestion), np.log(found.rates), np.nan_to_num(costs, nan=top)))
    star = ax.plot(
        [found.suggestion],
        [height],
        linestyle="none",
        marker="*",
        markersize=15,
        markerfacecolor="black",
        markeredgecolor="white",
        zorder=12,
        label=f"suggestion, {number(found.suggestion, 3)}",
    )[0]
    ax.set(xlabel="learning rate", ylabel=f"cost after {found.steps} iterations")
    ax.set_title(found.method, fontsize="medium")
    ax.legend(fontsize="small")
    return RateRangeDisplay(ax, ax.figure, line, lost, usable, start, limit, star)
