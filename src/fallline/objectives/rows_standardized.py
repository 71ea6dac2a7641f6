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
        self.spread = np.where(spread > 0, spread, 1.0)
        self.mean, self.outputs, self.intercept = mean, outputs, intercept
        self.counts = inner.counts

    def to_data(self, x: np.ndarray) -> np.ndarray:
        """Return parameters, shape (..., size), in the data's units."""
        u, c = self._split(x)
        w = u / self.spread
        return self._join(w, c - w @ self.mean)

    def from_data(self, x: np.ndarray) -> np.ndarray:
        """Return parameters in the data's units, shape (..., size), as this objective's."""
        w, b = self._split(x)
        return self._join(w * self.spread, b + w @ self.mean)

    def value(self, x: np.ndarray) -> float:
        return self.inner.value(self.to_data(x))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = self.inner.value_and_gradient(self.to_data(x))
        return value, self._pull_back(gradient)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        return self._pull_back(self.inner.hessian_products(self.to_data(x), self.to_data(directions)))

    def _pull_back(self, gradient: np.ndarray) -> np.ndarray:
        w, b = self._split(gradient)
        return self._join((w - b[..., None] * self.mean) / self.spread if self.intercept else w / self.spread, b)

    def _split(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = len(self.mean) * self.outputs
        shape = (*x.shape[:-1], self.outputs, len(self.mean))
        return x[..., :count].reshape(shape), x[..., count:] if self.intercept else np.zeros(shape[:-1])

    def _join(self, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        flat = w.reshape(*w.shape[:-2], -1)
        return np.concatenate([flat, b], axis=-1) if self.intercept else flat
