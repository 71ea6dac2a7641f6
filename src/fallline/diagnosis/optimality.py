"""Is this point optimal? Looked at during a run, verified after it, and told in a certificate."""

from __future__ import annotations

import numpy as np

from fallline.diagnosis.curvature import Curvature, curvature_at
from fallline.objectives.base import Counts, Objective
from fallline.trace import Certificate, Rows

__all__ = ["Watch", "certify", "is_optimal", "is_plateau"]

GAP_SHARE = 1e-8
"""A point is optimal when its estimated gap is at most this share of what the run has gained."""

SETTLED_SHARE = {8: 1e-14, 4: 1e-8}
"""A run left to itself goes on to this share, by bytes of a number: then `x` too has settled, to about its root."""


def is_optimal(
    curvature: Curvature, fun: float, start_fun: float, dtype: np.dtype, share: float = GAP_SHARE
) -> bool:
    """Tell whether a point of cost `fun`, reached from `start_fun`, is optimal by its measured curvature.

    It is where the estimated gap is at most `share` of the fall so far, or lost in the rounding of the cost, and no
    direction curves downwards.
    """
    rounding = 8 * float(np.finfo(dtype).eps) * abs(fun)
    gained = start_fun - fun if np.isfinite(start_fun) else abs(fun)
    return not curvature.curves_down and curvature.gap <= max(share * gained, rounding)


def is_plateau(objective: Objective, x: np.ndarray, fun: float, curvature: Curvature) -> bool:
    """Tell whether the function is numerically constant about `x`, where no derivative says anything."""
    if curvature.smallest != 0 or curvature.largest != 0:
        return False
    rng = np.random.default_rng(0)
    before = Counts(**vars(objective.counts))
    reach = 0.01 * max(1.0, float(np.abs(x).max()))
    around = [objective.value(x + reach * sign * rng.standard_normal(x.size).astype(x.dtype)) for sign in (1, -1, 1, -1)]
    objective.counts = before
    return all(cost == fun for cost in around)


class Watch:
    """Looks for optimality while a run goes on: only at rows whose gradient has become small, and rarely in vain.

    A point that is looked at and found wanting lowers the bar for the next look five-fold.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.start_fun: float | None = None
        self.bar = 0.0

    def candidate(self, rows: Rows) -> int | None:
        low = np.flatnonzero(rows.gradient_norm <= self.bar)
        return int(low[0]) if low.size else None

    def holds(self, row: Rows) -> bool:
        fun, slope = float(row.fun[0]), float(row.gradient_norm[0])
        x = np.ascontiguousarray(row.x[0])
        if self.start_fun is None:
            self.start_fun, self.bar = fun, 1e-3 * slope
        else:
            self.bar = 0.2 * slope
        before = Counts(**vars(self.objective.counts))
        _, gradient = self.objective.value_and_gradient(x)
        curvature = curvature_at(self.objective, x, gradient)
        optimal = is_optimal(
            curvature, fun, self.start_fun, x.dtype, SETTLED_SHARE[x.itemsize]
        ) and not is_plateau(self.objective, x, fun, curvature)
        self.objective.counts = before
        return optimal


def certify(curvature: Curvature, optimal: bool) -> Certificate:
    """Put what was measured at the answer into words."""
    gap, distance, smallest = curvature.gap, curvature.distance, curvature.smallest
    if not np.isfinite(smallest):
        text = "Nothing can be said: the curvature at the answer is not finite."
    elif curvature.curves_down:
        text = f"The answer is no minimum: the cost curves downwards there (curvature {smallest:.4g})."
    elif not np.isfinite(gap):
        text = "Nothing can be said: the cost has slope but no curvature at the answer."
    else:
        verdict = "Optimal as far as can be measured" if optimal else "Not optimal"
        text = (
            f"{verdict}: the cost is about {gap:.3g} above the minimum, which lies about {distance:.3g} away "
            f"(smallest curvature {smallest:.4g}; an estimate from the curvature at the answer)."
        )
    return Certificate("estimate", gap, distance, smallest, text)
