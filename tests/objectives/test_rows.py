"""A loss averaged over rows is the mean it says it is."""

import numpy as np
import pytest
from scipy import sparse

import fallline.objectives.rows
from fallline.data.blocks import ArrayRows
from fallline.data.sparse import SparseRows
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


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", ["logistic", "poisson", "huber"])
def test_a_hessian_foreseen_is_the_one_that_is_asked_for(name, intercept, order):
    """Measured with the gradient or by itself, cost, gradient and Hessian are the same, at zero and elsewhere."""
    rng = np.random.default_rng(0)
    X = np.asarray(rng.normal(size=(5003, 6)) + 10.0, order=order)
    rows = ArrayRows(X, rng.integers(0, 2, 5003).astype(float), rng.random(5003))
    ridge, centre = Ridge(np.full(6, 0.1)), X.mean(axis=0)
    plain, ahead = (RowsObjective(rows, LOSSES[name], ridge=ridge, intercept=intercept) for _ in range(2))
    ahead.foresee_curvature(centre)
    about = centre if intercept else np.zeros(6)
    for x in (np.zeros(plain.size), 0.1 * rng.normal(size=plain.size)):
        for mine, other in zip(ahead.value_and_gradient(x), plain.value_and_gradient(x), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(ahead.curvature(x, about), plain.curvature(x, about), rtol=1e-11, atol=1e-11)
        elsewhere = np.ones(6)
        np.testing.assert_allclose(ahead.curvature(x, elsewhere), plain.curvature(x, elsewhere), rtol=1e-11, atol=1e-9)


def test_sparse_rows_have_the_predictors_and_gradients_of_dense_ones():
    """Compiled or not, predictors and what slopes make of them do not depend on how a table is kept."""
    rng = np.random.default_rng(0)
    X = np.where(rng.random((4000, 30)) < 0.3, rng.normal(size=(4000, 30)), 0.0)
    w, b, slopes = rng.normal(size=(1, 30)), np.array([0.5]), rng.normal(size=4000)
    for intercept in (True, False):
        full, thin = (
            RowsObjective(rows, LOSSES["logistic"], intercept=intercept)
            for rows in (ArrayRows(X, np.zeros(4000)), SparseRows(sparse.csr_array(X), np.zeros(4000)))
        )
        expected = full.predictors(full.rows.block(0), w, b)
        np.testing.assert_allclose(thin.predictors(thin.rows.block(0), w, b), expected, atol=1e-12)
        expected = full.pull_back(full.rows.block(0).X, slopes)
        np.testing.assert_allclose(thin.pull_back(thin.rows.block(0).X, slopes), expected, atol=1e-10)


@pytest.mark.parametrize("often", [True, False])
@pytest.mark.parametrize("name", ["logistic", "squared"])
def test_only_what_is_asked_for_often_is_compiled(name, often, monkeypatch):
    """With many Hessians to come, these are compiled and the cost alone is not; otherwise the other way round."""
    asked = []
    for kernel in ("row_kernel", "survey_kernel"):
        found = getattr(fallline.objectives.rows, kernel)
        monkeypatch.setattr(
            fallline.objectives.rows, kernel, lambda *key, n=kernel, f=found: (asked.append(n), f(*key))[1]
        )
    compiled, plain = problem(name, rows=8000), problem(name, rows=8000)
    compiled.bends_often = often
    monkeypatch.setattr(type(plain), "_compiles", property(lambda self: self is compiled))
    x, centre = point(plain), np.array([2.0, 1.0, 0.0])
    cost, gradient = compiled.value_and_gradient(x)
    assert cost == pytest.approx(plain.value(x), rel=1e-12)
    np.testing.assert_allclose(gradient, plain.value_and_gradient(x)[1], rtol=1e-11)
    np.testing.assert_allclose(compiled.curvature(x, centre), plain.curvature(x, centre), rtol=1e-11, atol=1e-13)
    assert asked == ["survey_kernel" if often else "row_kernel"]
