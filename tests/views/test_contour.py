"""A function of two parameters, from above."""

import numpy as np
import pytest
from matplotlib.contour import ContourSet

from fallline.views.contour import draw_contour
from tests.views.runs import descend, rosenbrock


def test_the_path_lies_on_contours():
    """Contours and the whole path from the start are drawn, and the axes have the parameters' names."""
    display = draw_contour(rosenbrock(steps=100), None)
    assert isinstance(display.contours_, ContourSet)
    assert display.contours_ in display.ax_.collections
    np.testing.assert_array_equal(np.transpose(display.path_.get_data())[0], [-1.2, 1.0])
    assert len(display.path_.get_xdata()) == 101
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("x[0]", "x[1]")


def test_names_of_a_tree_are_on_the_axes():
    """Parameters kept in a dict name the axes."""
    run = descend(lambda x: (x**2).sum(axis=-1), lambda x: 2 * x, {"m": 1.0, "b": 2.0}, 0.1, 5)
    ax = draw_contour(run, None).ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("m", "b")


def test_a_divergent_path_ends_in_an_arrow():
    """A path that runs away is cut at the edge of a picture of its beginning."""
    run = descend(lambda x: (x**2).sum(axis=-1), lambda x: 2 * x, [1.0, 2.0], 1.2, 50)
    display = draw_contour(run, None)
    assert display.arrow_ is not None
    assert display.ax_.get_ylim()[1] < 100
    assert "away from the start at iteration 50" in display.ax_.get_title()


@pytest.mark.parametrize("run", [rosenbrock(steps=20, remembers=False), rosenbrock(0.0, 2)], ids=["lost", "still"])
def test_there_is_always_a_picture(run):
    """A lost function leaves the path, and a run that does not move its start."""
    display = draw_contour(run, None)
    display.figure_.canvas.draw()
    assert display.path_.get_xdata()[0] == -1.2
    assert (display.contours_ is None) == (run.landscape is None)


def test_a_function_that_is_flat_or_broken_in_places_is_drawn():
    """Where the function has no finite value the contours have a hole, and a flat one has none."""

    def pole(x):
        with np.errstate(invalid="ignore"):
            return np.sqrt(x[..., 0]) + x[..., 1] ** 2

    holed = draw_contour(descend(pole, lambda x: np.array([0.5, 2 * x[1]]), [1.0, 1.0], 0.3, 10), None)
    holed.figure_.canvas.draw()
    assert holed.contours_ is not None
    flat = draw_contour(descend(lambda x: 0 * x[..., 0], lambda x: 0 * x, [1.0, 1.0], 0.3, 2), None)
    assert flat.contours_ is None
