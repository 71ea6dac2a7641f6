"""The program of a loss over rows is the loss over rows."""

import jax
import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.losses import LOSSES, find
from fallline.models.one_vs_rest import OneVsRest
from fallline.objectives.lifted import compiled
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_program import program_of
from fallline.penalties import Ridge

rng = np.random.default_rng(8)
X = rng.normal(size=(30, 4))
EVERY = [*LOSSES.values(), OneVsRest(find("hinge", "classification"))]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("loss", EVERY, ids=str)
def test_cost_and_gradient_are_those_of_the_rows(loss, intercept, dtype):
    """For every loss, with weights and a ridge, over all rows and over some; exactly at corners too, as at zero."""
    y = rng.integers(0, 3 if loss.multiple else 2, 30) + (0.5 if loss.name == "gamma" else 0.0)
    weights, outputs = rng.uniform(0.5, 2, 30), 3 if loss.multiple else 1
    rows = ArrayRows(X.astype(dtype), y.astype(np.float64), weights)
    smooth = RowsObjective(rows, loss, outputs=outputs, ridge=Ridge(np.full(4 * outputs, 0.3)), intercept=intercept)
    program = program_of(smooth)
    some = program.on(3)
    part = tuple(array[5:8] for array in program.data)
    few = ArrayRows(*(np.asarray(array) for array in part))
    over_few = RowsObjective(few, loss, outputs=outputs, ridge=smooth.ridge, intercept=intercept)
    over_few.total = 3.0
    for x in (np.zeros(smooth.size), rng.normal(size=smooth.size)):
        with jax.enable_x64(True):
            cost, gradient = compiled(program, "point")(x, program.constants)
            cost_of_few = compiled(some, "value")(x, (*part, *some.constants))
        expected = smooth.value_and_gradient(x)
        assert float(cost_of_few) == pytest.approx(over_few.value(x), rel=1e-12)
        assert float(cost) == pytest.approx(expected[0], rel=1e-12)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-6 if dtype == np.float32 else 1e-11, atol=1e-12)
