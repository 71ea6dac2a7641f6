"""Newton's method with sampled Hessians gets where it gets without."""

import numpy as np
import pytest

import fallline as fl
from fallline.data.blocks import ArrayRows
from fallline.losses import LOSSES
from fallline.models import newton
from fallline.models.newton import Metrics
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import metric_at


def data(rows=20_000):
    """Return a table in mixed units with a rare level, and two classes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 4)) * [1.0, 100.0, 0.01, 1.0]
    X[:, 3] = rng.random(rows) < 0.001
    z = X @ np.array([0.3, -0.01, 50.0, 1.0])
    return X, (z + rng.logistic(size=rows) > 0).astype(int)


@pytest.fixture
def sampling(monkeypatch):
    """Sample tables of any size."""
    monkeypatch.setattr(newton, "WORTH_SAMPLING", 0)
    monkeypatch.setattr(newton, "SAMPLED", 2000)
    monkeypatch.setattr(newton, "WORTH_A_BOUND", 0)


def objective(X, y, **given):
    return RowsObjective(ArrayRows(X, y.astype(float)), LOSSES["logistic"], **given)


def test_a_sampled_hessian_leads_to_the_same_minimum(sampling, monkeypatch):
    """On a long table the first steps use the Hessian of a sample; the answer and its bound are those of all rows."""
    X, y = data()
    sampled = fl.LogisticRegression(tol=1e-10).fit(X, y)
    monkeypatch.undo()
    plain = fl.LogisticRegression(tol=1e-10).fit(X, y)
    assert not np.array_equal(sampled.trace_.x[1], plain.trace_.x[1]), "nothing was sampled"
    assert sampled.converged_
    assert sampled.certificate_.kind == "bound"
    np.testing.assert_allclose(sampled.coef_, plain.coef_, rtol=1e-3)


def test_wide_tables_never_form_the_hessian_of_all_rows(sampling, monkeypatch):
    """With a ridge the sampled rows alone bound the gap, which is not below the true one."""
    X, y = data()
    best = fl.LogisticRegression(1e-2, tol=1e-13).fit(X, y).cost_history_[-1]
    monkeypatch.setattr(newton, "WIDE", 2)
    seen = []
    whole = Metrics.at
    monkeypatch.setattr(Metrics, "at", lambda self, x: seen.append(x) or whole(self, x))
    model = fl.LogisticRegression(1e-2, tol=1e-8).fit(X, y)
    assert model.converged_
    assert not seen
    assert 0 <= model.cost_history_[-1] - best <= model.certificate_.gap + 1e-15


def test_a_sample_that_misleads_is_given_up(sampling):
    """Where most rows are unlike those sampled, exact Hessians take over and the fit converges all the same."""
    X, y = data()
    X[::2] *= 0.01
    model = fl.LogisticRegression().fit(X, y)
    assert model.converged_
    assert model.n_iter_ < 60


def test_a_metric_from_nearby_is_nowhere_longer(sampling):
    """A Hessian known nearby, shrunk by what the step can change, is below the one at the point itself."""
    X, y = data(3000)
    cost = objective(X, y)
    mean = X.mean(axis=0)
    metrics = Metrics(cost, mean, 1e-8)
    near = np.zeros(5)
    exact = metrics.at(near)
    x = np.array([0.05, 1e-4, 1.0, 0.1, 0.1])
    below, here = metrics.below(x), metric_at(cost, x, mean)
    assert below is not exact
    assert np.linalg.eigvalsh(here.hessian - below.hessian)[0] > 0
    reach = metrics.reach(below, cost.value_and_gradient(x)[1])
    assert reach is None or reach >= 0.99 * below.furthest(cost)


def test_counts_start_at_the_best_constant():
    """A link without a steepest curvature is led to the best constant first: large counts do not overflow."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 3)) * [1.0, 1000.0, 1e-3]
    y = rng.poisson(np.exp(6 + X @ [0.1, 1e-4, 100.0])).astype(float)
    model = fl.PoissonRegressor(tol=1e-10).fit(X, y)
    assert model.converged_
    np.testing.assert_allclose(model.trace_.x[1], [0, 0, 0, np.log(y.mean())])
