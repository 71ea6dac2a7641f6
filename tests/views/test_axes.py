"""What all pictures share."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from fallline.errors import InputError
from fallline.views.axes import axes_for, exit_arrow, literal, mark_ends, scale_y, steps_label, title
from tests.views.runs import square


def test_axes_of_the_wrong_kind_are_refused():
    """A surface cannot be drawn on flat axes, and the message says how to make others."""
    with pytest.raises(InputError, match=r"projection '3d'.*add_subplot"):
        axes_for(plt.figure().add_subplot(), "3d")


def test_a_name_with_dollars_is_no_formula():
    """Column names are shown as they are, even where Matplotlib would read mathematics in them."""
    ax = plt.figure().add_subplot()
    ax.set_xlabel(literal("$x_1$ and $\\frac$"))
    ax.figure.canvas.draw()
    assert ax.get_xlabel().count("\\$") == 4


def test_the_title_says_what_happened():
    """The picture's title tells the outcome, and where steps left it."""
    ax = plt.figure().add_subplot()
    title(ax, square(), "off the picture")
    assert ax.get_title() == "Not converged after 15 iterations\noff the picture"


def test_start_and_best_differ_by_their_shapes():
    """Start and best point are told apart without colours; where they are one there is one mark."""
    ax = plt.figure().add_subplot()
    trace = square().trace
    start, best = mark_ends(ax, trace, np.column_stack([trace.flat_x, trace.fun]))
    assert start.get_marker() != best.get_marker()
    assert start.get_label() == "start, cost 9"
    trace = square(1.2, 3).trace
    start, best = mark_ends(ax, trace, np.column_stack([trace.flat_x, trace.fun]))
    assert start is best


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1.0, 100.0, np.nan], "log"),
        ([1.0, 2.0], "linear"),
        ([-1.0, 5.0], "linear"),
        ([1.0, -2.0, 3.0, -1e30], "symlog"),
        ([1.0, 1e307], "linear"),
        ([np.inf, np.nan], "linear"),
        ([0.0, 0.0], "linear"),
    ],
)
def test_scales_follow_the_numbers(values, scale):
    """Positive values over decades get a logarithmic axis, and an exploding run does not squash its beginning."""
    ax = plt.figure().add_subplot()
    scale_y(ax, np.array(values))
    assert ax.get_yscale() == scale


def test_an_arrow_ends_at_the_edge():
    """The arrow to a step off the picture ends at the edge of the axes, however far the step went."""
    ax = plt.figure().add_subplot()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    arrow = exit_arrow(ax, np.array([0.5, 0.5]), np.array([1e200, 0.5]))
    assert arrow is not None
    np.testing.assert_allclose(arrow.xy, [1.0, 0.5])
    assert exit_arrow(ax, np.array([0.5, 0.5]), np.array([np.inf, 0.5])) is None
    assert exit_arrow(ax, np.array([0.5, 0.5]), np.array([0.6, 0.5])) is None


def test_steps_are_counted():
    """The legend counts the steps."""
    assert steps_label(square(steps=1).trace) == "1 step"
    assert steps_label(square(steps=1200).trace) == "1,200 steps"
