"""Newton's method with absolute values."""

import numpy as np
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
