"""What changed from step to step."""

import numpy as np

from fallline.views.history import draw_cost, draw_learning_rate, draw_parameters
from tests.views.runs import TOO_HIGH, bowl, descend, square


def test_cost_and_gradient_norm_by_iteration():
    """Both fall on logarithmic axes, told apart by their dashes and named in the legend."""
    run = bowl(5)
    display = draw_cost(run, None)
    np.testing.assert_allclose(display.cost_.get_ydata(), run.trace.fun)
    np.testing.assert_allclose(display.gradient_norm_.get_ydata(), run.trace.gradient_norm)
    assert display.ax_.get_yscale() == display.gradient_ax_.get_yscale() == "log"
    assert display.cost_.get_linestyle() != display.gradient_norm_.get_linestyle()
    words = [text.get_text() for text in display.gradient_ax_.get_legend().get_texts()]
    assert words[:2] == ["cost", "gradient norm"]
    assert display.best_.get_xdata() == [60]


def test_a_cost_below_zero_is_on_a_linear_axis():
    """A cost that may be negative is drawn as it is."""
    run = descend(lambda x: (x**2).sum(axis=-1) - 5, lambda x: 2 * x, np.ones(3), 0.3, 10)
    assert draw_cost(run, None).ax_.get_yscale() == "linear"


def test_a_cost_that_overflows_is_told():
    """The title says from which iteration the cost is not finite, and the line ends before."""
    display = draw_cost(square(1e30, 30), None)
    display.figure_.canvas.draw()
    assert "cost not finite from iteration" in display.ax_.get_title()
    assert np.isnan(display.cost_.get_ydata()[-1])


def test_the_learning_rate_stands_beside_its_limit():
    """Where a finding measured the stable limit it is drawn as a dashed line."""
    display = draw_learning_rate(square(1.2, 20, findings=(TOO_HIGH,)), None)
    assert list(display.limit_.get_ydata()) == [1.0, 1.0]
    assert display.rate_.get_ydata()[-1] == 1.2
    assert display.ax_.get_ylim()[0] == 0
    assert draw_learning_rate(square(), None).limit_ is None


def test_every_parameter_is_a_line_with_its_name():
    """Parameters are drawn by iteration under their own names, even those that begin with an underscore."""
    run = descend(lambda x: (x**2).sum(axis=-1), lambda x: 2 * x, {"_a": 1.0, "b": 2.0}, 0.1, 5)
    display = draw_parameters(run, None)
    np.testing.assert_allclose(display.lines_[1].get_ydata(), run.trace.flat_x[:, 1])
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["_a", "b"]
    assert len({line.get_linestyle() for line in display.lines_}) == 2


def test_of_many_parameters_those_that_moved_are_drawn():
    """Of thirty parameters ten are drawn, and the title says which."""
    display = draw_parameters(bowl(30, rate=0.001, steps=5), None)
    assert len(display.lines_) == 10
    assert "the 10 of 30 parameters that moved furthest" in display.ax_.get_title()


def test_exploding_parameters_stay_readable():
    """A divergent run is drawn on an axis that shows its beginning too."""
    assert draw_parameters(square(1.2, 100), None).ax_.get_yscale() == "symlog"
