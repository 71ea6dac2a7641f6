"""Least squares by factored rows: exact where the Gram matrix is too coarse."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.losses import LOSSES
from fallline.objectives import rows_factored
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_factored import Factored
from fallline.penalties import Ridge

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(40, 3))
TARGET = RNG.normal(size=40)
WEIGHTS = RNG.uniform(0.5, 2.0, 40)


def factored(X, name="squared", weights=None, alpha=0.0, intercept=True):
    penalty = Ridge(np.full(X.shape[1], alpha)) if alpha else None
    rows = RowsObjective(ArrayRows(X, TARGET, weights), LOSSES[name], ridge=penalty, intercept=intercept)
    centre = X.mean(axis=0) if intercept else np.zeros(X.shape[1])
    scale = np.append(X.std(axis=0), np.ones(int(intercept)))
    return rows, Factored(rows, centre, scale)


@pytest.mark.parametrize("name", ["squared", "mse"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("intercept", [True, False])
def test_the_gap_is_the_cost_above_the_least(name, weights, alpha, intercept):
    """The gap at any point is its cost less that of the minimiser, whose gradient is zero."""
    rows, by_rows = factored(ROWS, name, weights, alpha, intercept)
    best = by_rows.solution()
    least, gradient = rows.value_and_gradient(best)
    np.testing.assert_allclose(gradient, 0, atol=1e-13)
    assert by_rows.gap(best) < 1e-28
    x = np.arange(1.0, rows.size + 1)
    assert by_rows.gap(x) == pytest.approx(rows.value(x) - least, rel=1e-10)


def test_columns_apart_by_more_than_rounding_count():
    """Columns that differ in their eighth digit are two, the same column written twice is one."""
    near = ROWS[:, [0, 0]] + 1e-8 * ROWS[:, 1:]
    assert not factored(near)[1].deficient
    assert factored(ROWS[:, [0, 0]])[1].deficient
    assert factored(np.column_stack([ROWS[:, 0] + 2000, ROWS[:, 0] - 7]))[1].deficient


def test_large_tables_are_not_copied(monkeypatch):
    """Beyond a limit of cells or of operations the rows are left as they are."""
    rows = factored(ROWS)[0]
    assert Factored.affordable(rows)
    monkeypatch.setattr(rows_factored, "CELLS", 159)
    assert not Factored.affordable(rows)
