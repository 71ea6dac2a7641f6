"""Changes of predictors are those of NumPy, however a table lies."""

import numpy as np
import pytest
from scipy import sparse

from fallline.data.blocks import ArrayRows
from fallline.data.sparse import SparseRows
from fallline.losses import LOSSES
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_reach import largest_change

X = np.random.default_rng(0).normal(size=(5003, 5)) * [1.0, 10.0, 0.1, 0.0, 3.0]


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("kind", ["rows", "columns", "sparse"])
def test_the_largest_change(outputs, kind):
    """For one output it is the predictor's, for several that of their range."""
    loss = LOSSES["logistic" if outputs == 1 else "multinomial"]
    table = {"rows": X, "columns": np.asfortranarray(X)}.get(kind, sparse.csr_array(X))
    rows = (SparseRows if kind == "sparse" else ArrayRows)(table, np.zeros(5003))
    objective = RowsObjective(rows, loss, outputs=outputs)
    step = np.random.default_rng(2).normal(size=objective.size)
    w, b = objective.split(step)
    z = X @ w.T + b
    expected = np.abs(z).max() if outputs == 1 else np.ptp(z, axis=1).max()
    np.testing.assert_allclose(largest_change(objective, step), expected)
