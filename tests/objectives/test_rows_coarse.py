"""A coarse inverse is near to the inverse, whatever the columns' scales, and never refuses."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.losses import find
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_coarse import CoarseInverse
from fallline.penalties import Ridge


def objective(X, classes=3, strength=1e-3, intercept=True, threads=None):
    y = np.arange(len(X)) % classes
    ridge = Ridge(np.full(classes * X.shape[1], strength))
    loss = find("multinomial", "classification")
    return RowsObjective(
        ArrayRows(X, y.astype(float)), loss, outputs=classes, ridge=ridge, intercept=intercept, threads=threads
    )


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_it_undoes_the_hessian(intercept, scale):
    """Products with the Hessian are undone to about the digits of single precision, also at 1e30."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 4)) * scale + 3 * scale
    cost = objective(X, strength=1e-3 * scale**2, intercept=intercept)
    x = np.append(rng.normal(size=12) / scale, [0.3, -0.2, -0.1] if intercept else [])
    inverse = CoarseInverse(cost, x, X.mean(axis=0), X.std(axis=0))
    v = np.append(rng.normal(size=12) / scale, [1.0, -1.0, 0.0] if intercept else [])
    found = inverse(cost.hessian_products(x, v[None])[0])
    if intercept:
        found[12:] += v[12:].mean() - found[12:].mean()  # a shift of all intercepts alike changes nothing
    np.testing.assert_allclose(found, v, rtol=0.01, atol=0.01 * np.abs(v).max())


def test_it_is_defined_where_nothing_bends():
    """Constant columns, rows without weight and a gradient of nothing give a step of nothing."""
    X = np.column_stack([np.ones(50), np.linspace(0, 1, 50)])
    cost = objective(X, strength=1e-3)
    inverse = CoarseInverse(cost, np.zeros(9), X.mean(axis=0), X.std(axis=0))
    assert not inverse(np.zeros(9)).any()
    assert np.isfinite(inverse(np.ones(9))).all()


def test_threads_change_no_bit():
    """Blocks are summed in one order."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(13_000, 5))
    gradient = rng.normal(size=18)
    steps = [
        CoarseInverse(objective(X, threads=threads), np.zeros(18), X.mean(axis=0), X.std(axis=0))(gradient)
        for threads in (1, 2, 3)
    ]
    np.testing.assert_array_equal(steps[0], steps[1])
    np.testing.assert_array_equal(steps[0], steps[2])


def test_columns_of_next_to_no_spread_are_held_by_the_penalty():
    """Their curvature in columns of unit spread would be beyond single precision."""
    X = np.random.default_rng(0).normal(size=(500, 3)) * np.array([1.0, 1e-30, 1e-200])
    cost = objective(X)
    inverse = CoarseInverse(cost, np.zeros(12), X.mean(axis=0), X.std(axis=0))
    gradient = np.ones(12)
    step = inverse(gradient).reshape(-1)[:9].reshape(3, 3)
    np.testing.assert_allclose(step[:, 1:], 1e3, rtol=1e-3)
