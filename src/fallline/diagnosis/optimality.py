"""Is this point optimal? Looked at during a run, verified after it, and told in a certificate."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from fallline.diagnosis.curvature import Curvature, curvature_at, gap_at_least
from fallline.diagnosis.faces import curvature_on_face, face_at
from fallline.diagnosis.kinks import Kink
from fallline.diagnosis.surroundings import Surroundings, look_around
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
    around : Surroundings or None
        The cost near by, where it was asked for.
    """

    optimal: bool
    curvature: Curvature
    flat: bool
    descends: bool
    kink: Kink | None = None
    gap_beside: float = np.inf
    around: Surroundings | None = field(default=None, compare=False)

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
    objective: Objective,
    x: np.ndarray,
    fun: float,
    gradient: np.ndarray,
    start_fun: float,
    share: float = GAP_SHARE,
    known: Verdict | None = None,
) -> Verdict:
    """Judge a point of cost `fun` and slope `gradient`, reached from a cost of `start_fun`.

    What was measured for a `known` verdict about the same point, by another share, is not measured again.
    """
    penalty, inwards = objective.penalty, None
    if known is not None:
        curvature = known.curvature
    elif penalty is None:
        curvature = curvature_at(objective, x, gradient)
    else:
        face = face_at(objective, penalty, x, gradient)
        curvature, inwards = curvature_on_face(face, x), face.tangent.inwards
    allowed = _allowed_gap(fun, start_fun, x.dtype, share)
    drift = float(np.linalg.norm(objective.slope(x, gradient))) * max(1.0, float(np.abs(x).max()))
    if curvature.smallest == curvature.largest == 0 and drift <= allowed:  # level, but for the rounding of the slope
        curvature = replace(curvature, gap=drift, distance=0.0)
    optimal = np.isfinite(fun) and not curvature.curves_down and max(curvature.gap, objective.noise) <= allowed
    flat = descends = False
    around = None if known is None else known.around
    if optimal or drift == 0:
        if around is None:
            around = look_around(objective, x, curvature, start_fun - fun, inwards)
        descends = around.falls(fun, allowed)
        flat = curvature.smallest == curvature.largest == 0 and not descends and around.is_level(fun)
    return Verdict(optimal and not flat and not descends, curvature, flat, descends, around=around)


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
        self.last: tuple[np.ndarray, float, Verdict] | None = None

    def verdict_at(self, x: np.ndarray, fun: float) -> Verdict | None:
        """Return what was found about a point of cost `fun` where that was the last looked at closely, else None."""
        if self.last is None or fun != self.last[1] or not np.array_equal(x, self.last[0]):
            return None
        return self.last[2]

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
        self.objective.foresee(x)
        _, gradient = self.objective.value_and_gradient(x)
        allowed = _allowed_gap(fun, self.start_fun, x.dtype, share)
        # from there on the next look is as far off as it may be
        gap = self._gap_at_least(x, gradient, allowed / NEXT**2)
        if hopeless := gap > allowed:
            self.bar = min(self.bar, slope * max(NEXT, float(np.sqrt(allowed / gap))))
        verdict = None if hopeless else assess(self.objective, x, fun, gradient, self.start_fun, share)
        self.last = self.last if verdict is None else (x, fun, verdict)
        self.objective.counts = before
        return verdict is not None and verdict.optimal

    def _gap_at_least(self, x: np.ndarray, gradient: np.ndarray, enough: float) -> float:
        penalty = self.objective.penalty
        if penalty is None:
            return gap_at_least(self.objective, x, gradient, enough)
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
