"""A fit is judged by what can be proven, or, where it is too large for that, by an estimate that says so."""

import numpy as np
import pytest

import fallline as fl
from fallline.models import judges, newton, problem


@pytest.fixture
def large(monkeypatch):
    """Count every problem of more than two parameters as too large for a Hessian."""
    monkeypatch.setattr(problem, "DENSE", 2)


def data(classes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5)) * [1.0, 1e3, 1e-3, 1.0, 1.0] + [0.0, 1e4, 0.0, 0.0, 5.0]
    z = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=(5, max(classes, 1)))
    if classes == 0:
        return X, z[:, 0] + rng.normal(size=300)
    return X, (z + rng.gumbel(size=z.shape)).argmax(axis=1)


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_large_problems_reach_the_same_minimum(large, monkeypatch, classes):
    """Methods without a Hessian reach the minimum that Newton's proves: by an estimate, with a penalty by a bound."""
    X, y = data(classes)
    model = fl.LogisticRegression(alpha=1e-2) if classes else fl.LinearRegression()
    estimated = model.fit(X, y)
    kind, gap, cost = estimated.certificate_.kind, estimated.certificate_.gap, estimated.cost_history_[-1]
    expected = "bound" if classes == 2 else "estimate"
    assert (kind, estimated.converged_, estimated.diagnosis_) == (expected, True, [])
    monkeypatch.undo()
    proven = model.fit(X, y)
    assert proven.certificate_.kind == "bound"
    slack = proven.certificate_.gap + 1e-12
    assert -slack <= cost - proven.cost_history_[-1] <= 2 * gap + slack


def test_a_textbook_method_on_a_large_problem_is_judged_too(large):
    """A named method runs as it is on a large problem, and its answer has an estimate."""
    X, y = data(2)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    model = fl.LogisticRegression(alpha=0.1, method="gd", learning_rate=1.0, max_iter=500).fit(X, y)
    assert model.converged_
    assert model.certificate_.kind == "estimate"
    with pytest.warns(fl.ConvergenceWarning):
        fl.LogisticRegression(alpha=0.1, method="gd", learning_rate=1e-3, max_iter=5).fit(X, y)


def test_zero_tolerance_ends_at_rounding():
    """With tol=0 a fit ends where rounding does, and counts as converged."""
    for classes in (0, 2, 3):
        X, y = data(classes)
        model = fl.LogisticRegression(alpha=1e-2, tol=0) if classes else fl.LinearRegression(tol=0)
        assert model.fit(X, y).converged_
        assert model.certificate_.gap <= 1e-14 * model.cost_history_[-1]


@pytest.mark.parametrize("target", [0.0, 1.0, -1e9, 1e-9])
def test_constant_targets_are_fitted_exactly(target):
    """A target that never varies is its own fit, whatever its size."""
    model = fl.LinearRegression().fit(np.random.default_rng(0).normal(size=(20, 3)), np.full(20, target))
    assert model.converged_
    np.testing.assert_allclose(model.intercept_, target, rtol=1e-12)
    np.testing.assert_allclose(model.coef_, 0, atol=1e-12 * max(abs(target), 1e-9))


@pytest.mark.parametrize("tol", [1e-1, 1e-3, 1e-6, 1e-9])
def test_a_bound_is_not_measured_in_vain(monkeypatch, tol):
    """However loose the tolerance, a long table with rare levels has its Hessian formed once, and two looks at most."""
    monkeypatch.setattr(newton, "SAMPLED", 500)
    monkeypatch.setattr(newton, "WORTH_SAMPLING", 1e3)
    monkeypatch.setattr(newton, "WORTH_A_BOUND", 1e3)
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(40_000, 3)), rng.random((40_000, 5)) < 1e-3])
    y = (X @ rng.normal(size=8) + rng.logistic(size=40_000) > 0).astype(float)
    formed, measured = [], []
    metric_at, gap_bound = newton.metric_at, judges.gap_bound

    def forming(objective, *given, **named):
        formed.append(objective.rows.count)
        return metric_at(objective, *given, **named)

    def bounding(*given, measured_too=measured, **named):
        gap = gap_bound(*given, **named)
        measured_too.append(gap)
        return gap

    monkeypatch.setattr(newton, "metric_at", forming)
    monkeypatch.setattr(judges, "gap_bound", bounding)
    model = fl.LogisticRegression(alpha=1e-4, tol=tol).fit(X, y)
    assert model.converged_
    assert formed.count(40_000) == 1
    assert len(measured) <= 2
