"""The comparison as an object: results made when asked for, tables, copies."""

import pickle

import numpy as np
import pytest

import fallline as fl
from fallline.trace.comparison import Results


def bowl(x):
    return np.sum(np.array([1.0, 4.0]) * x**2)


@pytest.fixture(scope="module")
def comparison():
    rates = np.geomspace(1e-3, 0.4, 9)
    return fl.compare(bowl, [1.0, 2.0], methods=["gd", "adam"], learning_rates=rates, max_iterations=40)


def test_results_are_made_once_and_only_when_asked_for():
    """A result is verified when it is first looked at, and the same one ever after."""
    asked = []
    alone = fl.minimize(bowl, [1.0, 2.0], learning_rate=0.1, max_iterations=3)

    def make(place):
        asked.append(place)
        return alone

    results = Results(4, make)
    assert len(results) == 4
    assert asked == []
    assert results[-1] is results[3]
    assert results[1:3] == [alone, alone]
    assert asked == [3, 1, 2]
    assert list(results) == [alone] * 4
    with pytest.raises(IndexError):
        results[4]


def test_the_best_is_the_lowest_cost(comparison):
    """The best is the result of the lowest cost, and the order puts costs that are no number last."""
    assert comparison.best.fun == np.nanmin(comparison.fun)
    assert comparison.fun[comparison.order[0]] == comparison.best.fun
    broken = fl.compare(lambda t: np.log(t), 0.5, learning_rates=np.geomspace(1e-3, 10, 9), max_iterations=9)
    assert np.isfinite(broken.best.fun)


def test_the_table_has_a_row_for_each_run(comparison):
    """As a dict or a data frame, the columns say what each result says."""
    table = comparison.to_dict()
    frame = comparison.to_pandas()
    assert list(frame.columns) == list(table)
    assert len(frame) == len(comparison) == 18
    for place in (0, 8, 17):
        run = comparison.results[place]
        assert (frame["fun"][place], frame["iterations"][place]) == (run.fun, run.nit)
        assert (frame["success"][place], frame["reason"][place]) == (run.success, run.reason.value)
        assert frame["findings"][place] == ", ".join(finding.code for finding in run.diagnosis)
    assert frame["method"].tolist() == ["gd"] * 9 + ["adam"] * 9


def test_a_copy_needs_no_function(comparison):
    """A comparison is pickled with all its results, without the function."""
    copy = pickle.loads(pickle.dumps(comparison))
    assert str(copy) == str(comparison)
    np.testing.assert_array_equal(copy.results[5].trace.fun, comparison.results[5].trace.fun)


def test_a_history_holds_no_more_than_its_own_rows(comparison):
    """The columns of one result are its own: they do not keep the steps of all runs in memory."""
    column = comparison.results[2].trace.fun
    while column.base is not None:
        column = column.base
    assert column.nbytes < 41 * 8 * 8
