"""The sum of absolute values: exact zeros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.arrays.layout import Layout
from fallline.penalties.separable import Parts, Separable, check_strength, fitted

__all__ = ["L1"]


@dataclass(frozen=True)
class L1(Separable):
    """The penalty ``strength * sum(|x|)``: it sets parameters that matter little to exactly zero.

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
    R. Tibshirani, "Regression shrinkage and selection via the lasso", 1996; the proximal map is D. Donoho's soft
    threshold, 1995.

    Examples
    --------
    >>> import numpy as np, fallline as fl
    >>> fl.minimize(lambda x: np.sum((x - [3.0, 0.2]) ** 2), [0.0, 0.0], penalty=fl.penalties.L1(1.0)).x
    array([2.5, 0. ])
    """

    strength: Any

    def __post_init__(self) -> None:
        check_strength("strength", self.strength)

    def parts(self) -> Parts:
        return Parts(l1=self.strength)

    def laid_out(self, layout: Layout) -> L1:
        return L1(fitted(self.strength, layout, "strength", "strength"))
