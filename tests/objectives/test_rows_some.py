"""A cost over some of the rows."""

import numpy as np
import pytest
from scipy import sparse

from fallline.data.blocks import ArrayRows, Retargeted
from fallline.data.sparse import SparseRows
from fallline.errors import InputError
from fallline.losses import find
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_some import SomeRows, table_of
from fallline.penalties import Ridge

X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.random.default_rng(1).normal(size=12)
WEIGHTS = np.random.default_rng(2).uniform(0.5, 2.0, 12)


@pytest.mark.parametrize(
    "make", [lambda X: ArrayRows(X, Y, WEIGHTS), lambda X: SparseRows(sparse.csr_array(X), Y, WEIGHTS)]
)
def test_the_batches_of_an_epoch_average_to_the_whole(make):
    """Batches of equal size have the whole cost and gradient for their mean, weights and penalty included."""
    whole = RowsObjective(make(X), find("squared", "regression"), ridge=Ridge(np.full(3, 0.3)))
    some, x = SomeRows(whole, whole), np.arange(4.0)
    parts = [some.on(rows).value_and_gradient(x) for rows in np.random.default_rng(3).permutation(12).reshape(3, 4)]
    cost, gradient = whole.value_and_gradient(x)
    assert np.mean([part[0] for part in parts]) == pytest.approx(cost)
    np.testing.assert_allclose(np.mean([part[1] for part in parts], axis=0), gradient)


def test_rows_that_are_not_in_memory_are_refused():
    """A table that is read from elsewhere cannot be gone through in a random order, and the message says so."""
    with pytest.raises(InputError, match="not in memory"):
        table_of(Retargeted(ArrayRows(X, Y), Y))
