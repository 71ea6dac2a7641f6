"""Which steps are drawn, and in which window."""

import numpy as np

from fallline.views.path import best_row, path_of, thinned, window
from tests.views.runs import descend, rosenbrock, square


def test_a_long_run_is_thinned_but_keeps_what_matters():
    """Of very many steps 2,000 are drawn, with the first, last and best among them."""
    trace = rosenbrock(steps=9000).trace
    rows = thinned(trace)
    assert len(rows) <= 2000
    assert {0, 9000, best_row(trace)} <= set(rows)


def test_the_first_cost_that_is_not_finite_is_kept():
    """The step at which a run broke down is never thinned away."""
    trace = square(-1.0, 8000).trace
    broken = np.flatnonzero(~np.isfinite(trace.fun))[0]
    assert broken in thinned(trace)


def test_a_converging_path_is_drawn_whole():
    """Every step of a good run is in the picture."""
    path = path_of(square().trace)
    assert path.left is None
    assert path.note == ""
    np.testing.assert_array_equal(path.rows, np.arange(16))


def test_a_diverging_path_leaves_the_picture():
    """Of a diverging run only the first steps are to scale, and the note says where it went."""
    trace = square(1.2, 100).trace
    path = path_of(trace)
    assert 3 <= len(path.rows) < 15
    assert path.left == path.rows[-1] + 1
    assert "off the picture from iteration" in path.note
    assert "theta = 1.23e+15 at iteration 100" in path.note


def test_a_leap_and_return_is_a_gap():
    """Steps before and after a leap out of the picture are not joined by a line."""
    way = {4.0: -1.0, 5.0: 995.0, -990.0: -993.0, 3.0: 0.5}
    trace = descend(lambda x: x[..., 0] ** 2, lambda x: np.array([way[x[0]]]), 4.0, 1.0, 3).trace
    np.testing.assert_array_equal(trace.x, [4.0, 5.0, -990.0, 3.0])
    path = path_of(trace)
    assert path.left == 2
    np.testing.assert_array_equal(path.points(trace.flat_x).ravel(), [4.0, 5.0, np.nan, 3.0])


def test_costs_that_are_not_finite_are_told():
    """A run that overflows says from which iteration on."""
    assert "cost not finite from iteration" in path_of(square(1e30, 30).trace).note


def test_the_window_holds_the_minimum():
    """In one dimension the window reaches to where the certificate puts the minimum."""
    run = square(1e-3, 10, distance=2.94)
    low, high = window(run, run.trace.flat_x)[:, 0]
    assert low < 0
    assert high > 3


def test_a_window_has_an_extent_even_where_nothing_moved():
    """A run that stays where it starts has a picture too."""
    run = square(steps=0)
    low, high = window(run, run.trace.flat_x)[:, 0]
    assert low < 3 < high
    still = rosenbrock(0.0, 2)
    box = window(still, still.trace.flat_x)
    assert (box[0] < [-1.2, 1]).all()
    assert (box[1] > [-1.2, 1]).all()
