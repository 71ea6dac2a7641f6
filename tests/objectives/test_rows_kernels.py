"""Compiled kernels give what plain arithmetic gives, however the table lies, and run anywhere."""

import inspect
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from fallline.data.blocks import ArrayRows
from fallline.data.sparse import SparseRows
from fallline.losses import LOSSES
from fallline.losses.huber import Huber
from fallline.losses.squared import Squared
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_kernels import product_kernel, row_kernel, scratch_for, survey_kernel
from fallline.objectives.rows_layouts import layout_name, operand

RNG = np.random.default_rng(0)
CELLS = np.where(RNG.random((1100, 7)) < 0.5, RNG.normal(size=(1100, 7)), 0.0).astype(np.float32).astype(float)
Y, WEIGHTS = RNG.integers(0, 2, 1100).astype(float), RNG.uniform(0.0, 2.0, 1100)
W, B, V, C = RNG.normal(size=7), 0.3, RNG.normal(size=7), -0.2


def wide(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


TABLES = {
    "rows": lambda X: ArrayRows(X, Y, WEIGHTS),
    "columns": lambda X: ArrayRows(np.asfortranarray(X), Y, WEIGHTS),
    "sparse": lambda X: SparseRows(sparse.csr_array(X), Y, WEIGHTS),
    "sparse, 64-bit": lambda X: SparseRows(wide(sparse.csr_array(X)), Y, WEIGHTS),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("loss", [LOSSES["logistic"], Huber(0.5)], ids=str)
def test_kernels_are_plain_arithmetic(loss, table, dtype):
    """Cost, gradient, Hessian and its products are the sums that they stand for, in double precision throughout."""
    block = TABLES[table](CELLS.astype(dtype)).block(0)
    X, kind = operand(block), type(loss)
    layout, given = layout_name(block), (loss.parameters, X, block.y, block.weights, W, B)
    z, columns = CELLS @ W + B, np.column_stack([CELLS, np.ones(1100)])
    value, slope = WEIGHTS * loss.value(Y, z), WEIGHTS * loss.derivative(Y, z)
    expected = np.concatenate([[value.sum()], slope @ columns])
    np.testing.assert_allclose(row_kernel(kind, layout)(*given), expected, rtol=1e-12, atol=1e-12)
    bend = WEIGHTS * loss.curvature(Y, z)
    products = (bend * (CELLS @ V + C)) @ columns
    np.testing.assert_allclose(product_kernel(kind, layout)(*given, V, C), products, rtol=1e-12, atol=1e-12)
    centred = np.column_stack([CELLS - V, np.ones(1100)])
    survey = survey_kernel(kind, layout)(*given, V, scratch_for(7))
    np.testing.assert_allclose(np.tril(survey[:8, :8]), np.tril((centred.T * bend) @ centred), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(survey[8], np.append(slope @ centred, value.sum()), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("table", TABLES)
def test_threads_change_no_bit(table):
    """One thread or two, cost, gradient, Hessian and products have the same bits, however the table lies."""
    X, y = np.tile(CELLS, (9, 1)), np.tile(Y, 9)
    given = {"rows": X, "columns": np.asfortranarray(X)}.get(table, sparse.csr_array(X))
    rows = (ArrayRows if isinstance(given, np.ndarray) else SparseRows)(given, y, np.tile(WEIGHTS, 9))
    alone, together = (RowsObjective(rows, LOSSES["logistic"], threads=count) for count in (1, 2))
    x = np.append(W, B)
    assert alone.value_and_gradient(x)[1].tobytes() == together.value_and_gradient(x)[1].tobytes()
    assert alone.curvature(x, V).tobytes() == together.curvature(x, V).tobytes()
    assert alone.hessian_products(x, x[None]).tobytes() == together.hessian_products(x, x[None]).tobytes()


def test_a_formula_is_compiled_once_for_all_parameters():
    """Losses that differ by their parameters share one compiled kernel, and each has its own values."""
    kernel = row_kernel(Huber, "rows")
    rows = np.ones((3, 1)), np.zeros(3), np.ones(3), np.array([4.0]), 0.0
    assert kernel(Huber(1.0).parameters, *rows)[0] == 10.5
    compiled = inspect.getclosurevars(kernel).nonlocals["run"]
    count = len(compiled.signatures)
    assert kernel(Huber(2.0).parameters, *rows)[0] == 18.0
    assert len(compiled.signatures) == count


@pytest.mark.parametrize("count", [0, 1, 3, 16, 17, 64, 65])
@pytest.mark.parametrize("columns", [1, 2, 5, 300])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_remainder_is_summed(order, columns, count):
    """Rows and columns that do not fill a strip are summed like all others."""
    rng = np.random.default_rng(count)
    X, y, w = rng.normal(size=(count, columns)), rng.normal(size=count), rng.normal(size=columns)
    block = ArrayRows(np.asarray(X, order=order), y).block(0)
    residual = X @ w + 1.0 - y
    expected = np.concatenate([[0.5 * residual @ residual], residual @ X, [residual.sum()]])
    got = row_kernel(Squared, layout_name(block))((), operand(block), y, np.ones(count), w, 1.0)
    np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-11)


def test_a_cost_out_of_bounds_is_told_as_it_is():
    """A diverging run sees infinity and not a number where plain arithmetic would."""
    kernel = row_kernel(Squared, "rows")
    with np.errstate(all="ignore"):
        assert kernel((), np.ones((3, 1)), np.zeros(3), np.ones(3), np.array([1e200]), 0.0)[0] == np.inf
        assert np.isnan(kernel((), np.ones((3, 1)), np.zeros(3), np.ones(3), np.array([np.nan]), 0.0)[0])


PROGRAM = """
import numpy as np
from fallline.losses.poisson import Poisson
from fallline.objectives.rows_kernels import row_kernel
kernel = row_kernel(Poisson, "rows")
print(f"{kernel(Poisson().parameters, np.ones((2, 1)), np.ones(2), np.ones(2), np.array([1.0]), 0.0)[0]:.6f}")
"""

HITS = "print(sum(run.stats.cache_hits.values()))"


def run_elsewhere(program, **settings):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | settings
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)


def test_kernels_work_where_nothing_can_be_written(tmp_path):
    """Without a place for its cache the compiled code is made anew, and the fit succeeds."""
    nowhere = "import numba.core.caching as caching\ncaching.CacheImpl._locator_classes = []\n"
    assert run_elsewhere(nowhere + PROGRAM).stdout.split() == ["1.436564"]


def test_compiled_kernels_are_kept_between_processes(tmp_path):
    """A second process finds what the first has compiled, and computes the same."""
    told = PROGRAM + "import inspect\nrun = inspect.getclosurevars(kernel).nonlocals['run']\n" + HITS
    answers = [run_elsewhere(told, NUMBA_CACHE_DIR=str(tmp_path)).stdout.split() for _ in range(2)]
    assert answers == [["1.436564", "0"], ["1.436564", "1"]]
