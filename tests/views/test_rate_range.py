"""The range test as a picture."""

from dataclasses import replace

import numpy as np

from fallline.views.rate_range import draw_rate_range
from tests.views.test_checks import FOUND


def test_costs_range_limit_and_suggestion_are_drawn():
    """Everything found has its mark, told apart by more than colour, and is named in the legend."""
    display = draw_rate_range(FOUND)
    display.figure_.canvas.draw()
    assert display.ax_.get_xscale() == display.ax_.get_yscale() == "log"
    assert display.limit_.get_xdata()[0] == 0.08 and display.limit_.get_linestyle() == "--"
    assert display.suggestion_.get_xdata() == [0.04] and 1e-3 < display.suggestion_.get_ydata()[0] < 12.5
    words = " ".join(text.get_text() for text in display.ax_.get_legend().get_texts())
    for part in ("usable", "stable limit", "suggestion", "start", "cost"):
        assert part in words
    assert display.ax_.get_ylabel() == "cost after 30 iterations"


def test_what_blew_up_stays_on_the_picture():
    """Rates whose cost is no number, or far above the start, are marked at the upper edge."""
    display = draw_rate_range(FOUND)
    assert len(display.lost_.get_xdata()) == 6
    assert np.nanmax(display.cost_.get_ydata()) < display.lost_.get_ydata()[0] < 1e4


def test_costs_below_zero_without_a_limit_on_axes_given():
    """A cost that may be negative is drawn as it is, on the axes given."""
    ax = draw_rate_range(FOUND).figure_.add_subplot()
    display = draw_rate_range(replace(FOUND, costs=FOUND.costs - 10, start=2.5, limit=None), ax=ax)
    assert display.ax_ is ax and ax.get_yscale() == "linear" and display.limit_ is None
