"""Newton's method class by class, for losses of each class against all others."""

import numpy as np
import pytest
import scipy.optimize
from sklearn.datasets import load_digits

import fallline as fl

rng = np.random.default_rng(4)
X = rng.normal(size=(400, 6)) * [1, 10, 0.1, 1, 1, 3] + [0, 5, 1, 0, 0, 100]
Y = np.argmax(((X - X.mean(axis=0)) / X.std(axis=0)) @ rng.normal(size=(6, 4)) + rng.gumbel(size=(400, 4)), axis=1)
WEIGHTS = rng.integers(0, 3, 400)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("alpha", [1e-3, 10.0])
def test_each_class_is_at_its_own_minimum(alpha, fit_intercept):
    """The classes' coefficients are those of a fit of each class against the others, with weights too."""
    model = fl.LinearSVC(alpha=alpha, fit_intercept=fit_intercept, tol=1e-12).fit(X, Y, WEIGHTS)
    assert model._result.method == "NewtonByClass" and "class by class" in model.trace_.note
    assert model.converged_ and model.certificate_.kind == "bound"
    for k in range(4):
        alone = fl.LinearSVC(alpha=alpha, fit_intercept=fit_intercept, tol=1e-12).fit(X, k == Y, WEIGHTS)
        np.testing.assert_allclose(model.coef_[k], alone.coef_[0], rtol=1e-5, atol=1e-8)


def test_the_minimum_is_scipys():
    """On columns of unit spread a general method finds the same cost, no lower than the bound allows."""
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    model = fl.LinearSVC(alpha=1e-2, tol=1e-10).fit(Z, Y)

    def cost(x):
        w, b = x[:24].reshape(4, 6), x[24:]
        sign = 2.0 * (Y[:, None] == np.arange(4)) - 1
        return np.sum(np.maximum(0, 1 - sign * (Z @ w.T + b)) ** 2) / len(Z) + 0.005 * np.sum(w**2)

    peer = scipy.optimize.minimize(cost, np.zeros(28), method="BFGS", options={"gtol": 1e-9})
    ours = cost(np.append(model.coef_, model.intercept_))
    assert model.cost_history_[-1] == pytest.approx(ours, rel=1e-12)
    assert peer.fun - model.certificate_.gap <= ours + 1e-12
    assert ours <= peer.fun + 1e-9


def test_rates_of_their_own_save_steps():
    """On digits, most of which planes tell apart, a common rate took 88 steps and three times as long a step."""
    model = fl.LinearSVC().fit(*load_digits(return_X_y=True))
    assert model.converged_ and model.n_iter_ < 75
    assert (model.trace_.learning_rate[1:] == 1).mean() > 0.9


def test_a_class_that_is_settled_at_once_holds_up_none():
    """A class without a row that bends any more, and one that no column tells, end with all others."""
    y = np.where(X[:, 1] > 5, 0, rng.integers(1, 3, 400))
    model = fl.LinearSVC(alpha=1e-6, tol=1e-8).fit(X * 1e3, y)
    assert model.converged_ and np.isfinite(model.coef_).all()
