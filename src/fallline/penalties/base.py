"""What a penalty is: a value, and the proximal map through which every step is taken."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fallline.arrays.layout import Layout

__all__ = ["Penalty", "Subgradients", "Tangent"]


class Tangent(NamedTuple):
    """The directions in which a penalised cost is smooth about a point.

    `project` takes rows of directions, shape (m, d), to those parts of them that stay; `slope`, shape (d,), is the
    gradient of the whole cost along them, and `bend` the curvature that the penalty adds there. `outside` is about how
    much the cost can still fall by reaching the edge that the other directions are held at. `inwards`, shape (d,),
    points away from those edges that nothing holds `x` at, since the cost is level there; None where there are none.
    """

    project: Callable[[np.ndarray], np.ndarray]
    slope: np.ndarray
    bend: Any
    outside: float
    inwards: np.ndarray | None = None


class Subgradients(NamedTuple):
    """The subgradients of a penalty at a point: ``centre + sum(shares_i * ways_i)`` with shares from 0 to `most`.

    `centre` has the shape (d,), `ways` (m, d), and `most` (m,), infinite along the normals of a set.
    """

    centre: np.ndarray
    ways: np.ndarray
    most: np.ndarray


@dataclass(frozen=True)
class Penalty(ABC):
    """Something convex that is added to the cost, or a set that the parameters must stay in.

    A penalty of your own is a frozen dataclass with `value` and `prox`, in array-API code; its fields are numbers and
    arrays.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np, fallline as fl
    >>> @dataclass(frozen=True)
    ... class HalfSpace(fl.penalties.Penalty):
    ...     "Parameters whose sum is at least 1."
    ...     def value(self, x):
    ...         return 0 * x[0]
    ...     def prox(self, x, rate):
    ...         short = 1 - x.sum()
    ...         return x + (short > 0) * short / x.shape[0]
    >>> fl.minimize(lambda x: np.sum(x**2), np.ones(4), penalty=HalfSpace()).x.round(6)
    array([0.25, 0.25, 0.25, 0.25])

    References
    ----------
    N. Parikh and S. Boyd, "Proximal algorithms", 2014, sections 1.1 and 4.2.
    """

    separable: ClassVar[bool] = False
    """Whether it is a sum over the parameters, so that steps may be scaled parameter by parameter."""

    @abstractmethod
    def value(self, x: Any) -> Any:
        """Return the penalty of `x`, shape (d,): a scalar of its type, zero everywhere in a set."""

    @abstractmethod
    def prox(self, x: Any, rate: Any) -> Any:
        """Return the minimiser over u of ``value(u) + ||u - x||² / (2*rate)``: of a set the nearest point of it.

        A `rate` of 0 asks for the nearest point at which the penalty is finite.
        """

    def slope(self, x: Any, gradient: Any, rate: Any = 1.0) -> Any:
        """Return what a step should follow instead of the gradient of the smooth part: zero where `x` is optimal.

        It is the gradient mapping, ``(x - prox(x - rate*gradient, rate)) / rate``.
        """
        return (x - self.prox(x - rate * gradient, rate)) / rate

    def keep(self, x: Any, slope: Any, there: Any) -> Any:
        """Return where a step from `x` along `slope` that leads `there` is to end."""
        return self.prox(there, 0.0)

    def tangent(self, x: np.ndarray, gradient: np.ndarray, rate: float) -> Tangent:
        """Return where the cost is smooth about `x`, as seen from a proximal step of this rate."""
        return Tangent(np.asarray, self.slope(x, gradient, rate), 0.0, 0.0)

    def subgradients(self, x: np.ndarray) -> Subgradients | None:
        """Return all subgradients at `x`, shape (d,), for judging corners; None where that is not known."""
        return None

    def laid_out(self, layout: Layout) -> Penalty:
        """Return the penalty for a flat vector that holds the parameters like this.

        Raises
        ------
        InputError
            Where it does not fit parameters of these shapes.
        """
        return self

    def refusal(self, x: np.ndarray, layout: Layout) -> str | None:
        """Return what the start must be and what it is instead, where it lies outside the set."""
        return None
