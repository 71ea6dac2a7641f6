"""Boxes: every parameter between two bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.spread import spread
from fallline.errors import InputError
from fallline.penalties.separable import Parts, Separable

__all__ = ["Box", "NonNegative"]


@dataclass(frozen=True)
class Box(Separable):
    """The set of parameters between `low` and `high`, its edges included.

    Parameters
    ----------
    low, high : float, or a tree of float
        The bounds, infinite for none; a tree in the structure of the parameters gives each its own.

    Raises
    ------
    InputError
        Where a lower bound is above the upper one, one is not a number, or they do not fit the parameters.

    References
    ----------
    N. Parikh and S. Boyd, "Proximal algorithms", 2014, section 6.2.4.

    Examples
    --------
    >>> import numpy as np, fallline as fl
    >>> fl.minimize(lambda x: np.sum((x - [3.0, 0.2]) ** 2), [0.0, 0.0], penalty=fl.penalties.Box(-1, 1)).x.round(6)
    array([1. , 0.2])
    """

    low: Any = -np.inf
    high: Any = np.inf

    def parts(self) -> Parts:
        return Parts(low=self.low, high=self.high)

    def laid_out(self, layout: Layout) -> Box:
        low, high = (spread(edge, layout, name, "bound") for edge, name in ((self.low, "low"), (self.high, "high")))
        bad = np.flatnonzero(~(low <= high) | (low == np.inf) | (high == -np.inf))
        if bad.size:
            first = int(bad[0])
            raise InputError(
                f"bounds must have low <= high for every parameter; got {low[first]:g} and {high[first]:g} for "
                f"{layout.name_of(first)}. No number lies between. Exchange them, or write -inf or inf for no bound."
            )
        return Box(low.astype(layout.dtype), high.astype(layout.dtype))


@dataclass(frozen=True)
class NonNegative(Separable):
    """The set of parameters that are all at least 0.

    References
    ----------
    N. Parikh and S. Boyd, "Proximal algorithms", 2014, section 6.2.4.

    Examples
    --------
    >>> import numpy as np, fallline as fl
    >>> fl.minimize(lambda x: np.sum((x - [3.0, -2.0]) ** 2), [1.0, 1.0], penalty=fl.penalties.NonNegative()).x.round(6)
    array([3., 0.])
    """

    def parts(self) -> Parts:
        return Parts(low=0.0)
