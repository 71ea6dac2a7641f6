"""The mean of a loss over rows of a dense table as a program: what compiled loops on mini-batches step on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.objectives.base import RowsProgram
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_some import table_of, weights_of

if TYPE_CHECKING:
    import jax

__all__ = ["program_of"]


def program_of(smooth: RowsObjective) -> RowsProgram:
    """Return the program whose value on some rows is the mean of their losses, with the ridge.

    Its gradient is made of the loss's own derivative, so that it is the same at corners, and near 0, as everywhere.

    Parameters
    ----------
    smooth : RowsObjective
        Of a dense table in memory.

    Examples
    --------
    >>> import jax
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> from fallline.objectives.lifted import compiled
    >>> rows = ArrayRows(np.array([[1.0], [2.0]]), np.array([3.0, 5.0]))
    >>> program = program_of(RowsObjective(rows, find("mse", "regression")))
    >>> with jax.enable_x64(True):
    ...     cost, gradient = compiled(program, "point")(np.array([2.0, 0.0]), program.constants)
    >>> print(cost, gradient)
    1.0 [-3. -2.]
    """
    import jax
    import jax.numpy as jnp

    from fallline.arrays.lifting import lift
    from fallline.arrays.lowering import lower
    from fallline.objectives.lifted import rows_program

    loss, strength = smooth.loss, None if smooth.ridge is None else smooth.ridge.strength

    def value(x: jax.Array, X: jax.Array, y: jax.Array, weights: jax.Array) -> jax.Array:
        w = x[: smooth.coefficients].reshape(smooth.outputs, -1)
        z = X.astype(x.dtype) @ w.T
        if smooth.intercept:
            z = z + x[smooth.coefficients :]
        z = z if loss.multiple else z[:, 0]
        here = jax.lax.stop_gradient(z)
        given: tuple[Any, Any] = (lift(y), lift(here))
        costs, slopes = (jax.lax.stop_gradient(jnp.asarray(lower(part))) for part in loss.value_and_derivative(*given))
        pull = (weights * slopes.T).T * (z - here)
        cost = (weights @ costs + jnp.sum(pull)) / len(y)
        if strength is not None:
            flat = x[: smooth.coefficients]
            cost = cost + 0.5 * (strength @ (flat * flat))
        return cost

    data = np.ascontiguousarray(table_of(smooth.rows)), smooth.rows.targets()[0], weights_of(smooth.rows)
    return rows_program(value, smooth.size, np.dtype(np.float64), data)
