"""Half the sum of squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.arrays.layout import Layout
from fallline.penalties.separable import Parts, Separable, check_strength, fitted

__all__ = ["L2"]


@dataclass(frozen=True)
class L2(Separable):
    """The penalty ``strength/2 * sum(x²)``: it draws all parameters towards zero.

    Parameters
    ----------
    strength : float, or a tree of float
        At least 0; a tree in the structure of the parameters gives each its own, and 0 leaves one free.

    Raises
    ------
    InputError
        Where the strength is negative, not finite, or does not fit the parameters.

    References
    ----------
    A. Hoerl and R. Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970; the proximal map
    is in N. Parikh and S. Boyd, "Proximal algorithms", 2014, section 6.1.1.

    Examples
    --------
    >>> import numpy as np, fallline as fl
    >>> fl.minimize(lambda x: np.sum((x - 3) ** 2) / 2, np.zeros(2), penalty=fl.penalties.L2(0.5)).x.round(6)
    array([2., 2.])
    """

    strength: Any

    def __post_init__(self) -> None:
        check_strength("strength", self.strength)

    def parts(self) -> Parts:
        return Parts(l2=self.strength)

    def laid_out(self, layout: Layout) -> L2:
        return L2(fitted(self.strength, layout, "strength", "strength"))
