"""Newton's method with absolute values."""

import numpy as np
import pytest
from sklearn import datasets

import fallline as fl
from fallline.models.proximal_newton import ProximalSearch
from fallline.penalties import L1
from fallline.steps.base import Evaluate, Point


def test_logistic_regression_with_absolute_values_is_soon_there():
    """On raw columns some ten steps reach the minimum, and its zeros are exact."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    model = fl.LogisticRegression(alpha=1e-2, l1_ratio=1.0, tol=1e-10).fit(X, y)
    assert model.converged_
    assert model.n_iter_ <= 15
    assert (model.coef_ == 0).sum() > 15


def test_a_step_too_long_is_halved_until_the_cost_falls():
    """Where the whole step raises the cost a shorter one is taken; where no step lowers it, none."""
    penalty = L1(0.1)

    def cost(x):
        return float(x[0] ** 4 + penalty.value(x))

    evaluate = Evaluate(cost, lambda x: Point(x, cost(x), 4 * x**3), penalty)
    here = evaluate.point(np.array([1.0]))
    taken = ProximalSearch().take(here, np.array([4.0]), evaluate, ())
    assert 0 < taken.rate < 1
    assert taken.point.fun < here.fun
    assert ProximalSearch().take(here, np.array([-4.0]), evaluate, ()).rate == 0


@pytest.mark.parametrize("offset", [1e4, 1e6, 1e7])
@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_columns_far_from_zero_are_proven_as_well(offset, l1_ratio):
    """Times in seconds, or years, are such columns: rounding of the intercept's slope times them is no slope."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 8))
    y = (X[:, 0] + rng.normal(size=3000) > 0).astype(int)
    near = fl.LogisticRegression(1e-3, l1_ratio=l1_ratio).fit(X, y)
    far = fl.LogisticRegression(1e-3, l1_ratio=l1_ratio).fit(X + offset, y)
    assert far.converged_
    assert far.n_iter_ <= near.n_iter_ + 2
    np.testing.assert_allclose(far.coef_, near.coef_, atol=1e-3)


def test_rows_that_bend_no_more_do_not_hide_the_others():
    """One row far off, fitted for certain, would make columns look alike from their mean."""
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(300, 4)), np.full((1, 4), 1e6)])
    y = np.append((X[:-1, 0] + rng.normal(size=300) > 0).astype(int), 1)
    model = fl.LogisticRegression(1e-3, l1_ratio=1.0).fit(X, y)
    assert model.converged_


@pytest.mark.parametrize("seed", [0, 2, 3, 5, 6, 8])
def test_a_shift_of_all_intercepts_is_no_step(seed):
    """At the start of a softmax fit its curvature is zero within rounding: steps of 1e26 were made of that."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(1000, 3))
    y = (0.05 * X @ rng.normal(size=(3, 5)) + rng.gumbel(size=(1000, 5))).argmax(axis=1)
    model = fl.LogisticRegression(1e-3, l1_ratio=1.0).fit(np.column_stack([X, np.full(1000, 7.0)]), y)
    assert model.converged_
    assert np.abs(model.intercept_).max() < 1
