"""The cost near a point, where derivatives alone cannot tell a minimum from what only looks like one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fallline.diagnosis.curvature import Curvature
from fallline.objectives.base import Counts, Objective

__all__ = ["Surroundings", "look_around"]

NEAR = (0.01, 0.1)
"""Distances, in sizes of the parameters, within which a lower cost makes a point no minimum."""

FAR = (1.0, 10.0)
"""Distances within which level ground has to end in a rise."""

AXES = 16
"""Parameters along which level ground is looked at, besides random directions."""


class Surroundings(NamedTuple):
    """Costs along rays from a point: `near` and `far`, shape (rays, distances) each, at growing distances."""

    near: np.ndarray
    far: np.ndarray

    def falls(self, fun: float, allowed: float) -> bool:
        """Tell whether some ray leads more than `allowed` down from `fun`, and not over a rise."""
        risen = np.maximum.accumulate(self.near, axis=1) > fun + allowed
        return bool(np.any((self.near < fun - allowed) & ~risen))

    def is_level(self, fun: float) -> bool:
        """Tell whether some ray does not begin with a rise: after level ground comes a fall, or nothing at all."""
        costs = np.hstack([self.near, self.far])
        differs = costs != fun
        first = costs[np.arange(len(costs)), np.argmax(differs, axis=1)]
        return bool(np.any(~differs.any(axis=1) | ~(first > fun)))


def look_around(
    objective: Objective, x: np.ndarray, curvature: Curvature, gained: float, inwards: np.ndarray | None = None
) -> Surroundings:
    """Return the cost near `x`, shape (d,): along the flattest direction, both ways.

    Near is where the curvature alone would raise the cost by 1e-4 of what the run has `gained`, and never beyond a
    hundredth of the parameters' size. Where there is no curvature, random directions are tried too, and farther; where
    there is none at all, so are the parameters' own. So is the way `inwards`, shape (d,), from edges that nothing
    holds `x` at.
    """
    before = Counts(**vars(objective.counts))
    size = max(1.0, float(np.abs(x).max()))
    directions, near, far = [curvature.downhill], np.array(NEAR), np.array([])
    if curvature.smallest > curvature.noise and inwards is None:
        reach = 0.01 * size
        if gained > 0:
            reach = min(reach, float(np.sqrt(1e-4 * gained / curvature.smallest)))
        near = np.array([reach / size])
    else:
        directions += list(np.random.default_rng(0).standard_normal((2, x.size)))
    if curvature.smallest == curvature.largest == 0:
        directions += list(np.eye(min(x.size, AXES), x.size))
        far = np.array(FAR)
    rays = [sign * direction for direction in directions for sign in (1.0, -1.0)]
    if inwards is not None:
        single = np.eye(x.size)[np.flatnonzero(inwards)[:AXES]] * inwards
        rays += [inwards, *single]
    distances = size * np.concatenate([near, far])
    points = np.array([x + distance * ray for ray in rays for distance in distances], dtype=x.dtype)
    if objective.penalty is not None:
        points = np.array([objective.penalty.prox(point, 0.0) for point in points], dtype=x.dtype)
    with np.errstate(all="ignore"):
        costs = objective.values(points).reshape(len(rays), len(distances))
    objective.counts = before
    return Surroundings(costs[:, : len(near)], costs[:, len(near) :])
