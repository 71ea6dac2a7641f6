"""Which minima several starts led to."""

import numpy as np

import fallline as fl
from fallline.diagnosis.other_minima import find_minima, other_minima, worse_minimum
from fallline.trace.comparison import Results


def wave(t):
    return (t**2 - 4) ** 2 / 16 + t / 4


def made(ends):
    """Return results at these ends, as runs that begin there."""
    runs = [fl.minimize(wave, end, method="lbfgs") if abs(end) < 9 else None for end in ends]
    return Results(len(ends), lambda place: runs[place])


def test_ends_near_one_another_are_one_minimum():
    """Ends are put together by their place, and only what is verified is a minimum."""
    ends = np.array([-2.1, 1.8, -2.05, 0.3, 99.0])
    results = made(ends)
    answers = np.array([[run.x if run else 99.0] for run in results])
    costs = np.array([run.fun if run else np.inf for run in results])
    settled = np.array([True, True, True, False, True])
    minima = find_minima(answers, costs, settled, ends[:, None], results)
    assert [minimum.runs for minimum in minima] == [(0, 2), (1,)]
    told = other_minima(minima, 5)
    assert told.code == "other-minima"
    assert told.values["unsettled"] == 2
    assert "2 ended at none" in told.message
    assert worse_minimum(0, minima) is None
    assert worse_minimum(3, minima) is None
    worse = worse_minimum(1, minima)
    assert (worse.severity, worse.values["runs"]) == ("warning", [0, 2])


def test_a_maximum_is_no_minimum():
    """A run that never left the top of a hill settled, but at no minimum."""
    top = fl.minimize(lambda t: np.cos(t), 0.0, learning_rate=0.1, max_iterations=5)
    results = Results(1, lambda _: top)
    assert find_minima(np.zeros((1, 1)), np.ones(1), np.array([True]), np.zeros((1, 1)), results) == []
    assert other_minima([], 1) is None
