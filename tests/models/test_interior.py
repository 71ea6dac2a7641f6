"""The interior-point method: exact for losses of straight pieces, and its bound never above the minimum."""

import warnings

import numpy as np
import pytest
from sklearn import datasets, linear_model

import fallline as fl
from fallline.losses.quantile import Quantile
from fallline.objectives import rows


def pinball(y, z, q):
    return np.mean(np.maximum(q * (y - z), (q - 1) * (y - z)))


@pytest.fixture(scope="module")
def diabetes():
    return datasets.load_diabetes(return_X_y=True, scaled=False)


@pytest.mark.parametrize(
    ("name", "alpha", "best"), [("iris", 0.1, 0.363465041841002), ("breast_cancer", 0.01, 0.0990178209366549)]
)
def test_the_bound_holds_wherever_the_fit_is_stopped(name, alpha, best):
    """After any number of steps the cost is no more above the minimum than the certificate says."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name == "iris":
        X, y = X[y > 0], y[y > 0]
    for steps in range(1, 25, 3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", fl.ConvergenceWarning)
            model = fl.LinearClassifier(loss="hinge", alpha=alpha, max_iter=steps, tol=1e-9).fit(X, y)
        true = model.cost_history_[-1] - best
        assert model.certificate_.kind == "bound"
        assert true - 1e-11 <= model.certificate_.gap <= model.cost_history_[-1]
    assert model.converged_
    assert true <= 1e-9


@pytest.mark.parametrize("loss", ["quantile", "epsilon-insensitive", "huber"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_every_penalty_has_a_bound(diabetes, loss, l1_ratio):
    """Every loss of straight pieces with every penalty is fitted to a proven gap, its zeros exact."""
    X, y = diabetes
    model = fl.LinearRegressor(loss=loss, alpha=5.0, l1_ratio=l1_ratio, tol=1e-9).fit(X, y)
    assert model.converged_
    assert model.certificate_.kind == "bound"
    assert model.certificate_.gap <= 1e-9 * model.cost_history_[0]
    assert (model.coef_ == 0).any() == (l1_ratio > 0)


def test_kernels_give_the_same_fit(diabetes, monkeypatch):
    """Compiled kernels and plain arrays lead to the same minimum."""
    X, y = diabetes
    plain = fl.LinearRegressor(loss="quantile", alpha=0.01, tol=1e-9).fit(X, y)
    monkeypatch.setattr(rows, "WORTH_A_KERNEL", 1)
    compiled = fl.LinearRegressor(loss="quantile", alpha=0.01, tol=1e-9).fit(X, y)
    assert compiled.cost_history_[-1] == pytest.approx(plain.cost_history_[-1], rel=1e-9)


def test_a_line_through_all_rows_is_found():
    """Where the targets can be met exactly the cost is zero within the tolerance."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 20))
    model = fl.LinearRegressor(loss="quantile").fit(X, rng.normal(size=12))
    assert model.converged_
    assert model.cost_history_[-1] <= 1e-6 * model.cost_history_[0]


def test_quantiles_are_the_linear_programs(diabetes):
    """The cost is that of the linear program, at any quantile."""
    X, y = diabetes
    for q in (0.1, 0.5, 0.8):
        exact = linear_model.QuantileRegressor(quantile=q, alpha=0, solver="highs").fit(X, y)
        model = fl.LinearRegressor(loss=Quantile(q), tol=1e-9).fit(X, y)
        best = pinball(y, exact.predict(X), q)
        assert pinball(y, model.predict(X), q) == pytest.approx(best, rel=1e-8)
