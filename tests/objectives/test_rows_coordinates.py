"""Coordinate descent reaches the minimum of the quadratic with absolute values."""

import numpy as np
import pytest
from scipy import sparse

from fallline.data.blocks import ArrayRows
from fallline.data.sparse import SparseRows
from fallline.losses import LOSSES
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_coordinates import descend_coordinates
from fallline.penalties import Ridge


@pytest.mark.parametrize("kind", ["rows", "sparse"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_the_slopes_are_held_by_the_penalty(kind, intercept, ridge):
    """A least-squares cost is its own quadratic: where rounds end, no slope is steeper than its strength."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 10)) * (rng.random((80, 10)) < 0.6) + (0.0 if kind == "sparse" else 1.0)
    y, weights = X[:, :3].sum(axis=1) + rng.normal(size=80), rng.random(80)
    rows = SparseRows(sparse.csr_array(X), y, weights) if kind == "sparse" else ArrayRows(X, y, weights)
    penalty = Ridge(np.full(10, ridge)) if ridge else None
    objective = RowsObjective(rows, LOSSES["squared"], ridge=penalty, intercept=intercept)
    start = rng.normal(size=objective.size)
    strength = np.zeros(objective.size)
    strength[:10] = 0.15
    gradient = objective.value_and_gradient(start)[1]
    end = descend_coordinates(objective, weights, gradient, strength, start)
    slope = objective.value_and_gradient(end)[1]
    assert 0 < (end == 0).sum() < 10
    held = np.where(end == 0, np.maximum(np.abs(slope) - strength, 0.0), np.abs(slope + strength * np.sign(end)))
    assert held.max() < 0.02 * np.abs(gradient).max()
    if intercept:
        assert abs(slope[-1]) < 1e-12
