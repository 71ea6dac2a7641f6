"""A loss averaged over rows is the mean it says it is."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.losses import LOSSES
from fallline.objectives.rows import RowsObjective
from fallline.penalties import Ridge

NAMES = sorted(LOSSES)


def problem(name, rows=50, intercept=True, **more):
    """Return a small problem of any loss: three columns, three classes where it wants several."""
    loss = LOSSES[name]
    rng = np.random.default_rng(5)
    outputs = 3 if loss.multiple else 1
    y = (
        rng.integers(0, 2 + loss.multiple, rows).astype(float)
        if loss.task == "classification"
        else rng.normal(size=rows)
    )
    y = y if loss.accepts(y).all() else np.exp(y)
    data = ArrayRows(rng.normal(size=(rows, 3)) + 2.0, y, rng.uniform(0.5, 2.0, rows))
    penalty = Ridge(np.tile([0.1, 0.2, 0.0], outputs))
    return RowsObjective(data, loss, outputs=outputs, ridge=penalty, intercept=intercept, **more)


def nearby(objective):
    """Return how far a stencil reaches: less where the loss has corners, and is a polynomial between them."""
    return 1e-3 if objective.loss.concordant else 1e-5


def point(objective):
    return np.random.default_rng(6).normal(size=objective.size)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_the_cost_is_the_weighted_mean_and_the_penalty(name, intercept):
    """The cost is the mean loss by weight plus the penalty on coefficients, the intercept being free."""
    objective = problem(name, intercept=intercept)
    x, rows = point(objective), objective.rows
    w, b = objective.split(x)
    z = rows.X @ w.T + b
    mean = np.average(objective.loss.value(rows.y, z if objective.loss.multiple else z[:, 0]), weights=rows.weights)
    assert objective.value(x) == pytest.approx(mean + objective.ridge.value(w.ravel()), rel=1e-13)
    assert x.size == objective.outputs * (3 + intercept)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_the_costs(name, intercept):
    """The gradient is that of the cost, by a five-point stencil."""
    objective = problem(name, intercept=intercept)
    x = point(objective)
    h, f = nearby(objective), objective.value
    slopes = [(8 * (f(x + e) - f(x - e)) - f(x + 2 * e) + f(x - 2 * e)) / (12 * h) for e in h * np.eye(x.size)]
    np.testing.assert_allclose(objective.value_and_gradient(x)[1], slopes, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_the_hessian_is_the_gradients(name, intercept):
    """Hessian products, few or many at once, are the changes of the gradient."""
    objective = problem(name, intercept=intercept)
    x, h = point(objective), nearby(objective)

    def slope(at):
        return objective.value_and_gradient(at)[1]

    hessian = np.array(
        [
            (8 * (slope(x + e) - slope(x - e)) - slope(x + 2 * e) + slope(x - 2 * e)) / (12 * h)
            for e in h * np.eye(x.size)
        ]
    )
    np.testing.assert_allclose(objective.hessian_products(x, np.eye(x.size)), hessian, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(objective.hessian_products(x, np.eye(x.size)[:2]), hessian[:2], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", ["squared", "logistic", "multinomial"])
def test_threads_change_no_bit(name):
    """One thread or two, cost, gradient and curvature have the same bits."""
    alone, together = (problem(name, rows=20_000, threads=threads) for threads in (1, 2))
    x = point(alone)
    assert alone.value(x) == together.value(x)
    assert alone.value_and_gradient(x)[1].tobytes() == together.value_and_gradient(x)[1].tobytes()
    centre = np.ones(3)
    assert alone.curvature(x, centre).tobytes() == together.curvature(x, centre).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_is_a_repetition(name):
    """A row of weight three counts as the row written three times."""
    objective = problem(name)
    times = np.random.default_rng(8).integers(0, 4, objective.rows.count)
    X, y, x = objective.rows.X, objective.rows.y, point(objective)
    weighted = RowsObjective(ArrayRows(X, y, times.astype(float)), objective.loss, outputs=objective.outputs)
    repeated = RowsObjective(
        ArrayRows(X.repeat(times, axis=0), y.repeat(times)), objective.loss, outputs=objective.outputs
    )
    assert weighted.value(x) == pytest.approx(repeated.value(x), rel=1e-13)
    np.testing.assert_allclose(weighted.value_and_gradient(x)[1], repeated.value_and_gradient(x)[1], atol=1e-13)


def test_evaluations_are_counted_once():
    """Asking twice for the same point costs, and counts, one evaluation."""
    objective = problem("logistic")
    x = point(objective)
    objective.value_and_gradient(x)
    objective.value(x)
    assert (objective.counts.function, objective.counts.gradient) == (1, 1)


def test_a_gradient_given_away_cannot_be_spoilt():
    """Writing into a gradient that was returned does not change the next answer."""
    objective = problem("squared")
    x = point(objective)
    first = objective.value_and_gradient(x)[1]
    kept = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(objective.value_and_gradient(x)[1], kept)
