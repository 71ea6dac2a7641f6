"""An objective over rows in the parameters of standardised columns."""

from __future__ import annotations

import numpy as np

from fallline.objectives.base import Objective

__all__ = ["StandardizedObjective"]


class StandardizedObjective(Objective):
    """The same cost, in the coefficients of columns that are centred and of unit spread.

    With ``u = spread·w`` and ``c = b + w·mean`` the predictor ``X·w + b`` is ``((X - mean)/spread)·u + c``.

    Parameters
    ----------
    inner : Objective
        Over the coefficients, shape (outputs, d) by rows, then the intercepts, shape (outputs,), if any.
    mean, spread : array, shape (d,)
        Of the columns; a spread of 0 counts as 1.
    outputs : int
    intercept : bool
        Without one, columns are scaled but not centred.
    """

    source = "compiled"

    def __init__(
        self, inner: Objective, mean: np.ndarray, spread: np.ndarray, outputs: int = 1, intercept: bool = True
    ) -> None:
        super().__init__()
        self.inner, self.size, self.dtype, self.pure = inner, inner.size, inner.dtype, inner.pure
        scale = np.tile(1 / np.where(spread > 0, spread, 1.0), outputs)
        self._back = np.diag(np.append(scale, np.ones(outputs if intercept else 0)))
        if intercept:
            for k in range(outputs):
                columns = slice(k * len(mean), (k + 1) * len(mean))
                self._back[outputs * len(mean) + k, columns] = -mean * scale[columns]
        self.counts = inner.counts

    def to_data(self, x: np.ndarray) -> np.ndarray:
        """Return parameters, shape (..., size), in the data's units."""
        return x @ self._back.T

    def from_data(self, x: np.ndarray) -> np.ndarray:
        """Return parameters in the data's units, shape (size,), as this objective's."""
        return np.linalg.solve(self._back, x)

    def value(self, x: np.ndarray) -> float:
        return self.inner.value(self.to_data(x))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = self.inner.value_and_gradient(self.to_data(x))
        return value, gradient @ self._back

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        return self.inner.hessian_products(self.to_data(x), self.to_data(directions)) @ self._back
