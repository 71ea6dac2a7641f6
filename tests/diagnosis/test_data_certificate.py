"""The bound on a fit's remaining cost is never below it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallline.data.blocks import ArrayRows
from fallline.diagnosis.data_certificate import certify_fit, gap_bound
from fallline.losses import LOSSES
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import metric_at
from fallline.penalties import Ridge


def problem(name, seed, alpha):
    rng = np.random.default_rng(seed)
    loss = LOSSES[name]
    outputs = 3 if loss.multiple else 1
    X = rng.normal(size=(40, 3)) * rng.uniform(0.1, 10.0, 3) + rng.normal(size=3)
    y = rng.integers(0, 2 + loss.multiple, 40).astype(float) if loss.task == "classification" else rng.normal(size=40)
    y = y if loss.accepts(y).all() else np.exp(y)
    return RowsObjective(ArrayRows(X, y), loss, outputs=outputs, ridge=Ridge(np.full(outputs * 3, alpha)))


def minimum(objective):
    """Newton's method with halved steps, to machine precision."""
    x, centre = np.zeros(objective.size), objective.rows.X.mean(axis=0)
    for _ in range(60):
        cost, gradient = objective.value_and_gradient(x)
        step = metric_at(objective, x, centre).solve(gradient)
        rate = 1.0
        while objective.value(x - rate * step) > cost and rate > 1e-12:
            rate /= 2
        x = x - rate * step
    return x, objective.value(x)


@pytest.mark.parametrize("name", sorted(LOSSES))
@given(seed=st.integers(0, 20), log_alpha=st.floats(-6, 0), far=st.floats(0, 2), draw=st.integers(0, 100))
def test_the_bound_holds_everywhere(name, seed, log_alpha, far, draw):
    """At any point the cost is above its minimum by no more than the bound, which is never above the cost."""
    objective = problem(name, seed, 10**log_alpha)
    best, least = minimum(objective)
    x = best + 10**-far * np.random.default_rng(draw).normal(size=best.size)
    metric = metric_at(objective, x, objective.rows.X.mean(axis=0))
    cost, gradient = objective.value_and_gradient(x)
    bound = gap_bound(objective, metric, cost, gradient)
    assert cost - least <= bound * (1 + 1e-9) + 1e-14
    assert bound <= cost


def certificate_of(objective, metric, x):
    cost, gradient = objective.value_and_gradient(x)
    return certify_fit(metric, gap_bound(objective, metric, cost, gradient), cost, gradient)


@pytest.mark.parametrize("name", sorted(name for name in LOSSES if LOSSES[name].concordant))
def test_near_the_minimum_the_bound_is_close(name):
    """Close to the minimum the bound is within a factor of two of the truth."""
    objective = problem(name, 3, 1e-2)
    best, least = minimum(objective)
    x = best + 1e-4
    metric = metric_at(objective, x, objective.rows.X.mean(axis=0))
    certificate = certificate_of(objective, metric, x)
    true = objective.value(x) - least
    assert true * (1 - 1e-9) <= certificate.gap <= 2 * true
    assert certificate.kind == "bound"
    assert f"{certificate.gap:.3g}" in certificate.text
    assert certificate.smallest_curvature >= -1e-12
    assert certificate.distance > 0


def test_a_minimum_that_is_not_unique_has_an_estimate():
    """Where columns repeat each other the certificate calls itself an estimate and says why."""
    X = np.random.default_rng(0).normal(size=(30, 2))[:, [0, 1, 1]]
    objective = RowsObjective(ArrayRows(X, X[:, 0] ** 2), LOSSES["squared"])
    x = np.zeros(4)
    certificate = certificate_of(objective, metric_at(objective, x, X.mean(axis=0)), x)
    assert certificate.kind == "estimate"
    assert "not unique" in certificate.text


def test_where_nothing_may_be_measured_the_cost_is_the_bound():
    """Without a reach that is of use, and without leave to measure it, no cost is below zero: that is all."""
    objective = problem("logistic", 0, 1e-3)
    x = np.ones(objective.size)
    metric = metric_at(objective, x, objective.rows.X.mean(axis=0))
    cost, gradient = objective.value_and_gradient(x)
    assert gap_bound(objective, metric, cost, gradient, measured=False) == cost
    assert gap_bound(objective, metric, cost, gradient, 1e9, measured=False) == cost
