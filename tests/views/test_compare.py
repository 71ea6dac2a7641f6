"""Comparisons as text, HTML and pictures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError


def bowl(x):
    return np.sum(np.array([1.0, 4.0]) * x**2)


def hills(t):
    return (t**2 - 1) ** 2 + 0.3 * t


@pytest.fixture(scope="module")
def few():
    return fl.compare(bowl, [1.0, 2.0], methods=["gd", "adam"], learning_rates=[0.05, 0.5], max_iterations=40)


@pytest.fixture(scope="module")
def many():
    rates = np.geomspace(1e-3, 0.5, 40)
    return fl.compare(bowl, [1.0, 2.0], methods=["gd", "adam"], learning_rates=rates, max_iterations=40)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_the_text_names_the_best_and_lists_the_runs(few):
    """The first line says which run was best; below, each run has a line with its reason and its finding."""
    lines = str(few).splitlines()
    assert lines[0] == "The best of 4 runs: gd at the learning rate 0.05, cost 0.000218475 after 40 iterations."
    assert lines[2].split() == "method learning rate iterations cost gradient norm stopped verified finding".split()
    assert len(lines) == 7
    assert lines[3].startswith("*  gd")
    assert "learning-rate-too-high" in lines[4]
    assert all(len(line) <= 130 for line in lines)


def test_of_many_runs_the_best_are_shown(many):
    """A long table shows the runs with the lowest cost, the best first, and says what it leaves out."""
    lines = str(many).splitlines()
    assert lines[-1] == "The 30 with the lowest cost of 80 runs are shown; all are in .results."
    assert lines[3].startswith("*")
    assert len(lines) == 34


def test_starts_have_a_column_and_minima_a_finding():
    """With several starts the table numbers them, and the finding about their minima stands below."""
    comparison = fl.compare(hills, 0.9, starts=[-1.5])
    text = str(comparison)
    assert "from start 1" in text.splitlines()[0]
    assert "start" in text.splitlines()[2].split()
    assert "info  other-minima: The 2 runs led to 2 minima" in text


def test_no_finite_cost_is_said_so():
    """Where no run has a cost there is no best."""
    comparison = fl.compare(lambda t: np.log(t), -1.0, learning_rates=[0.1, 0.2])
    assert str(comparison).splitlines()[0] == "None of 2 runs has a finite cost."


def test_the_html_is_escaped(few):
    """A notebook shows the same table, and nothing in a name is taken for HTML."""
    html = few._repr_html_()
    assert html.count("<tr>") == 5
    assert "learning-rate-too-high" in html

    class Odd:
        def init(self, x):
            return ()

        def update(self, gradient, state, x):
            return gradient, state

    Odd.__name__ = "<b>"
    odd = fl.compare(bowl, [1.0, 2.0], methods=[Odd()], learning_rates=[0.1], max_iterations=2)
    assert "&lt;b&gt;" in odd._repr_html_()
    assert "<b>" not in odd._repr_html_()


def test_costs_are_drawn_by_iteration(few):
    """Each run is a line, the best heavy and named; a run that blew up does not squeeze the others."""
    display = few.plot()
    assert display.ax_.get_xlabel() == "iteration"
    assert len(display.lines_) == 4
    assert display.best_.get_label() == "gd, 0.05 (best)"
    assert display.ax_.get_ylim()[1] < 1e3
    axes = plt.figure().add_subplot()
    assert few.plot("cost", ax=axes).ax_ is axes


def test_many_rates_are_drawn_by_rate(many):
    """A sweep is drawn as the cost reached by learning rate, a line for each method."""
    display = many.plot()
    assert display.ax_.get_xlabel() == "learning rate"
    assert display.ax_.get_xscale() == "log"
    assert [line.get_label() for line in display.lines_] == ["gd", "adam"]
    best = many.learning_rate[many.order[0]]
    assert display.best_.get_xdata()[0] == best


def test_a_kind_that_does_not_fit_is_refused(few):
    """An unknown kind, and rates that are no numbers, are answered in a sentence."""
    with pytest.raises(InputError, match="kind must be the name of a plot; got 'costs'"):
        few.plot("costs")
    measured = fl.compare(bowl, [1.0, 2.0], methods=["gd"], max_iterations=3)
    with pytest.raises(InputError, match="no learning rate is a number"):
        measured.plot("learning-rate")
