"""Parameters that steer a fit, refused where they cannot be used."""

import sys

import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError
from fallline.methods import Adam, GradientDescent
from fallline.models.settings import Settings


def settings(**given):
    usual = {"alpha": 0.1, "fit_intercept": True, "method": "auto", "learning_rate": None, "max_iter": 10, "tol": 1e-6}
    return Settings(**{**usual, "standardize": False, **given})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1; got 0"),
        ({"batch_size": True}, "batch_size must be a whole number"),
        ({"batch_size": 2.5}, "batch_size must be a whole number"),
        ({"patience": 0}, "patience must be a whole number"),
        ({"max_iter": 0}, "max_iter must be a whole number"),
        ({"average": "yes", "batch_size": 2}, "average must be True or False"),
        ({"average": True, "method": "adam"}, "average must be False without mini-batches"),
        ({"average": True, "method": "sgd", "validation_fraction": 0.1}, "average must be False with validation"),
        ({"validation_fraction": 1.0, "method": "adam"}, "validation_fraction must be above 0 and below 1"),
        ({"validation_fraction": True, "method": "adam"}, "validation_fraction must be above 0"),
        ({"validation_fraction": 0.1}, 'validation_fraction must be None with method="auto"'),
        ({"method": "addam"}, "adam"),
        ({"method": "sgd", "learning_rate": -1.0}, "learning_rate must be a positive"),
        ({"alpha": -1.0}, "alpha must be a finite number of at least 0"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused(given, words):
    """Each parameter out of its range is named, with what it must be."""
    with pytest.raises(InputError) as refused:
        settings(**given).check()
    assert words in str(refused.value)


def test_what_is_asked_for_is_told_apart():
    """A method sees all rows, some, or goes by rows; "auto" with batches and no rate takes plain steps of its own."""
    assert settings().automatic
    assert not settings(learning_rate=0.1).automatic
    assert settings(batch_size=8).by_rows == "sgd"
    assert settings(batch_size=8, learning_rate=0.1).by_rows is None
    assert settings(method="SAGA").by_rows == "saga"
    assert not settings(method="adam").stochastic
    assert settings(method="adam", batch_size=8).stochastic
    assert isinstance(settings(method="sgd", learning_rate=0.1).named()[0], GradientDescent)
    assert isinstance(settings(method=Adam()).named()[0], Adam)


def test_a_fit_checks_them_first():
    """The refusal comes before the first step, from any estimator."""
    with pytest.raises(InputError, match="batch_size"):
        fl.LinearSVC(method="sgd", batch_size=-3).fit([[0.0], [1.0]], [0, 1])


def test_verbose_shows_a_line_on_a_terminal_and_nothing_elsewhere(capsys, monkeypatch):
    """On a terminal the fit's progress is drawn and cleared; in a pipe nothing is written."""
    rows = np.random.default_rng(0).normal(size=(50, 2))
    for terminal in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        fl.LinearRegression(method="gd", learning_rate=0.5, verbose=True).fit(rows, rows[:, 0])
        written = capsys.readouterr().err
        assert ("iteration" in written) == terminal
    with pytest.raises(InputError, match="verbose must be True, False or a whole number"):
        fl.LinearRegression(verbose="yes").fit(rows, rows[:, 0])
