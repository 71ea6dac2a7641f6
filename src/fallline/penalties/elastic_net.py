"""Absolute values and squares mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.arrays.layout import Layout
from fallline.errors import InputError, shown
from fallline.penalties.separable import Parts, Separable, check_strength, fitted

__all__ = ["ElasticNet"]


@dataclass(frozen=True)
class ElasticNet(Separable):
    """The penalty ``strength * (ratio*sum(|x|) + (1-ratio)/2*sum(x²))``, as scikit-learn's.

    Parameters
    ----------
    strength : float, or a tree of float
        At least 0; a tree in the structure of the parameters gives each its own, and 0 leaves one free.
    ratio : float
        The share of the absolute values, from 0 (`L2`) to 1 (`L1`).

    Raises
    ------
    InputError
        Where a parameter is out of its range, or the strength does not fit the parameters.

    References
    ----------
    H. Zou and T. Hastie, "Regularization and variable selection via the elastic net", 2005.

    Examples
    --------
    >>> import numpy as np, fallline as fl
    >>> penalty = fl.penalties.ElasticNet(1.0, ratio=0.5)
    >>> fl.minimize(lambda x: np.sum((x - [3.0, 0.2]) ** 2), [0.0, 0.0], penalty=penalty).x.round(6)
    array([2.2, 0. ])
    """

    strength: Any
    ratio: float = 0.5

    def __post_init__(self) -> None:
        check_strength("strength", self.strength)
        if not isinstance(self.ratio, (int, float)) or not 0 <= self.ratio <= 1:
            raise InputError(
                f"ratio must be between 0 and 1; got {shown(self.ratio)}. It is the share of the absolute values. "
                "Try 0.5."
            )

    def parts(self) -> Parts:
        return Parts(l1=self.strength * self.ratio, l2=self.strength * (1 - self.ratio))

    def laid_out(self, layout: Layout) -> ElasticNet:
        return ElasticNet(fitted(self.strength, layout, "strength", "strength"), self.ratio)
