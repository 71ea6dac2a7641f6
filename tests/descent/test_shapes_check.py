"""A column against a row is told, in every way in which people write it; what is meant as a table is not."""

import numpy as np
import pytest

import fallline as fl

rng = np.random.default_rng(0)
X = rng.normal(size=(77, 2))
COLUMN = (X @ [2.0, -1.0])[:, None]
FLAT = COLUMN.ravel()
T = np.linspace(0, 1, 5)


def by_a_helper(w):
    return np.mean(residuals(w) ** 2)


def residuals(w):
    return COLUMN - X @ w


def with_a_branch(w):
    return np.mean((X @ w - COLUMN) ** 2) if w[0] < 1e9 else w[0]


def in_place(w):
    r = X @ w
    r = r * np.ones(77)
    return np.mean(np.subtract(r, COLUMN) ** 2)


@pytest.mark.parametrize(
    ("fun", "x0", "settings"),
    [
        (lambda w: np.mean((X @ w - COLUMN) ** 2), [0.0, 0.0], {}),
        (lambda w: np.mean((w[0] * X[:, 0] + w[1] - COLUMN) ** 2), [0.0, 0.0], {}),
        (lambda p: np.mean((X @ p["w"] - COLUMN) ** 2), {"w": np.zeros(2)}, {}),
        (lambda w: np.mean((X @ w - FLAT) ** 2), np.zeros((2, 1)), {}),
        (by_a_helper, [0.0, 0.0], {}),
        (with_a_branch, [0.0, 0.0], {}),
        (in_place, [0.0, 0.0], {}),
        (lambda w, X, y: np.mean((X @ w - y) ** 2), [0.0, 0.0], {"args": (X, COLUMN)}),
        (lambda w, X, y: np.mean((X @ w - y) ** 2), [0.0, 0.0], {"data": (X, COLUMN)}),
        (lambda w, X, y: np.mean(np.logaddexp(0, X @ w) - (y > 0) * (X @ w)), [0.0, 0.0], {"args": (X, COLUMN)}),
        (lambda w: np.mean((X @ w - COLUMN) ** 2), [0.0, 0.0], {"gradient": "finite-differences"}),
    ],
)
def test_a_column_against_a_row_is_told(fun, x0, settings):
    """Captured, given, by helpers, on every rung; and again when the same call is made again."""
    for _ in range(2):
        result = fl.minimize(fun, x0, learning_rate=0.1, max_iterations=3, **settings)
        finding = next(finding for finding in result.diagnosis if finding.code == "shape-mismatch")
        assert finding.severity == "warning" and finding.values == {"rows": 77, "shape": [77, 1]}
        assert "77 by 77" in finding.message


@pytest.mark.parametrize(
    ("fun", "x0"),
    [
        (lambda w: np.mean((X @ w - FLAT) ** 2), [0.0, 0.0]),
        (lambda w: np.mean((X @ w - COLUMN) ** 2), np.zeros((2, 1))),
        (lambda w: np.mean((X @ w - COLUMN[:, 0]) ** 2), [0.0, 0.0]),
        (lambda t: np.sum((t[:, None] - t) ** 2), T),
        (lambda t: np.sum((t[:, None] - T[None, :]) ** 2), T),
        (lambda t: np.sum((T[:, None] - t[None, :]) ** 2), T),
        (lambda w: np.mean((np.exp(-T[:, None] * w) @ np.ones(2) - T) ** 2), [1.0, 2.0]),
        (lambda w: np.mean(np.ones((1, 1)) * (w - 1) ** 2), [1.0]),
    ],
)
def test_no_false_alarm(fun, x0):
    """Equal shapes, pairs of the parameters themselves, and tables that are written as tables."""
    result = fl.minimize(fun, x0, learning_rate=0.01, max_iterations=3)
    assert "shape-mismatch" not in [finding.code for finding in result.diagnosis]


def test_a_function_without_columns_is_not_called_for_it():
    """The look costs nothing where there is nothing to see, and the function is called as often as without it."""
    calls = []

    def cost(w, y):
        calls.append(type(w).__name__)
        return np.mean((X @ w - y) ** 2)

    fl.minimize(cost, [0.0, 0.0], args=(FLAT,), learning_rate=0.1, max_iterations=2)
    assert "Watched" not in calls
    fl.minimize(cost, [0.0, 0.0], args=(COLUMN,), learning_rate=0.1, max_iterations=2)
    assert calls.count("Watched") == 1
