"""Newton's method by conjugate gradients, on wide tables with a penalty."""

import numpy as np
import pytest
import scipy.sparse

import fallline as fl
from fallline.models import problem


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
