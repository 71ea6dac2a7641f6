"""What stands in for a sparse matrix of SciPy's in a function that is followed."""

from __future__ import annotations

import sys
from typing import Any

import jax.numpy as jnp
import numpy as np

from fallline.arrays.lifting import Lifted, follow
from fallline.arrays.lowering import LeavesNumpyError, bare, is_traced, lower

__all__ = ["Sparse"]


class Sparse:
    """A sparse matrix of SciPy's, which JAX multiplies by what it follows."""

    __array_priority__ = 2000
    __array_ufunc__ = None

    def __init__(self, real: Any) -> None:
        self.real, self.entries = real, real.tocoo()

    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, Sparse):
            return Sparse(self.real @ other.real)
        return follow(self.real.__matmul__, self._times, (other,))

    def __rmatmul__(self, other: Any) -> Any:
        return (self.T @ (other if isinstance(other, Lifted) else np.asarray(other)).T).T

    def __mul__(self, other: Any) -> Any:
        if not is_traced(other):
            return self.real * bare(other)
        if isinstance(self.real, sys.modules["scipy.sparse"].sparray):
            raise LeavesNumpyError("a sparse array times what depends on the parameters, element by element")
        return self @ other

    def dot(self, other: Any) -> Any:
        """Return the matrix product."""
        return self @ other

    @property
    def T(self) -> Sparse:  # noqa: N802 (SciPy's name)
        return Sparse(self.real.T)

    def transpose(self) -> Sparse:
        """Return the transpose."""
        return self.T

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def _times(self, other: Any) -> Any:
        rows, columns = map(lower, self.entries.coords)
        values = lower(self.entries.data)
        terms = values.reshape(-1, *[1] * (other.ndim - 1)) * other[columns]
        return jnp.zeros((self.real.shape[0], *other.shape[1:]), terms.dtype).at[rows].add(terms)
