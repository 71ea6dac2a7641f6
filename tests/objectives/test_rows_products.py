"""Products with the Hessian at a point are those with the matrix."""

import numpy as np
import pytest
from scipy import sparse

from fallline.data.blocks import ArrayRows
from fallline.data.sparse import SparseRows
from fallline.losses import LOSSES
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_products import diagonal_of, products_at
from fallline.penalties import Ridge


@pytest.mark.parametrize("kind", ["rows", "columns", "sparse"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_products_are_those_of_the_hessian(kind, outputs):
    """Vectors times the Hessian and its diagonal, with weights and a penalty, of one output and of several."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 6))
    table = {"rows": X, "columns": np.asfortranarray(X)}.get(kind, sparse.csr_array(X))
    y = rng.integers(2 if outputs == 1 else 3, size=5000).astype(float)
    rows = (SparseRows if kind == "sparse" else ArrayRows)(table, y, rng.random(5000))
    loss = LOSSES["logistic" if outputs == 1 else "multinomial"]
    objective = RowsObjective(rows, loss, outputs=outputs, ridge=Ridge(np.full(6 * outputs, 0.1)))
    x, direction = rng.normal(size=(2, objective.size))
    hessian = objective.curvature(x, np.zeros(6))
    bends, product = products_at(objective, x)
    np.testing.assert_allclose(product(direction), hessian @ direction, rtol=1e-10)
    np.testing.assert_allclose(diagonal_of(objective, bends), np.diag(hessian), rtol=1e-10)
