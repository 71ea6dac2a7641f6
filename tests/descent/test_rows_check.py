"""The cost over rows is looked at before the first step, and nothing that it does stops the run."""

import numpy as np
import pytest

import fallline as fl

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 2))
Y = X @ [1.0, -2.0]


def codes(result):
    return [finding.code for finding in result.diagnosis]


@pytest.mark.parametrize("batch_size", [None, 10])
def test_a_sum_over_rows_is_told(batch_size):
    """A sum in place of a mean is a finding: with batches a warning."""
    result = fl.minimize(
        lambda w, X, y: np.sum((X @ w - y) ** 2), np.zeros(2), data=(X, Y), batch_size=batch_size, max_iterations=20
    )
    assert "cost-not-mean" in codes(result)
    mean = fl.minimize(
        lambda w, X, y: np.mean((X @ w - y) ** 2), np.zeros(2), data=(X, Y), batch_size=batch_size, max_iterations=20
    )
    assert "cost-not-mean" not in codes(mean)


def test_a_sum_that_gives_its_gradient_is_told_too():
    """With gradient=True the cost is the first of the pair."""

    def pair(w, X, y):
        return np.sum((X @ w - y) ** 2), 2 * X.T @ (X @ w - y)

    assert "cost-not-mean" in codes(fl.minimize(pair, np.zeros(2), data=(X, Y), gradient=True))


def test_a_cost_written_for_all_rows_still_runs():
    """A cost that fails on fewer rows is minimised over all of them without a word."""
    weights = np.ones(90)
    result = fl.minimize(lambda w, X, y: np.mean(weights * (X @ w - y) ** 2), np.zeros(2), data=(X, Y))
    assert result.success and codes(result) == []
