"""The fused row kernel, which reads each row once for cost and gradient, against a plain read of the same memory."""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import scipy.sparse
from harness import compare

from fallline.data.blocks import ArrayRows
from fallline.data.sparse import SparseRows
from fallline.data.sums import available_threads
from fallline.losses import LOSSES
from fallline.objectives.rows import RowsObjective

ROWS, COLUMNS, DENSITY = 400_000, 100, 0.05
BAR = 0.8


@numba.njit(nogil=True, fastmath=True)
def read(cells):
    """Add up all cells, on one thread."""
    total = 0.0
    for i in range(len(cells)):
        total += cells[i]
    return total


def read_by_all(cells, pool, threads):
    """Add up all cells, an equal part of them on each thread."""
    return sum(pool.map(read, np.array_split(cells, threads)))


def two_passes(X, y, x):
    """Return the logistic cost and gradient as NumPy writes them, the table being read twice."""
    z = X @ x[:-1] + x[-1]
    slope = 1 / (1 + np.exp(-z)) - y
    return np.mean(np.logaddexp(0, z) - y * z), np.append(slope @ X, slope.sum()) / len(y)


def fused(rows, name, x):
    """Return a callable that makes one evaluation: an objective remembers only its last point."""
    objective = RowsObjective(rows, LOSSES[name])
    points = [x, x + 1e-9]

    def evaluate():
        points.reverse()
        return objective.value_and_gradient(points[0])

    return evaluate


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X, x = rng.normal(size=(ROWS, COLUMNS)), 0.1 * rng.normal(size=COLUMNS + 1)
    y = (rng.random(ROWS) < 0.5).astype(float)
    threads = available_threads()
    by_rows, by_columns = ArrayRows(X, y), ArrayRows(np.asfortranarray(X), y)
    narrow = ArrayRows(X.astype(np.float32), y)
    sparse = SparseRows(scipy.sparse.random_array((ROWS, COLUMNS), density=DENSITY, rng=0, format="csr"), y)
    plain = f"a plain read, {threads} threads"
    with ThreadPoolExecutor(threads) as pool:
        medians = compare(
            f"Cost and gradient over {ROWS:,} × {COLUMNS}",
            {
                plain: lambda: read_by_all(X.ravel(), pool, threads),
                "squared": fused(by_rows, "squared", x),
                "logistic": fused(by_rows, "logistic", x),
                "poisson": fused(by_rows, "poisson", x),
                "squared, columns": fused(by_columns, "squared", x),
                "logistic, columns": fused(by_columns, "logistic", x),
                "logistic, float32": fused(narrow, "logistic", x),
                f"logistic, sparse, {DENSITY:.0%} kept": fused(sparse, "logistic", x),
                "logistic in NumPy, two passes": lambda: two_passes(X, y, x),
            },
            repeats=9,
        )
    for name in ("squared", "logistic"):
        share = medians[plain] / medians[name]
        print(f"\n{name}: **{share:.0%}** of the plain read's speed (bar: {BAR:.0%}).")
