"""A function of two parameters, as a surface."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from fallline.errors import InputError
from fallline.views.surface import draw_surface, tiles
from tests.views.runs import rosenbrock


def test_the_path_runs_on_the_surface():
    """The surface and the path are drawn at the height of the cost."""
    run = rosenbrock(steps=50)
    display = draw_surface(run, None)
    display.figure_.canvas.draw()
    assert display.surface_ in display.ax_.collections
    np.testing.assert_allclose(display.path_.get_data_3d()[2], run.trace.fun)
    assert display.ax_.get_zlabel() == "cost"


def test_axes_with_depth_can_be_given():
    """plot(kind="surface", ax=…) takes three-dimensional axes and refuses flat ones."""
    ax = plt.figure().add_subplot(projection="3d")
    assert draw_surface(rosenbrock(steps=3), ax).ax_ is ax
    with pytest.raises(InputError, match="projection '3d'"):
        draw_surface(rosenbrock(steps=3), plt.figure().add_subplot())


def test_a_lost_function_leaves_the_path():
    """A loaded run is drawn without its surface."""
    assert draw_surface(rosenbrock(steps=3, remembers=False), None).surface_ is None


def test_only_whole_tiles_are_drawn():
    """Where a height is missing there is no tile; all others have four corners, and a long grid is thinned."""
    first, second = np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 101))
    heights = np.where(first + second < 1.5, first * second, np.nan)
    found = tiles(np.stack([first, second, heights], axis=-1))
    assert found.shape[1:] == (4, 3)
    assert np.isfinite(found).all()
    assert 0.8 * 50**2 < len(found) < 0.9 * 50**2
    np.testing.assert_allclose(found[:, :, 2], found[:, :, 0] * found[:, :, 1])
    assert len(tiles(np.full((3, 3, 3), np.nan))) == 0
