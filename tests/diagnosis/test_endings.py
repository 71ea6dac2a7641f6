"""What is advised fits what was given."""

import numpy as np
import pytest

import fallline as fl

rng = np.random.default_rng(0)
X = rng.normal(size=(500, 3))
Y = X @ [1.0, -2.0, 3.0] + 0.1 * rng.normal(size=500)


def mean_square(w, X, y):
    return np.mean((X @ w - y) ** 2)


def remedy(result):
    return next(finding.remedy for finding in result.diagnosis if finding.code == "iteration-budget")


def test_a_budget_on_mini_batches():
    """With nothing left to leave out, more epochs are advised and nothing else."""
    by_itself = fl.minimize(mean_square, np.zeros(3), data=(X, Y), batch_size=100, epochs=2)
    assert "epochs" in remedy(by_itself) and "leave" not in remedy(by_itself)
    by_hand = fl.minimize(
        mean_square, np.zeros(3), data=(X, Y), batch_size=100, epochs=1, method="gd", learning_rate=0.1
    )
    assert "epochs" in remedy(by_hand) and "leave learning_rate" in remedy(by_hand)


@pytest.mark.parametrize(("rate", "says"), [(None, False), (0.01, True)])
def test_a_budget_on_all_rows(rate, says):
    """A rate that was given may be left out; one that was not, cannot."""
    result = fl.minimize(lambda t: 50 * t[0] ** 2 + 0.5 * t[1] ** 4, [1.0, 10.0], learning_rate=rate, max_iterations=3)
    assert ("leave learning_rate" in remedy(result)) == says and "epochs" not in remedy(result)
