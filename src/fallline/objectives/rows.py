"""A loss averaged over rows, with its penalty, as an objective."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.data.blocks import Block, Rows
from fallline.data.kernels import WORTH_A_KERNEL
from fallline.data.sparse import is_sparse, with_cells
from fallline.data.sums import WORTH_A_THREAD, available_threads, sum_blocks
from fallline.errors import DataError
from fallline.losses import Loss
from fallline.losses.multinomial import Multinomial
from fallline.objectives.base import Objective
from fallline.objectives.rows_gram import centred, gram, softmax_gram, sparse_gram
from fallline.objectives.rows_kernels import (
    predict_kernel,
    product_kernel,
    pull_kernel,
    row_kernel,
    scratch_for,
    survey_kernel,
)
from fallline.objectives.rows_layouts import layout_name, operand
from fallline.penalties import Ridge

__all__ = ["RowsObjective"]

WORTH_THREADS = 1e8
"""Operations of a Hessian from which a second thread is worth its start."""

FEW = 64
"""Columns up to which the Hessian, measured with the gradient, costs less than twice as much as alone."""


class RowsObjective(Objective):
    """The cost ``(1/Σs) Σ s·loss(y, X·w + b) + ridge(w)``, the ridge being part of the gradient.

    Parameters are flat: the coefficients `w`, shape (outputs, d) by rows, then the intercepts `b`, shape (outputs,),
    where there are any.

    Parameters
    ----------
    rows : Rows
        `n` rows of `d` columns.
    loss : Loss
    outputs : int
        Predictors: one for each class where the loss wants them.
    ridge : Ridge, optional
        On the coefficients, never on intercepts.
    intercept : bool
    threads : int, optional
        As many as there are processors by default; the bits do not depend on it.

    Attributes
    ----------
    bends_often : bool
        Set where Hessians will be asked for again and again: a compiled loop forms them, and NumPy otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> rows = ArrayRows(np.array([[1.0], [2.0]]), np.array([3.0, 5.0]))
    >>> RowsObjective(rows, find("mse", "regression")).value_and_gradient(np.array([2.0, 0.0]))
    (1.0, array([-3., -2.]))
    """

    source = "compiled"

    def __init__(
        self,
        rows: Rows,
        loss: Loss,
        *,
        outputs: int = 1,
        ridge: Ridge | None = None,
        intercept: bool = True,
        threads: int | None = None,
    ) -> None:
        super().__init__()
        self.rows, self.loss, self.outputs, self.intercept, self.threads = rows, loss, outputs, intercept, threads
        self.ridge, self.total = ridge, rows.total
        self.coefficients = outputs * rows.columns
        self.size = self.coefficients + (outputs if intercept else 0)
        self.dtype = np.dtype(np.float64)
        self._known: tuple[bytes, float, np.ndarray] | None = None
        self.bends_often = False
        self._centre: np.ndarray | None = None
        self._surveyed: tuple[bytes, np.ndarray] | None = None

    def foresee_curvature(self, centre: np.ndarray) -> None:
        """Let evaluations measure the Hessian in columns about `centre`, shape (d,), as well, where it comes cheap.

        Few columns are quicker to read once for both than twice; a search that rejects a point has read them in vain.
        """
        if self._compiles and self._surveys and self.rows.columns <= FEW:
            self._centre = centre if self.intercept else np.zeros_like(centre)

    def value(self, x: np.ndarray) -> float:
        return self.value_and_gradient(x)[0]

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        key = x.tobytes()
        if self._known is None or self._known[0] != key:
            self._known = (key, *self._evaluate(x))
        _, value, gradient = self._known
        return value, gradient.copy()

    def curvature(self, x: np.ndarray, centre: np.ndarray, *, coarse: bool = False) -> np.ndarray:
        """Return the Hessian, shape (size, size), in the parameters of ``(X - centre)·w + b``.

        About their mean, columns of large offset keep their digits. A `coarse` one has about six, at half the price.
        """
        hessian = self._expand(x, centre, coarse)[0]
        return hessian if not coarse or np.isfinite(hessian).all() else self.curvature(x, centre)

    def bends(self, block: Block, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return each row's weight times curvature, shape (m,), of a single output."""
        return self._bends(block, self.predictors(block, w, b))

    def expansion(self, x: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the Hessian and the gradient of a quadratic loss, both in the parameters of ``(X - centre)·w + b``.

        They cost one pass over the rows together.
        """
        hessian, last = self._expand(x, centre)
        gradient = last[: self.size]
        if self.ridge is not None:
            gradient[: self.coefficients] += self.ridge.gradient(x[: self.coefficients])
        return hessian, gradient

    def _expand(self, x: np.ndarray, centre: np.ndarray, coarse: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return the Hessian in centred columns, and the last row of the product it comes from."""
        self.counts.curvature += self.size
        known, about = self._surveyed, self._centre
        if known is not None and about is not None and known[0] == x.tobytes() and np.array_equal(centre, about):
            return self._assembled(known[1], coarse)
        return self._assembled(self._survey(x, centre, coarse), coarse)

    def _survey(self, x: np.ndarray, centre: np.ndarray, coarse: bool = False) -> np.ndarray:
        """Return the mean of `_bend_term`."""
        w, b = self.split(x)
        return sum_blocks(self.rows, self._bend_term(w, b, centre, coarse), self.threads_to_multiply) / self.total

    @property
    def threads_to_multiply(self) -> int | None:
        """The threads that a Hessian is worth, which may be more than the table's cells alone are."""
        worth = self.threads is None and self.rows.count * self.size**2 >= WORTH_THREADS
        return available_threads() if worth else self.threads

    def _assembled(self, parts: np.ndarray, coarse: bool) -> tuple[np.ndarray, np.ndarray]:
        width = self.rows.columns + self.intercept
        if not coarse and not np.isfinite(parts[: self.outputs * width, : self.outputs * width]).all():
            self._refuse_too_large()
        last = parts[-1, :width].copy()
        if self.outputs > 1:
            return self._with_ridge(parts), last
        found = parts[:width, :width]
        if not self._surveys:
            return self._with_ridge(0.5 * (found + found.T)), last
        lower = np.tril(found)
        return self._with_ridge(lower + np.tril(lower, -1).T), last

    def intercept_curvature(self, x: np.ndarray) -> np.ndarray:
        """Return the Hessian's part for the intercepts, shape (outputs, outputs)."""
        w, b = self.split(x)

        def term(block: Block) -> np.ndarray:
            z = self.predictors(block, w, b)
            if isinstance(self.loss, Multinomial):
                return softmax_gram(np.ones((len(z), 1)), block.weights, self.loss.chances(z))
            return self._bends(block, z).sum(axis=0).reshape(self.outputs, self.outputs)

        return sum_blocks(self.rows, term, self.threads) / self.total

    def _refuse_too_large(self) -> None:
        if not np.isfinite(self.sizes()).all():
            raise DataError(
                "X must hold numbers whose squares can be summed; got larger ones. Their sum is beyond floating point. "
                "Scale the columns down."
            )

    def sizes(self) -> np.ndarray:
        """Return the root of each column's mean square, shape (d,), at the price of a pass over the rows."""

        def squares(block: Block) -> np.ndarray:
            if is_sparse(block.X):
                return block.weights @ with_cells(block.X, np.square(block.X.data, dtype=np.float64))
            return block.weights @ np.square(block.X, dtype=np.float64)

        return np.sqrt(sum_blocks(self.rows, squares, self.threads) / self.total)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        self.counts.curvature += len(directions)
        w, b = self.split(x)
        if len(directions) > 4 and self.size <= 1000:
            return directions @ self.curvature(x, np.zeros(self.rows.columns))

        if self._compiles and is_sparse(self.rows.block(0).X):
            return self._compiled_products(w, b, directions)

        def term(block: Block) -> np.ndarray:
            z = self._shaped(self.predictors(block, w, b))
            changes = [self._shaped(self.predictors(block, v, c)) for v, c in map(self.split, directions)]
            turned = [(block.weights * self.loss.turn(block.y, z, change).T).T for change in changes]
            return np.stack([self.pull_back(block.X, slopes) for slopes in turned])

        return self._with_penalised(sum_blocks(self.rows, term, self.threads) / self.total, directions)

    def _compiled_products(self, w: np.ndarray, b: np.ndarray, directions: np.ndarray) -> np.ndarray:
        kernel, parameters = product_kernel(type(self.loss), self._layout), self.loss.parameters
        at = np.ascontiguousarray(w[0]), float(b[0])
        along = [(np.ascontiguousarray(v[0]), float(c[0])) for v, c in map(self.split, directions)]

        def term(block: Block) -> np.ndarray:
            X = operand(block)
            return np.stack([kernel(parameters, X, block.y, block.weights, *at, *one) for one in along])

        products = sum_blocks(self.rows, term, self.threads)[:, : self.size] / self.total
        return self._with_penalised(products, directions)

    def _with_penalised(self, products: np.ndarray, directions: np.ndarray) -> np.ndarray:
        if self.ridge is not None:
            products[:, : self.coefficients] += self.ridge.strength * directions[:, : self.coefficients]
        return products

    @property
    def penalised(self) -> bool:
        """Whether every coefficient is penalised."""
        return self.ridge is not None and bool((self.ridge.strength > 0).all())

    def best_constant(self) -> np.ndarray:
        """Return the predictions of least cost that are the same for all rows, shape (outputs,)."""
        return np.atleast_1d(self.loss.constant(*self.rows.targets()))

    def baseline(self) -> float:
        """Return the cost of the best constant predictions, without a penalty."""
        y, weights = self.rows.targets()
        z = np.broadcast_to(self.best_constant(), (len(y), self.outputs))
        return float(np.average(self.loss.value(y, z if self.loss.multiple else z[:, 0]), weights=weights))

    def split(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the coefficients, shape (outputs, d), and the intercepts, shape (outputs,), as views of `x`."""
        w = x[: self.coefficients].reshape(self.outputs, self.rows.columns)
        return w, x[self.coefficients :] if self.intercept else np.zeros(self.outputs)

    def _evaluate(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        w, b = self.split(x)
        # from zero a link with no steepest curvature has no use for its Hessian
        if self._centre is not None and (x.any() or np.isfinite(self.loss.steepest)):
            parts = self._survey(x, self._centre)
            self._surveyed = x.tobytes(), parts
            value, gradient = float(parts[-1, -1]), parts[-1, : self.size].copy()
            if self.intercept:
                gradient[: self.coefficients] += gradient[-1] * self._centre
        else:
            total = sum_blocks(self.rows, self._term(w, b), self.threads) / self.total
            value, gradient = float(total[0]), total[1 : 1 + self.size]
        if self.ridge is not None:
            value += self.ridge.value(x[: self.coefficients])
            gradient[: self.coefficients] += self.ridge.gradient(x[: self.coefficients])
        return value, gradient

    def _term(self, w: np.ndarray, b: np.ndarray) -> Callable[[Block], np.ndarray]:
        """Return the function that gives a block's cost, then its gradient."""
        if self._compiles and not self._evaluates_seldom:
            kernel, parameters = row_kernel(type(self.loss), self._layout), self.loss.parameters
            at = np.ascontiguousarray(w[0]), float(b[0])
            return lambda block: kernel(parameters, operand(block), block.y, block.weights, *at)

        def term(block: Block) -> np.ndarray:
            z = self.predictors(block, w, b)
            value, slopes = self.loss.value_and_derivative(block.y, self._shaped(z))
            slopes = (block.weights * slopes.T).T
            return np.concatenate([[block.weights @ value], self.pull_back(block.X, slopes)])

        return term

    def _bend_term(
        self, w: np.ndarray, b: np.ndarray, centre: np.ndarray, coarse: bool
    ) -> Callable[[Block], np.ndarray]:
        """Return the function that gives a block's curvature.

        For one output its shape is (d+1 or more, same), the intercept and what else is measured coming last, and only
        what is below the diagonal counts. For several it is by output, then by column, the intercept being one where it
        is fitted.
        """
        if self._surveys:
            kernel, parameters = survey_kernel(type(self.loss), self._layout), self.loss.parameters
            at = np.ascontiguousarray(w[0]), float(b[0]), centre

            def compiled(block: Block) -> np.ndarray:
                scratch = scratch_for(self.rows.columns, coarse)
                return kernel(parameters, operand(block), block.y, block.weights, *at, scratch)

            return compiled
        multiply = gram if self.rows.crowded else sparse_gram

        def of_one(block: Block) -> np.ndarray:
            z = self.predictors(block, w, b)[:, 0]
            curvature = self.loss.curvature(block.y, z)
            others = [np.ones(len(z))]
            if self.loss.quadratic:
                slope = self.loss.derivative(block.y, z)
                others.append(np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 0))
            return multiply(block, np.column_stack(others), block.weights * curvature, centre)

        def of_several(block: Block) -> np.ndarray:
            z = self.predictors(block, w, b)
            if self.rows.crowded and isinstance(self.loss, Multinomial):
                columns = centred(block, centre, self.intercept)
                return softmax_gram(columns, block.weights, self.loss.chances(z))
            bends, others = self._bends(block, z), np.ones((len(z), int(self.intercept)))
            width = self.rows.columns + others.shape[1]
            total = np.zeros((self.outputs, width, self.outputs, width))
            for k in range(self.outputs):
                for m in range(k + 1):
                    if bends[:, k, m].any():
                        total[k, :, m] = total[m, :, k] = multiply(block, others, bends[:, k, m], centre)
            return total.reshape(self.outputs * width, -1)

        return of_one if self.outputs == 1 else of_several

    @property
    def _compiles(self) -> bool:
        return self.outputs == 1 and self.rows.cells >= WORTH_A_KERNEL

    @property
    def _surveys(self) -> bool:
        return self.bends_often and self._compiles and self.rows.crowded

    @property
    def _evaluates_seldom(self) -> bool:
        """Whether cost and gradient come with a Hessian but for a few: these are not worth a second of compiling."""
        small = self.rows.cells < WORTH_A_THREAD if self.loss.quadratic else self.rows.columns <= FEW
        return self._surveys and small

    @property
    def _layout(self) -> str:
        return layout_name(self.rows.block(0))

    def _bends(self, block: Block, z: np.ndarray) -> np.ndarray:
        if self.outputs == 1:
            return block.weights * self.loss.curvature(block.y, z[:, 0])
        return block.weights[:, None, None] * self.loss.curvature(block.y, z)

    def predictors(self, block: Block, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return ``X·w + b`` of a block's rows, shape (m, outputs), for parameters as `split` gives them."""
        if self.outputs == 1 and is_sparse(block.X) and block.X.nnz >= WORTH_A_KERNEL:
            return predict_kernel("sparse")(operand(block), len(block.y), np.ascontiguousarray(w[0]), b[0])[:, None]
        if self.outputs > 1 and not is_sparse(block.X):
            # by outputs: what is reckoned row by row from here then reads whole columns
            return (w @ block.X.T + b[:, None]).T
        return block.X @ w.T + b

    def _shaped(self, z: np.ndarray) -> np.ndarray:
        """Return predictors, shape (m, outputs), as the loss wants them: (m,) where there is one output."""
        return z[:, 0] if self.outputs == 1 else z

    def pull_back(self, X: Any, slopes: np.ndarray) -> np.ndarray:
        """Return the flat gradient of a cost whose slopes in the predictors, shape (m, outputs) or (m,), are given."""
        if self.outputs == 1 and is_sparse(X) and X.nnz >= WORTH_A_KERNEL:
            return pull_kernel("sparse")((X.data, X.indices, X.indptr), slopes.ravel(), X.shape[1])[: self.size]
        slopes = slopes.reshape(-1, self.outputs)
        parts = [(slopes.T @ X).ravel()] + ([slopes.sum(axis=0)] if self.intercept else [])
        return np.concatenate(parts)

    def _with_ridge(self, hessian: np.ndarray) -> np.ndarray:
        """Return the Hessian, by output and column, as a matrix over flat parameters, with that of the ridge."""
        outputs, columns = self.outputs, self.rows.columns
        flat = hessian
        if outputs > 1 and self.intercept:
            place = np.empty((outputs, columns + 1), dtype=np.intp)
            place[:, :columns] = np.arange(self.coefficients).reshape(outputs, columns)
            place[:, columns] = self.coefficients + np.arange(outputs)
            flat = np.empty((self.size, self.size))
            flat[np.ix_(place.ravel(), place.ravel())] = hessian
        if self.ridge is not None:
            flat[np.arange(self.coefficients), np.arange(self.coefficients)] += self.ridge.strength
        return flat
