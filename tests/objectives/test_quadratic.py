"""A squared loss read once gives the costs and steps of its rows."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.data.moments import moments
from fallline.losses import LOSSES
from fallline.objectives.quadratic import QuadraticObjective
from fallline.objectives.rows import RowsObjective
from fallline.penalties import Ridge

TABLES = {
    "tidy": lambda rng: rng.normal(size=(200, 4)),
    "badly scaled": lambda rng: rng.normal(size=(200, 4)) * [1e-6, 1.0, 1e3, 1e6] + [0.0, 1e3, -1e5, 1e6],
    "two rows": lambda rng: rng.normal(size=(2, 1)),
    "one row": lambda rng: rng.normal(size=(1, 2)),
    "wide": lambda rng: rng.normal(size=(5, 12)),
    "collinear": lambda rng: rng.normal(size=(50, 2))[:, [0, 1, 1]],
    "constant column": lambda rng: np.column_stack([rng.normal(size=50), np.full(50, 7.0)]),
}


def pair(table, name="squared", alpha=0.0, intercept=True, target=None):
    rng = np.random.default_rng(0)
    X = TABLES[table](rng)
    y = rng.normal(size=len(X)) + 3.0 if target is None else target(X)
    penalty = Ridge(np.full(X.shape[1], alpha)) if alpha else None
    rows = RowsObjective(ArrayRows(X, y), LOSSES[name], ridge=penalty, intercept=intercept)
    return rows, QuadraticObjective(rows, moments(rows.rows)[0])


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", ["squared", "mse"])
@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("intercept", [True, False])
def test_costs_and_gradients_are_the_rows(table, name, alpha, intercept):
    """Anywhere, near or far, cost and gradient are those of the rows to ten digits."""
    rows, quadratic = pair(table, name, alpha, intercept)
    rng = np.random.default_rng(1)
    for scale in (0.0, 1e-3, 1.0, 1e6):
        x = quadratic.solution + scale * rng.normal(size=rows.size)
        cost, gradient = rows.value_and_gradient(x)
        near, slope = quadratic.value_and_gradient(x)
        assert near == pytest.approx(cost, rel=1e-10, abs=1e-20)
        np.testing.assert_allclose(slope, gradient, rtol=1e-8, atol=1e-8 * max(np.abs(gradient).max(), 1e-6))
    np.testing.assert_allclose(
        quadratic.hessian_products(x, np.eye(x.size)), rows.hessian_products(x, np.eye(x.size)), rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize("table", TABLES)
def test_a_thousand_steps_are_the_rows(table):
    """A thousand steps of plain descent, row by row and by the Gram matrix, agree to nine digits, costs to ten."""
    rows, quadratic = pair(table)
    rate = 1.9 / np.linalg.eigvalsh(rows.hessian_products(np.zeros(rows.size), np.eye(rows.size)))[-1]
    x = u = np.zeros(rows.size)
    for _ in range(1000):
        x, u = x - rate * rows.value_and_gradient(x)[1], u - rate * quadratic.value_and_gradient(u)[1]
    np.testing.assert_allclose(u, x, rtol=1e-9, atol=1e-9 * np.abs(x).max())
    # below the rounding of the first cost only rounding is left to compare
    assert quadratic.value(u) == pytest.approx(rows.value(x), rel=1e-10, abs=1e-16 * rows.value(np.zeros(rows.size)))


@pytest.mark.parametrize("table", TABLES)
def test_the_solution_is_least_squares(table):
    """The minimiser reaches the cost of a direct factorisation."""
    rows, quadratic = pair(table)
    X, y = rows.rows.X, rows.rows.y
    about = X - X.mean(axis=0)
    scale = np.where(about.any(axis=0), np.abs(about).max(axis=0), 1.0)
    w = np.linalg.lstsq(about / scale, y - y.mean(), rcond=1e-10)[0] / scale
    best = 0.5 * np.mean((y - y.mean() - about @ w) ** 2)
    assert rows.value(quadratic.solution) == pytest.approx(best, rel=1e-10, abs=1e-20)


def test_a_perfect_fit_costs_nothing():
    """Where a plane goes through all rows, the cost at the solution is zero to rounding."""
    rows, quadratic = pair("badly scaled", target=lambda X: X @ [1e6, 1.0, 1e-3, 1e-6] + 5.0)
    assert rows.value(quadratic.solution) < 1e-16
