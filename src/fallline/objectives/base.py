"""What every objective offers: value, gradient and curvature at a flat point, counting its own evaluations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fallline.penalties.base import Penalty

__all__ = ["SMALL", "Code", "Counts", "Objective", "Program", "RowsProgram"]

SMALL = 4096
"""Numbers that a small program takes, at most: sums are then so short that nothing is gained by splitting them."""


@dataclass
class Counts:
    """Evaluations so far: of the function, of its gradient, and Hessian-vector products."""

    function: int = 0
    gradient: int = 0
    curvature: int = 0


class Code:
    """What a program does, without its constants: equal to every other of the same key, so that it is found again."""

    def __init__(self, key: Any, value: Any) -> None:
        self.key, self.value, self._hash = key, value, hash(key)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Code) and other._hash == self._hash and other.key == self.key)

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True)
class Program:
    """A function that JAX can compile: ``value(x, constants)`` for a flat `x`.

    Programs of the same `key` are the same code, whatever the numbers in `constants` (the arrays that the user's
    function captured), and share what was compiled.
    """

    key: Any
    value: Any
    constants: tuple[Any, ...]

    @cached_property
    def small(self) -> bool:
        """Whether it refers to few numbers, so that its compilation takes longer than its running."""
        return sum(constant.size for constant in self.constants) <= SMALL

    @cached_property
    def code(self) -> Code:
        """What it does, without its constants."""
        return Code(self.key, self.value)


@dataclass(frozen=True)
class RowsProgram(Program):
    """A program on all rows of `data`, whose arrays are the first of its constants; and by `on` on some of them.

    ``on(count)`` is the program for `count` rows: its value takes the arrays of these rows and then its constants.
    """

    data: tuple[Any, ...]
    on: Callable[[int], Program]


class Objective(ABC):
    """A function of a flat vector, to be minimised.

    Attributes
    ----------
    size : int
        Number of parameters.
    dtype : numpy dtype
        Of the parameters and of all arithmetic.
    source : str
        Where its gradient comes from, as in ``Result.gradient_source``.
    exact : bool
        Whether the gradient is exact to rounding.
    pure : bool
        Whether extra evaluations go unnoticed: not where they call a Python function of the user's.
    program : Program or None
        The compiled form, where there is one.
    plain : callable or None
        The user's own function of a flat point, where this objective only follows it.
    is_checked : bool
        Whether it was compared with that function at the start.
    noise : float
        The size of the noise in its values, where there is more than rounding.
    share : float
        What share of the values is noise, or rounding; 0 for what an exact gradient has.
    surveys : bool
        Whether the Hessian is measured with the gradient, at little further cost.
    penalty : Penalty or None
        What is added to the function: costs include it, gradient, curvature and program do not.
    """

    size: int
    dtype: np.dtype
    source: str
    exact: bool = True
    pure: bool = True
    program: Program | None = None
    plain: Callable[[np.ndarray], float] | None = None
    is_checked: bool = False
    penalty: Penalty | None = None
    noise: float = 0.0
    share: float = 0.0
    surveys: bool = False

    def __init__(self) -> None:
        self.counts = Counts()

    @abstractmethod
    def value(self, x: np.ndarray) -> float:
        """Return the cost at `x`, shape (d,)."""

    @abstractmethod
    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the cost at `x`, shape (d,), and its gradient, shape (d,)."""

    def foresee(self, x: np.ndarray) -> bool:
        """Measure cost, gradient and the whole Hessian at `x` where all at once is quicker; tell whether it is."""
        return self.surveys

    def slope(self, x: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the vector, shape (d,), that is zero where `x` is optimal: `gradient`, without a penalty."""
        return gradient

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return the Hessian at `x` times each row of `directions`, both of shape (m, d).

        By central differences of the gradient, unless an objective knows better.
        """
        self.counts.curvature += len(directions)
        products = np.empty_like(directions)
        root = max(float(np.finfo(self.dtype).eps), self.share) ** (1 / 3 if self.exact else 1 / 4)
        for row, direction in enumerate(directions):
            length = float(np.linalg.norm(direction))
            if length == 0:
                products[row] = 0
                continue
            h = root * max(1.0, float(np.linalg.norm(x))) / length
            ahead = self.value_and_gradient(x + h * direction)[1]
            behind = self.value_and_gradient(x - h * direction)[1]
            products[row] = (ahead - behind) / (2 * h)
        return products

    def hessian(self, x: np.ndarray) -> np.ndarray:
        """Return the Hessian at `x`, shape (d, d), as rows of products; for few parameters."""
        return self.hessian_products(x, np.eye(x.size, dtype=x.dtype))

    def values(self, points: np.ndarray) -> np.ndarray:
        """Return the costs at the rows of `points`, shape (m, d), for pictures; nothing is counted."""
        before = Counts(**vars(self.counts))
        costs = np.array([self.value(point) for point in points])
        self.counts = before
        return costs
