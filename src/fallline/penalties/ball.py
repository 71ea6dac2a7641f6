"""The ball: parameters not too far from a centre."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.namespace import namespace
from fallline.errors import InputError, shown
from fallline.penalties.base import Penalty, Subgradients, Tangent
from fallline.penalties.separable import fitted

__all__ = ["Ball"]


@dataclass(frozen=True)
class Ball(Penalty):
    """The set of parameters at most `radius` away from `centre`, in the 2-norm.

    Parameters
    ----------
    radius : float
        Positive.
    centre : float, or a tree of float
        In the structure of the parameters, or one number for all.

    Raises
    ------
    InputError
        Where the radius is not positive and finite, or the centre does not fit the parameters.

    References
    ----------
    N. Parikh and S. Boyd, "Proximal algorithms", 2014, section 6.5.1.

    Examples
    --------
    >>> import numpy as np, fallline as fl
    >>> fl.minimize(lambda x: np.sum((x - [3.0, 4.0]) ** 2), [0.0, 0.0], penalty=fl.penalties.Ball(1.0)).x.round(6)
    array([0.6, 0.8])
    """

    radius: float = 1.0
    centre: Any = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.radius, (int, float)) or not 0 < self.radius < float("inf"):
            raise InputError(
                f"radius must be positive and finite; got {shown(self.radius)}. The parameters stay that near. Try 1."
            )

    def value(self, x: Any) -> Any:
        return 0 * x[0]

    def prox(self, x: Any, rate: Any) -> Any:
        xp = namespace(x)
        away = x - self.centre
        length = xp.sqrt(xp.sum(away * away))
        outside = length > self.radius
        return xp.where(outside, self.centre + away * (self.radius / xp.where(outside, length, 1.0)), x)

    def tangent(self, x: np.ndarray, gradient: np.ndarray, rate: float) -> Tangent:
        away = x - rate * gradient - self.centre
        length = float(np.linalg.norm(away))
        if length <= self.radius:
            return Tangent(np.asarray, gradient, 0.0, 0.0)
        normal = away / length

        def project(rows: np.ndarray) -> np.ndarray:
            return rows - (rows @ normal)[..., None] * normal

        pull = float(-gradient @ normal)
        room = self.radius - float((x - self.centre) @ normal)
        # the multiplier of the sphere, which curves the cost along it
        bend = (length / self.radius - 1) / rate
        return Tangent(project, project(gradient), bend, max(pull * room, 0.0))

    def subgradients(self, x: np.ndarray) -> Subgradients:
        away = x - self.centre
        length = float(np.linalg.norm(away))
        outwards = away[None] / length if length >= self.radius * (1 - 1e-9) else np.empty((0, x.size))
        return Subgradients(np.zeros(x.size), outwards, np.full(len(outwards), np.inf))

    def laid_out(self, layout: Layout) -> Ball:
        return replace(self, centre=fitted(self.centre, layout, "centre", "coordinate"))

    def refusal(self, x: np.ndarray, layout: Layout) -> str | None:
        distance = float(np.linalg.norm(x - self.centre))
        if distance <= self.radius * (1 + 1e-6):
            return None
        return f"must lie in the Ball of radius {self.radius:g}; got a point {distance:g} away from its centre"
