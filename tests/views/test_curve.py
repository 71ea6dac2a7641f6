"""A function of one parameter."""

import numpy as np
import pytest
from matplotlib import colors
from matplotlib import pyplot as plt

from fallline.trace import StopReason
from fallline.views.curve import draw_curve
from tests.views.runs import TOO_HIGH, descend, square


def test_the_steps_lie_in_red_on_the_curve():
    """The picture is the textbook's: the curve from start to minimum, every step on it in red, axes named."""
    display = draw_curve(square(success=True), None)
    x, cost = display.curve_.get_data()
    assert len(x) >= 200
    assert x.min() <= 0
    assert x.max() >= 3
    np.testing.assert_allclose(cost, x**2, atol=1e-12)
    np.testing.assert_allclose(np.transpose(display.steps_.get_data()), [(3 * 0.4**k, 9 * 0.16**k) for k in range(16)])
    red, green, blue, _ = colors.to_rgba(display.steps_.get_color())
    assert red > 1.5 * max(green, blue)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("theta", "cost")
    assert display.ax_.get_title() == "Converged after 15 iterations"


def test_it_draws_into_the_axes_given():
    """plot(ax=…) uses those axes and makes no figure."""
    figure, ax = plt.subplots()
    display = draw_curve(square(), ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]


def test_a_divergent_run_is_not_squashed():
    """Steps that run away are left to an arrow; the first ones are seen."""
    display = draw_curve(square(1.2, 100, findings=(TOO_HIGH,), reason=StopReason.DIVERGED), None)
    assert display.ax_.get_ylim()[1] < 1000
    assert display.arrow_ is not None
    assert "off the picture from iteration" in display.ax_.get_title()


def test_a_crawling_run_shows_how_far_it_has_to_go():
    """Where the certificate knows the distance, the minimum is in the picture."""
    low, _ = draw_curve(square(1e-3, 10, distance=2.94), None).ax_.get_xlim()
    assert low < 0


@pytest.mark.parametrize("rate", [0.3, 1.2])
def test_a_lost_function_leaves_the_steps(rate):
    """A loaded run is drawn without its curve."""
    display = draw_curve(square(rate, remembers=False), None)
    assert display.curve_ is None
    assert len(display.steps_.get_xdata()) > 1


def test_a_start_that_is_not_finite_is_shown():
    """Where even the start has no cost, its place is marked."""
    with np.errstate(invalid="ignore"):
        run = descend(lambda x: np.sqrt(x[..., 0]), lambda x: 0.5 / np.sqrt(x), -1.0, 0.1, 2)
    display = draw_curve(run, None)
    display.figure_.canvas.draw()
    assert display.start_.get_label() == "start, cost not finite"


def test_a_flat_function_is_drawn():
    """A constant function has a picture."""
    display = draw_curve(descend(lambda x: 0 * x[..., 0] + 1, lambda x: 0 * x, 2.0, 0.1, 3), None)
    display.figure_.canvas.draw()
    assert display.curve_ is not None
