"""Is this point optimal? Looked at during a run, verified after it, and told in a certificate."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fallline.diagnosis.curvature import Curvature, curvature_at, gap_at_least
from fallline.diagnosis.faces import curvature_on_face, face_at
from fallline.diagnosis.kinks import Kink
from fallline.objectives.base import Counts, Objective
from fallline.trace import Certificate, Rows

__all__ = ["Verdict", "Watch", "assess", "certify", "is_optimal"]

GAP_SHARE = 1e-8
"""A point is optimal when its estimated gap is at most this share of what the run has gained."""

SETTLED_SHARE = {8: 1e-14, 4: 1e-10}
"""A run left to itself goes on to this share, by bytes of a number: then `x` too has settled, to about its root."""


def is_optimal(curvature: Curvature, fun: float, start_fun: float, dtype: np.dtype, share: float = GAP_SHARE) -> bool:
    """Tell whether a point of cost `fun`, reached from `start_fun`, is optimal by its measured curvature.

    It is where the estimated gap is at most `share` of the fall so far, or lost in the rounding of the cost, and no
    direction curves downwards.
    """
    return not curvature.curves_down and curvature.gap <= _allowed_gap(fun, start_fun, dtype, share)


def _allowed_gap(fun: float, start_fun: float, dtype: np.dtype, share: float) -> float:
    rounding = 8 * float(np.finfo(dtype).eps) * abs(fun)
    gained = start_fun - fun if np.isfinite(start_fun) else abs(fun)
    return max(share * gained, rounding)


@dataclass(frozen=True)
class Verdict:
    """What was found about a point.

    Attributes
    ----------
    optimal : bool
        Whether it is optimal, as far as can be measured.
    curvature : Curvature
        What the Hessian says.
    flat : bool
        Whether the cost is numerically constant around it, so that no derivative says anything.
    descends : bool
        Whether the cost was found to be lower near by, as beyond an inflection.
    kink : Kink or None
        Where the function has a corner at or near the point.
    gap_beside : float
        What the slopes around a corner say of the gap.
    """

    optimal: bool
    curvature: Curvature
    flat: bool
    descends: bool
    kink: Kink | None = None
    gap_beside: float = np.inf

    @property
    def gap(self) -> float:
        """How far the cost lies above the minimum: by the curvature, or at a kink by the slopes around it."""
        return self.curvature.gap if self.kink is None else self.gap_beside


def beside_kink(verdict: Verdict, kink: Kink, gap: float, fun: float, start_fun: float, dtype: np.dtype) -> Verdict:
    """Return the verdict about a point at a kink, where curvatures say nothing and the slopes around it gave `gap`."""
    return replace(
        verdict,
        kink=kink,
        gap_beside=gap,
        optimal=np.isfinite(fun) and not verdict.descends and gap <= _allowed_gap(fun, start_fun, dtype, GAP_SHARE),
    )


def assess(
    objective: Objective, x: np.ndarray, fun: float, gradient: np.ndarray, start_fun: float, share: float = GAP_SHARE
) -> Verdict:
    """Judge a point of cost `fun` and slope `gradient`, reached from a cost of `start_fun`."""
    penalty = objective.penalty
    if penalty is None:
        curvature = curvature_at(objective, x, gradient)
    else:
        curvature = curvature_on_face(face_at(objective, penalty, x, gradient), x)
    optimal = np.isfinite(fun) and is_optimal(curvature, fun, start_fun, x.dtype, share)
    optimal = optimal and objective.noise <= _allowed_gap(fun, start_fun, x.dtype, share)
    flat = descends = False
    if optimal or not objective.slope(x, gradient).any():
        around = _around(objective, x, curvature, start_fun - fun)
        flat = curvature.smallest == curvature.largest == 0 and bool(np.all(around == fun))
        descends = bool(np.any(around < fun - _allowed_gap(fun, start_fun, x.dtype, share)))
    return Verdict(optimal and not flat and not descends, curvature, flat, descends)


def _around(objective: Objective, x: np.ndarray, curvature: Curvature, gained: float) -> np.ndarray:
    """Return the cost at a few points near `x`, those along its flattest direction among them.

    Near is where the curvature alone would raise the cost by 1e-4 of what the run has gained, and never beyond a
    hundredth of the parameters' size; where there is no curvature, random directions are tried too.
    """
    rng = np.random.default_rng(0)
    before = Counts(**vars(objective.counts))
    reach = 0.01 * max(1.0, float(np.abs(x).max()))
    directions = [curvature.downhill]
    if curvature.smallest > curvature.noise:
        reach = min(reach, float(np.sqrt(1e-4 * max(gained, 0.0) / curvature.smallest)))
    else:
        directions += [rng.standard_normal(x.size), rng.standard_normal(x.size)]
    points = [x + sign * reach * direction.astype(x.dtype) for direction in directions for sign in (1, -1)]
    if objective.penalty is not None:
        points = [np.asarray(objective.penalty.prox(point, 0.0)) for point in points]
    costs = objective.values(np.array(points, x.dtype))
    objective.counts = before
    return costs


NEXT = 0.01
"""Of the slope, how far it has to fall at most before the next look."""


class Watch:
    """Looks for optimality while a run goes on: only at rows whose gradient has become small, and rarely in vain.

    A point that is looked at and found wanting lowers the bar for the next look five-fold, or to where its gap, which
    falls with the square of the slope, may have closed.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.start_fun: float | None = None
        self.bar = 0.0

    def state(self) -> tuple[float | None, float]:
        return self.start_fun, self.bar

    def restore(self, state: tuple[float | None, float]) -> None:
        self.start_fun, self.bar = state

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
        share = SETTLED_SHARE[x.itemsize]
        before = Counts(**vars(self.objective.counts))
        _, gradient = self.objective.value_and_gradient(x)
        allowed = _allowed_gap(fun, self.start_fun, x.dtype, share)
        gap = self._gap_at_least(x, gradient)
        if hopeless := gap > allowed:
            self.bar = min(self.bar, slope * max(NEXT, float(np.sqrt(allowed / gap))))
        optimal = not hopeless and assess(self.objective, x, fun, gradient, self.start_fun, share).optimal
        self.objective.counts = before
        return optimal

    def _gap_at_least(self, x: np.ndarray, gradient: np.ndarray) -> float:
        penalty = self.objective.penalty
        if penalty is None:
            return gap_at_least(self.objective, x, gradient)
        face = face_at(self.objective, penalty, x, gradient)
        return face.outside + gap_at_least(face, x, face.gradient)


def certify(verdict: Verdict) -> Certificate:
    """Put what was measured at the answer into words."""
    curvature = verdict.curvature
    gap, distance, smallest = verdict.gap, curvature.distance, curvature.smallest
    if verdict.kink is not None:
        so = "Optimal as far as can be measured" if verdict.optimal else "Not optimal"
        text = f"{so}: by the slopes around the corner there, the cost is about {gap:.3g} above the minimum."
        return Certificate("estimate", gap, np.inf, smallest, text)
    if smallest == np.inf:
        so = "Optimal as far as can be measured" if verdict.optimal else "Not optimal"
        text = f"{so}: the penalty holds every parameter, and the cost could fall by about {gap:.3g} at most."
    elif not np.isfinite(smallest):
        text = "Nothing can be said: the curvature at the answer is not finite."
    elif curvature.curves_down:
        text = f"The answer is no minimum: the cost curves downwards there (curvature {smallest:.4g})."
    elif verdict.descends:
        text, gap, distance = "The answer is no minimum: the cost is lower near by.", np.inf, np.inf
    elif verdict.flat:
        text, gap, distance = "Nothing can be said: the cost is constant about the answer.", np.inf, np.inf
    elif not np.isfinite(gap):
        text = "Nothing can be said: the cost has slope but no curvature at the answer."
    else:
        so = "Optimal as far as can be measured" if verdict.optimal else "Not optimal"
        text = (
            f"{so}: the cost is about {gap:.3g} above the minimum, which lies about {distance:.3g} away "
            f"(smallest curvature {smallest:.4g}; an estimate from the curvature at the answer)."
        )
    return Certificate("estimate", gap, distance, smallest, text)
