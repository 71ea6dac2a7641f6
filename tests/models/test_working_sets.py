"""Working sets: the minimum of many columns with absolute values, from few of them."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import datasets, linear_model

import fallline as fl
from fallline.models import working_sets
from fallline.models.working_sets import WorkingSets
from fallline.objectives.rows import RowsObjective


def words(n=600, d=3000, seed=0):
    rng = np.random.default_rng(seed)
    X = sparse.random_array((n, d), density=0.02, rng=rng, format="csr")
    truth = np.zeros(d)
    truth[:40] = rng.normal(size=40) * 5
    return X, X @ truth + 0.1 * rng.normal(size=n)


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("alpha", [1e-3, 1e-4])
def test_a_wide_lasso_is_scikit_learns(dense, alpha):
    """More columns than rows: the same cost as coordinate descent, proven, and the method told."""
    X, y = words()
    table = X.toarray() if dense else X
    model = fl.Lasso(alpha, tol=1e-9).fit(table, y)
    theirs = linear_model.Lasso(alpha, tol=1e-10, max_iter=100_000).fit(table, y)
    residual = y - X @ theirs.coef_ - theirs.intercept_
    lowest = 0.5 * np.mean(residual**2) + alpha * np.abs(theirs.coef_).sum()
    assert model.converged_
    assert "working sets" in model.trace_.note
    assert model.cost_history_[-1] <= lowest * (1 + 1e-7)
    assert model.certificate_.gap <= 1e-9 * np.var(y)


@pytest.mark.parametrize(("loss", "target"), [("logistic", 0), ("squared-hinge", 0)])
def test_classes_of_many_columns(loss, target):
    """Weak and strong penalties are proven optimal in few steps."""
    X, y = words()
    for alpha in (1e-2, 1e-3, 1e-4):
        model = fl.LinearClassifier(loss, alpha=alpha, l1_ratio=1.0, tol=1e-7).fit(X, y > target)
        assert model.converged_
        assert model.n_iter_ <= 100


def test_a_small_set_is_searched_exactly_and_a_large_one_about(monkeypatch):
    """Both ways of minimising the quadratic lead to the same model."""
    X, y = words(n=900)
    exact = fl.Lasso(1e-3, tol=1e-10).fit(X, y)
    monkeypatch.setattr(working_sets, "FACES", 0)
    about = fl.Lasso(1e-3, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(about.coef_, exact.coef_, atol=1e-4)
    assert 0 < (exact.coef_ != 0).sum() == (about.coef_ != 0).sum()


def test_a_long_table_forms_hessians_of_few_columns(monkeypatch):
    """On a large dense table whose coefficients are mostly zero no Hessian of all columns is ever formed."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 90))
    y = X[:, :4].sum(axis=1) + rng.normal(size=20_000) > 0

    def refused(*_, **__):
        raise AssertionError("a Hessian of all columns")

    monkeypatch.setattr(RowsObjective, "curvature", refused)
    model = fl.LogisticRegression(0.02, l1_ratio=1.0).fit(X, y)
    assert model.converged_
    assert set(np.flatnonzero(model.coef_)) >= set(range(4))


def test_several_classes_of_more_columns_than_rows():
    """Softmax with absolute values, its Hessian singular: the minimum is found and proven, its zeros exact."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 200)), np.arange(30) % 3
    for alpha in (0.05, 0.01):
        model = fl.LogisticRegression(alpha, l1_ratio=1.0).fit(X, y)
        assert model.converged_
        assert model.certificate_.kind == "bound"
        assert 0 < (model.coef_ != 0).sum() < 60


def test_the_set_holds_what_is_free_and_what_promises_most():
    """Free coefficients stay in; of the zeros only as many as there are free ones, the steepest first."""
    X, y = datasets.make_regression(300, 400, random_state=0)
    objective = RowsObjective(fl.data.blocks.ArrayRows(X, y), fl.losses.find("squared", "regression"))
    method = WorkingSets(objective, np.append(np.full(400, 0.1), 0.0), X.mean(axis=0), X.std(axis=0))
    x = np.zeros(401)
    x[7] = 1.0
    gradient = objective.value_and_gradient(x)[1]
    _, state = method.update(gradient, method.init(x), x)
    assert len(state.columns) == 101
    assert 7 in state.columns
    left = np.setdiff1d(np.arange(400), state.columns)
    taken = np.setdiff1d(state.columns, [7])
    gain = (np.abs(gradient[:400]) - 0.1) / X.std(axis=0)
    assert gain[taken].min() >= gain[left].max()


def test_a_loss_whose_rows_lie_far_out_takes_bounded_steps():
    """Rows on the wrong side, whose curvature is none, do not throw the step out of reach."""
    X, y = words(200, 1600)
    model = fl.LinearRegressor("huber", alpha=1e-4, l1_ratio=1.0, tol=1e-6).fit(X, 10 * y)
    assert model.converged_
    assert np.isfinite(model.trace_.fun).all()
