"""The Hessian over rows as a metric."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.data.moments import longest_row
from fallline.losses import LOSSES
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import metric_at
from fallline.penalties import Ridge


def objective_of(name, X, alpha=0.1, intercept=True):
    loss = LOSSES[name]
    outputs = 3 if loss.multiple else 1
    y = np.random.default_rng(0).integers(0, 2 + loss.multiple, len(X)).astype(float)
    penalty = Ridge(np.full(outputs * X.shape[1], alpha)) if alpha else None
    return RowsObjective(ArrayRows(X, y), loss, outputs=outputs, ridge=penalty, intercept=intercept)


def table(offset=0.0):
    return np.random.default_rng(1).normal(size=(60, 3)) * [1.0, 10.0, 0.1] + offset


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", ["squared", "logistic", "multinomial"])
def test_it_is_the_inverse_of_the_hessian(name, intercept):
    """Solving with the metric undoes the Hessian, and its lengths are those of the inverse."""
    X = table(offset=3.0)
    objective = objective_of(name, X, intercept=intercept)
    x = 0.1 * np.random.default_rng(2).normal(size=objective.size)
    metric = metric_at(objective, x, X.mean(axis=0))
    hessian = objective.hessian_products(x, np.eye(x.size))
    np.testing.assert_allclose(metric.plain(), hessian, atol=1e-10)
    gradient = objective.value_and_gradient(x)[1]
    step = metric.solve(gradient)
    np.testing.assert_allclose(hessian @ step, gradient, rtol=1e-7, atol=1e-10)
    assert metric.decrement(gradient) == pytest.approx(np.sqrt(gradient @ step), rel=1e-9)
    assert metric.defect == 0


def test_large_offsets_cost_no_digits():
    """Columns a million spreads away from zero give the step of the same columns about zero."""
    steps = []
    for offset in (0.0, 1e6):
        X = np.round(table(), 6) + offset
        objective = objective_of("logistic", X, alpha=0)
        x = np.zeros(objective.size)
        steps.append(metric_at(objective, x, X.mean(axis=0)).solve(objective.value_and_gradient(x)[1])[:3])
    np.testing.assert_allclose(steps[1], steps[0], rtol=1e-5)


@pytest.mark.parametrize("name", ["squared", "logistic", "multinomial"])
def test_defects_are_counted_but_not_what_is_so_by_nature(name):
    """A repeated column is a defect for each predictor; a constant column and the softmax's own freedom are none."""
    X = np.column_stack([table(), np.full(60, 17.0)])
    free = objective_of(name, X, alpha=0)
    assert metric_at(free, np.zeros(free.size), X.mean(axis=0)).defect == 0
    twice = np.column_stack([X, X[:, 1]])
    bound = objective_of(name, twice, alpha=0)
    contrasts = max(1, bound.outputs - 1)
    assert metric_at(bound, np.zeros(bound.size), twice.mean(axis=0)).defect == contrasts


@pytest.mark.parametrize("name", ["logistic", "multinomial"])
def test_no_step_of_length_one_reaches_further(name):
    """No row's predictors change by more than the reach over any step of length one in the metric."""
    X = table()
    objective = objective_of(name, X)
    metric = metric_at(objective, np.zeros(objective.size), X.mean(axis=0))
    mean, spread = X.mean(axis=0), X.std(axis=0)
    furthest, hessian = metric.furthest(objective), metric.plain()
    assert furthest <= metric.reach(longest_row(objective.rows, mean, spread), spread)
    for step in np.random.default_rng(3).normal(size=(200, objective.size)):
        w, b = objective.split(step / np.sqrt(step @ hessian @ step))
        z = X @ w.T + b
        change = np.abs(z) if objective.outputs == 1 else np.ptp(z, axis=1)
        assert change.max() <= furthest * (1 + 1e-9)


@pytest.mark.parametrize("enough", [1e-3, 3.0, 10.0, 1e3])
def test_what_is_enough_need_not_be_measured(enough):
    """The reach is measured where it matters: no less than it is, or below what is enough; a dear one is spared."""
    X = table()
    objective = objective_of("logistic", X)
    x = 0.1 * np.random.default_rng(3).normal(size=objective.size)
    metric = metric_at(objective, x, X.mean(axis=0))
    furthest = metric.furthest(objective)
    measured = metric.within(objective, x, 1.0, enough)
    spared = metric.within(objective, x, 1.0, enough, sparing=True)
    assert measured == pytest.approx(furthest) if furthest > enough else furthest * (1 - 1e-12) <= measured <= enough
    # a row of weight one in sixty is settled from a reach of 2/√(1/60) = 15.5 on
    assert spared == (measured if enough > 15.5 else np.inf)
