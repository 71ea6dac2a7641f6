"""Products with the Hessian of a cost over rows at one point, the rows' curvatures being measured once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fallline.data.blocks import Block, Retargeted
from fallline.data.kernels import WORTH_A_KERNEL
from fallline.data.sparse import is_sparse, with_cells
from fallline.data.sums import each_block, sum_blocks
from fallline.losses.multinomial import Multinomial
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_gram import centred, sparse_gram, square_gram
from fallline.objectives.rows_kernels import turn_kernel
from fallline.objectives.rows_layouts import layout_name, operand

__all__ = ["diagonal_of", "guarded_bends", "hessian_with", "product_with", "products_at"]


def products_at(objective: RowsObjective, x: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Return how the rows bend at `x`, and what multiplies a vector with the Hessian.

    For one output the first are the weights times the curvatures, shape (n,), for several the probabilities of the
    classes, shape (n, outputs).

    Parameters
    ----------
    objective : RowsObjective
        Of a single output, or of the softmax loss.
    x : array, shape (size,)

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> rows = ArrayRows(np.array([[1.0], [2.0]]), np.array([3.0, 5.0]))
    >>> bends, product = products_at(RowsObjective(rows, find("mse", "regression")), np.zeros(2))
    >>> bends, product(np.array([1.0, 0.0]))
    (array([2., 2.]), array([5., 3.]))
    """
    w, b = objective.split(x)

    def measure(block: Block) -> np.ndarray:
        loss = objective.loss
        if isinstance(loss, Multinomial):
            return loss.chances(objective.predictors(block, w, b))
        return objective.bends(block, w, b)

    bends = np.concatenate(each_block(objective.rows, measure, objective.threads))
    return bends, product_with(objective, bends)


def guarded_bends(objective: RowsObjective, x: np.ndarray, far: float) -> np.ndarray:
    """Return how the rows bend at `x`, shape (n,), of one output: for itself alone no row would go further than `far`.

    A row far on the wrong side has slope and hardly any curvature: its quadratic would be least where no cost is known.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> rows = ArrayRows(np.array([[1.0], [100.0]]), np.ones(2))
    >>> guarded_bends(RowsObjective(rows, find("logistic", "classification")), np.array([-1.0, 0.0]), 1e3).round(4)
    array([0.1966, 0.001 ])
    """
    w, b = objective.split(x)
    loss = objective.loss
    if loss.task == "regression" and np.isfinite(loss.steepest):
        # predictors are in the target's units
        far = max(far, 4 * float(np.std(objective.rows.targets()[0])))

    def measure(block: Block) -> np.ndarray:
        z = objective.predictors(block, w, b)[:, 0]
        return block.weights * np.maximum(loss.curvature(block.y, z), np.abs(loss.derivative(block.y, z)) / far)

    return np.concatenate(each_block(objective.rows, measure, objective.threads))


def hessian_with(objective: RowsObjective, bends: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return the Hessian of rows that bend so, of one output, in the parameters of ``(X - centre)·w + b``.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> objective = RowsObjective(ArrayRows(np.array([[1.0], [3.0]]), np.zeros(2)), find("mse", "regression"))
    >>> hessian_with(objective, np.array([4.0, 4.0]), np.array([2.0]))
    array([[4., 0.],
           [0., 4.]])
    """
    crowded, intercept = objective.rows.crowded, objective.intercept

    def products(block: Block) -> np.ndarray:
        if crowded:
            return square_gram(centred(block, centre, intercept), block.y)
        return sparse_gram(block, np.ones((len(block.y), int(intercept))), block.y, centre)

    rows = Retargeted(objective.rows, bends)
    hessian = sum_blocks(rows, products, objective.threads_to_multiply) / objective.total
    if objective.ridge is not None:
        place = np.arange(objective.coefficients)
        hessian[place, place] += objective.ridge.strength
    return hessian


def product_with(objective: RowsObjective, bends: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return what multiplies a vector, shape (size,), with the Hessian of rows that bend so."""
    rows, term_along = Retargeted(objective.rows, bends), _along if objective.outputs > 1 else _along_one

    def product(direction: np.ndarray) -> np.ndarray:
        objective.counts.curvature += 1
        term = term_along(objective, *objective.split(direction))
        turned = sum_blocks(rows, term, objective.threads)[: objective.size] / objective.total
        if objective.ridge is not None:
            turned[: objective.coefficients] += objective.ridge.strength * direction[: objective.coefficients]
        return turned

    return product


def _along_one(objective: RowsObjective, v: np.ndarray, c: np.ndarray) -> Callable[[Block], np.ndarray]:
    """Return the function that gives a block's part of a product, for one output: its targets are its curvatures."""
    if objective.rows.cells < WORTH_A_KERNEL:
        return lambda block: objective.pull_back(block.X, block.y * objective.predictors(block, v, c)[:, 0])
    kernel, along = turn_kernel(layout_name(objective.rows.block(0))), (np.ascontiguousarray(v[0]), float(c[0]))
    return lambda block: kernel(operand(block), block.y, *along)


def _along(objective: RowsObjective, v: np.ndarray, c: np.ndarray) -> Callable[[Block], np.ndarray]:
    """Return the same for several outputs."""

    def term(block: Block) -> np.ndarray:
        share, change = block.y, objective.predictors(block, v, c)
        change -= (share * change).sum(axis=1)[:, None]
        change *= share
        change *= block.weights[:, None]
        return objective.pull_back(block.X, change)

    return term


def diagonal_of(objective: RowsObjective, bends: np.ndarray) -> np.ndarray:
    """Return the diagonal of the Hessian, shape (size,), from how the rows bend.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> rows = ArrayRows(np.array([[1.0], [3.0]]), np.zeros(2))
    >>> diagonal_of(RowsObjective(rows, find("mse", "regression")), np.array([2.0, 2.0]))
    array([10.,  2.])
    """

    def squares(block: Block) -> np.ndarray:
        X = with_cells(block.X, np.square(block.X.data, dtype=np.float64)) if is_sparse(block.X) else block.X**2
        own = block.y[:, None]
        if objective.outputs > 1:
            own = block.weights[:, None] * block.y * (1 - block.y)
        return objective.pull_back(X, own)

    diagonal = sum_blocks(Retargeted(objective.rows, bends), squares, objective.threads)[: objective.size]
    diagonal /= objective.total
    if objective.ridge is not None:
        diagonal[: objective.coefficients] += objective.ridge.strength
    return diagonal
