"""What a test problem is: a function with a start and a known minimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fallline.errors import InputError

__all__ = ["Problem"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Problem:
    """A test function, callable, with its customary start and its known minimum.

    Attributes
    ----------
    name : str
        As it is known in the literature.
    function : callable
        Plain NumPy, from an array of shape (d,) to a number; calling the problem calls it.
    x0 : array, shape (d,)
        The start: of the paper where it gives one.
    minimum : float
        The lowest cost within `bounds`; without bounds, anywhere.
    minimizers : array, shape (m, d)
        Where the cost is that low: one row for each such point, or some of them where they are a continuum.
    reached : float
        The minimum that descents from `x0` end in: `minimum`, but for a start in the basin of another, local one.
    bounds : array of shape (d, 2), or None
        The customary domain; None where it is all of space.
    smooth : bool
        Whether the gradient exists and is continuous, at the minimisers too.
    source : str
        The paper, and the equation or number in it.
    family : callable or None
        From a dimension, at least `smallest`, to the problem of that dimension; None where there is but one.

    Arrays are read-only.

    Examples
    --------
    >>> import fallline as fl
    >>> problem = fl.problems.rosenbrock.with_dimension(10)
    >>> result = fl.minimize(problem, problem.x0)
    >>> bool(result.fun - problem.minimum < 1e-8 * problem(problem.x0))
    True
    """

    function: Callable[[Any], Any]
    # of no effect on the cost: two problems of one function are one program
    name: str = field(compare=False)
    x0: np.ndarray = field(compare=False)
    minimum: float = field(compare=False)
    minimizers: np.ndarray = field(compare=False)
    source: str = field(compare=False)
    reached: float = field(default=np.nan, compare=False)
    bounds: np.ndarray | None = field(default=None, compare=False)
    smooth: bool = field(default=True, compare=False)
    family: Callable[[int], Problem] | None = field(default=None, compare=False)
    smallest: int = field(default=1, compare=False)

    def __post_init__(self) -> None:
        if np.isnan(self.reached):
            object.__setattr__(self, "reached", self.minimum)
        arrays = {"x0": np.array(self.x0, float), "minimizers": np.atleast_2d(np.array(self.minimizers, float))}
        if self.bounds is not None:
            arrays["bounds"] = np.array(np.broadcast_to(np.asarray(self.bounds, float), (arrays["x0"].size, 2)))
        for name, array in arrays.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __call__(self, x: Any) -> Any:
        """Return the cost at `x`, shape (d,)."""
        return self.function(x)

    def __repr__(self) -> str:
        return f"Problem({self.name!r}, dimension={self.dimension}, minimum={self.minimum:.6g})"

    @property
    def dimension(self) -> int:
        """The number of parameters."""
        return self.x0.size

    @property
    def minimizer(self) -> np.ndarray:
        """The first of the `minimizers`, shape (d,)."""
        return self.minimizers[0]

    def with_dimension(self, dimension: int) -> Problem:
        """Return the same problem in so many parameters.

        Raises
        ------
        InputError
            Where the problem has only the dimension that it has, or none as small as that.

        Examples
        --------
        >>> import fallline as fl
        >>> fl.problems.rastrigin.with_dimension(5)
        Problem('rastrigin', dimension=5, minimum=0)
        """
        if self.family is None:
            raise InputError(
                f"dimension must be {self.dimension} for {self.name}; got {dimension!r}. It is defined for no other. "
                "Choose another problem, such as rosenbrock."
            )
        if isinstance(dimension, bool) or not isinstance(dimension, (int, np.integer)) or dimension < self.smallest:
            raise InputError(
                f"dimension must be a whole number of at least {self.smallest} for {self.name}; got {dimension!r}. "
                f"It is not defined for fewer. Write with_dimension({max(self.smallest, 10)}), say."
            )
        return self.family(int(dimension))
