"""Newton's method by conjugate gradients, on wide tables with a penalty."""

import numpy as np
import pytest
import scipy.sparse

import fallline as fl
from fallline.models import problem
from fallline.objectives.rows_coarse import CoarseInverse


@pytest.fixture
def wide(monkeypatch):
    """Count every problem of more than two parameters as too wide for a Hessian."""
    monkeypatch.setattr(problem, "DENSE", 2)
    monkeypatch.setattr(problem, "MANY", 2)


def data(classes):
    rng = np.random.default_rng(0)
    X = scipy.sparse.random_array((3000, 40), density=0.2, rng=0, format="csr")
    z = (X @ rng.normal(size=(40, classes))) * 3
    return X, (z + rng.gumbel(size=z.shape)).argmax(axis=1)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("sparse", [True, False])
def test_a_wide_fit_is_proven(wide, monkeypatch, classes, sparse):
    """It reaches the minimum that Newton's method proves, with a bound that is never below the true gap."""
    X, y = data(classes)
    table = X if sparse else X.toarray()
    truncated = fl.LogisticRegression(1e-3, tol=1e-8).fit(table, y)
    monkeypatch.undo()
    exact = fl.LogisticRegression(1e-3, tol=1e-13).fit(table, y)
    assert truncated._result.method == "NewtonCG"
    assert truncated.converged_
    assert truncated.certificate_.kind == "bound"
    assert truncated.n_iter_ < 20
    gap = truncated.cost_history_[-1] - exact.cost_history_[-1]
    assert -1e-15 <= gap <= truncated.certificate_.gap + 1e-15
    np.testing.assert_allclose(truncated.coef_, exact.coef_, atol=1e-3)


def test_without_a_penalty_other_methods_are_used(wide):
    """Conjugate gradients want a penalty: without one limited-memory updates do."""
    X, y = data(2)
    assert fl.LogisticRegression(0.0).fit(X, y)._result.method == "LBFGS"


def nine_classes(offset=0.0, scale=1.0):
    """Make a table whose columns are alike, so that a diagonal tells little of them."""
    rng = np.random.default_rng(1)
    X = (rng.normal(size=(1500, 1)) + 0.3 * rng.normal(size=(1500, 12))) * scale + offset
    z = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=(12, 9)) * 4
    return X, (z + rng.gumbel(size=z.shape)).argmax(axis=1)


@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1.0), (1e3, 1.0), (0.0, np.logspace(-6, 6, 12))])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_hessian_in_single_precision_makes_softmax_quick(monkeypatch, offset, scale, dtype):
    """Columns that are alike, far from zero or of many scales take few steps and few products all the same."""
    X, y = nine_classes(offset, scale)
    model = fl.LogisticRegression(1e-4, tol=1e-8).fit(X.astype(dtype), y)
    assert model._result.method == "NewtonCG"
    assert model.converged_
    assert model.n_iter_ < 25
    monkeypatch.setattr(problem, "MANY", 10**6)
    exact = fl.LogisticRegression(1e-4, tol=1e-12).fit(X.astype(dtype), y)
    gap = model.cost_history_[-1] - exact.cost_history_[-1]
    assert exact._result.method == "Newton"
    assert -1e-13 <= gap <= model.certificate_.gap + 1e-13


def test_the_hessian_is_renewed_only_where_products_grow_many(monkeypatch):
    """Fewer are formed than steps are made: an old one serves while it is good enough."""
    formed = []
    measured = CoarseInverse._measured
    monkeypatch.setattr(CoarseInverse, "_measured", lambda *given: formed.append(1) or measured(*given))
    X, y = nine_classes()
    model = fl.LogisticRegression(1e-4, tol=1e-8).fit(X, y)
    assert 1 <= len(formed) <= model.n_iter_


def test_constant_columns_and_weights_change_nothing():
    """A constant column has no say, and whole weights are repeated rows."""
    X, y = nine_classes()
    times = np.arange(len(y)) % 3
    plain = fl.LogisticRegression(1e-3, tol=1e-10).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    other = fl.LogisticRegression(1e-3, tol=1e-10).fit(np.column_stack([X, np.full(len(y), 7.0)]), y, times)
    np.testing.assert_allclose(other.coef_[:, :-1], plain.coef_, atol=1e-4)
    np.testing.assert_allclose(other.coef_[:, -1], 0.0, atol=1e-8)


def wide_and_dense():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 300)) @ (np.eye(300) + 0.1 * rng.normal(size=(300, 300)))
    return X, X @ rng.normal(size=300) / 20, rng


@pytest.mark.parametrize("loss", ["logistic", "poisson"])
def test_a_wide_dense_table_of_one_output_is_proven(loss):
    """As many columns as rows: a Hessian costs as much as hundreds of products, and few are needed."""
    X, z, rng = wide_and_dense()
    if loss == "poisson":
        model = fl.PoissonRegressor(1e-2, tol=1e-8).fit(X, rng.poisson(np.exp(np.clip(z, -3, 3))))
    else:
        model = fl.LogisticRegression(1e-3, tol=1e-8).fit(X, (z + rng.normal(size=400) > 0).astype(int))
    assert model._result.method == "NewtonCG"
    assert model.converged_
    assert model.certificate_.kind == "bound"
    assert model.n_iter_ < 30


def test_curvature_that_jumps_wants_better_searches():
    """Newton's steps on few rows with a squared hinge lose their curvature on the way: 190 steps became 33."""
    X, z, rng = wide_and_dense()
    model = fl.LinearSVC(alpha=1e-5, tol=1e-8).fit(X, (z + rng.normal(size=400) > 0).astype(int))
    assert model._result.method == "Newton"
    assert model.converged_
    assert model.n_iter_ < 80


def test_what_rounding_stops_is_left_to_exact_hessians():
    """With scales over sixteen decades and next to no penalty single precision gets stuck; the fit does not."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(2000, 14))
    y = (X @ rng.normal(size=(14, 8)) + rng.gumbel(size=(2000, 8))).argmax(axis=1)
    model = fl.LogisticRegression(1e-12, tol=1e-8).fit(X * np.logspace(-8, 8, 14), y)
    assert model.converged_
    assert model.trace_.fun[0] == pytest.approx(np.log(8))
