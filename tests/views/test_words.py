"""Results in words."""

import numpy as np
import pytest

from fallline.trace import StopReason
from fallline.views.words import facts, flat, headline, label, number, ordered, parameters
from tests.views.runs import TOO_HIGH, bowl, descend, square


@pytest.mark.parametrize(
    ("reason", "success", "begins"),
    [
        (StopReason.SMALL_STEPS, True, "Converged after 15 iterations: the last step"),
        (StopReason.MAX_ITERATIONS, False, "Not converged after 15 iterations: the allowed"),
        (StopReason.DIVERGED, False, "Diverged after"),
        (StopReason.NOT_FINITE, False, "Broke down after"),
        (StopReason.UNBOUNDED, False, "Unbounded after"),
        (StopReason.CONVERGED, False, "In doubt after"),
    ],
)
def test_the_headline_says_whether_and_why(reason, success, begins):
    """The first line tells success from failure and gives the reason for stopping."""
    assert headline(square(reason=reason, success=success)).startswith(begins)


def test_one_iteration_is_singular():
    """Numbers agree with their nouns."""
    assert "after 1 iteration:" in headline(square(steps=1))


def test_a_number_is_shown_as_one():
    """A single parameter is a number without a name."""
    assert parameters(square(steps=1)) == "1.2"


def test_an_array_is_shown_in_brackets():
    """A short array is shown whole, a long one by its ends and its length."""
    assert parameters(bowl(2, steps=0)) == "[0, 0]"
    assert parameters(bowl(30, steps=0)) == "[0, 0, 0, …, 0, 0, 0]  (30 numbers)"


def test_a_tree_is_shown_by_name():
    """Parameters kept in a dict are shown with their names."""
    run = descend(lambda x: (x**2).sum(), lambda x: 2 * x, {"m": 1.0, "b": 2.0}, 0.1, 0)
    assert parameters(run) == "m = 1, b = 2"


def test_facts_name_what_matters():
    """The answer comes with its cost, its certificate and how it was found."""
    known = facts(square())
    assert known["fun"] == "1.03762935e-11"
    assert known["evaluated"] == "16 times the function, 16 times its gradient"
    assert {"x", "gradient norm", "certificate", "method", "gradient", "time"} <= set(known)


def test_grave_findings_come_first():
    """Errors stand before what is only said for information."""
    info = type(TOO_HIGH)("integer-start", "info", "Whole numbers.")
    assert ordered([info, TOO_HIGH]) == [TOO_HIGH, info]


def test_labels_are_short_and_printable():
    """A hostile name cannot break a table or a terminal."""
    assert label("a\n\x1b[31mb") == "a  [31mb"
    assert label("") == "?"
    assert len(label("x" * 100)) == 24


def test_trees_flatten_in_the_order_of_their_names():
    """Numbers in a tree of parameters come out in the order of the parameters' names."""
    np.testing.assert_array_equal(flat({"w": np.array([[1.0, 2.0]]), "b": [3.0, (4.0,)]}), [1, 2, 3, 4])
    assert flat([]).size == 0


def test_numbers_keep_nan_in_sight():
    """A cost that is not a number is shown as such."""
    assert number(float("nan")) == "nan"
