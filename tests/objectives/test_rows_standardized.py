"""A cost in the coefficients of standardised columns."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.losses import LOSSES
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_standardized import StandardizedObjective


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", ["squared", "multinomial"])
def test_it_is_the_cost_of_standardised_columns(name, intercept):
    """Cost, gradient and Hessian are those of the columns centred and scaled by hand, a constant column as it is."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(5.0, 2.0, 40), rng.normal(-1.0, 100.0, 40), np.full(40, 3.0)])
    loss, y = LOSSES[name], rng.integers(0, 3, 40).astype(float)
    outputs = 3 if loss.multiple else 1
    mean, spread = X.mean(axis=0), X.std(axis=0)
    units = StandardizedObjective(
        RowsObjective(ArrayRows(X, y), loss, outputs=outputs, intercept=intercept), mean, spread, outputs, intercept
    )
    scaled = (X - mean * intercept) / np.where(spread > 0, spread, 1.0)
    by_hand = RowsObjective(ArrayRows(scaled, y), loss, outputs=outputs, intercept=intercept)
    u = rng.normal(size=units.size)
    for a, b in zip(units.value_and_gradient(u), by_hand.value_and_gradient(u), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        units.hessian_products(u, np.eye(u.size)), by_hand.hessian_products(u, np.eye(u.size)), atol=1e-10
    )
    np.testing.assert_allclose(units.from_data(units.to_data(u)), u, rtol=1e-12)
