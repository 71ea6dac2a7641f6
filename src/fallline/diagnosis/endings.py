"""Findings about where and why a run ended."""

from __future__ import annotations

import numpy as np

from fallline.diagnosis.curvature import DENSE
from fallline.diagnosis.evidence import Evidence
from fallline.methods.prodigy import Prodigy
from fallline.steps import StepRule
from fallline.trace import Finding, StopReason

__all__ = [
    "flat_or_curving_down",
    "iteration_budget",
    "not_finite_start",
    "overflow",
    "stopped_early",
    "unbounded",
    "unused_parameter",
]

EARLY = {
    StopReason.SMALL_STEPS: "the steps had become small",
    StopReason.SMALL_GRADIENT: "the gradient had become small",
    StopReason.SMALL_COST_CHANGE: "the cost hardly changed any more",
    StopReason.NO_PROGRESS: "no step lowered the cost any more",
}


REMEDIES = {
    StopReason.NO_PROGRESS: (
        "Look for a kink (abs, max, a condition), for noise, or for level ground: there a slope leads nowhere. "
        "Smooth the function there, or start elsewhere."
    ),
}


def not_finite_start(evidence: Evidence) -> Finding | None:
    """Find a start at which the function has no finite value."""
    fun = float(evidence.start.fun[0])
    if np.isfinite(fun):
        return None
    return Finding(
        "not-finite-start",
        "error",
        f"The cost at the start is {fun}: the descent has no slope to follow.",
        "Start where the function is finite; look for the logarithm or the root of a negative number, or a division "
        "by zero.",
        {"value": fun},
    )


def overflow(evidence: Evidence) -> Finding | None:
    """Find numbers that grew beyond what floating point holds."""
    if evidence.reason is not StopReason.NOT_FINITE or not np.isfinite(evidence.start.fun[0]):
        return None
    last = evidence.last
    norms = evidence.trace.step_norm
    reach = float(np.nanmax(norms)) if np.isfinite(norms).any() else np.inf
    if not (np.isinf(last.fun[0]) or not np.isfinite(last.x).all() or reach > 1e100):
        return None
    return Finding(
        "overflow",
        "error",
        f"The numbers outgrew floating point at iteration {evidence.iterations}: the cost became {last.fun[0]} after a "
        f"step of length {last.step_norm[0]:.3g}.",
        "Shorten the steps (a smaller learning rate, or none), or scale the function down.",
        {"step_norm": float(last.step_norm[0]), "iteration": evidence.iterations},
    )


def flat_or_curving_down(evidence: Evidence) -> Finding | None:
    """Find a stationary point that is no minimum: a saddle, a maximum, a plateau."""
    curvature, slope = evidence.curvature, float(np.linalg.norm(evidence.gradient))
    if evidence.verdict.flat and slope == 0:
        return Finding(
            "plateau",
            "warning",
            "The function is numerically flat about the answer: its gradient and its curvature are exactly zero, "
            "so nothing tells where the minimum lies.",
            "Start closer to where the function varies.",
            {"gradient_norm": slope},
        )
    stationary = slope <= 1e-3 * float(evidence.start.gradient_norm[0])
    if not stationary or not (curvature.curves_down or evidence.verdict.descends):
        return None
    top = curvature.largest < -curvature.noise
    index, name = evidence.name(curvature.downhill)
    what = "a maximum" if top else "a saddle"
    how = (
        f"curves downwards ({curvature.smallest:.4g})"
        if curvature.curves_down
        else "is lower near by, though level there"
    )
    return Finding(
        "local-maximum" if top else "saddle-point",
        "warning",
        f"The gradient vanishes at the answer ({slope:.3g}), but it is {what}, not a minimum: along {name} the cost "
        f"{how}.",
        f"Start elsewhere: a small change of {name} is enough to leave it.",
        {"curvature": curvature.smallest, "index": index, "name": name, "gradient_norm": slope},
    )


def unbounded(evidence: Evidence) -> Finding | None:
    """Find a cost that falls without end."""
    if evidence.reason is not StopReason.UNBOUNDED:
        return None
    return Finding(
        "unbounded",
        "error",
        f"The cost has no minimum: it fell from {evidence.start.fun[0]:.6g} to {evidence.last.fun[0]:.3g} and goes on "
        f"falling.",
        "Check the sign of the cost, or add bounds or a penalty that holds the parameters.",
        {"fun": float(evidence.last.fun[0])},
    )


def stopped_early(evidence: Evidence) -> Finding | None:
    """Find a rule that stopped the run before the minimum, where the rate is not to blame."""
    if evidence.optimal or evidence.reason not in EARLY:
        return None
    gap, slope = evidence.curvature.gap, float(np.linalg.norm(evidence.gradient))
    about = f"about {gap:.3g} above the minimum" if np.isfinite(gap) else f"not at rest (gradient {slope:.3g})"
    return Finding(
        "stopped-early",
        "warning",
        f"The run stopped because {EARLY[evidence.reason]}, but the cost is still {about}.",
        REMEDIES.get(
            evidence.reason, "Use a smaller tolerance, or leave it out: then the run stops at an optimal point."
        ),
        {"gap": gap, "gradient_norm": slope},
    )


def iteration_budget(evidence: Evidence) -> Finding | None:
    """Find a run that used up its iterations on the way."""
    if evidence.optimal or evidence.reason is not StopReason.MAX_ITERATIONS:
        return None
    gap, count = evidence.curvature.gap, evidence.iterations
    about = f"the cost is still about {gap:.3g} above the minimum" if np.isfinite(gap) else "the point is not optimal"
    return Finding(
        "iteration-budget",
        "warning",
        f"The {count} iterations allowed were used up while {about}."
        if count != 1
        else f"The one iteration allowed was used up while {about}.",
        _more_iterations(evidence),
        {"gap": gap, "iterations": count},
    )


def _more_iterations(evidence: Evidence) -> str:
    more = "Raise max_iterations" if evidence.noise is None else "Raise epochs, or max_iterations"
    # on mini-batches Prodigy is what is taken where method and rate were left out, elsewhere a rule that measures
    own_choice = isinstance(evidence.rate, StepRule) or isinstance(evidence.method, Prodigy)
    return f"{more}." if own_choice else f"{more}, or leave learning_rate and method out."


def unused_parameter(evidence: Evidence) -> Finding | None:
    """Find parameters that change nothing: no slope at the start or at the answer, and no curvature."""
    if evidence.verdict.flat or not np.isfinite(evidence.curvature.largest) or evidence.curvature.largest <= 0:
        return None
    still = evidence.gradient == 0
    if not still.any() or still.all() or not evidence.objective.exact:
        return None
    x = np.ascontiguousarray(evidence.best.x[0])
    still &= evidence.start.x[0] == evidence.last.x[0]
    places = np.flatnonzero(still)[:20]
    if not places.size:
        return None
    if x.size <= DENSE and evidence.objective.program is not None:  # the whole Hessian has been measured here
        products = evidence.objective.hessian(x)[places]
    else:
        units = (np.arange(x.size) == places[:, None]).astype(x.dtype)
        products = np.array([evidence.objective.hessian_products(x, unit[None])[0] for unit in units])
    idle = [int(j) for j, product in zip(places, products, strict=True) if not product.any()]
    if not idle:
        return None
    names = ", ".join(evidence.trace.layout.name_of(j) for j in idle)
    return Finding(
        "unused-parameter",
        "warning",
        f"The function does not depend on {names}: slope and curvature are exactly zero, and it stayed where it began.",
        "Leave it out, or look for the term that should use it.",
        {"index": idle[0] if len(idle) == 1 else idle, "name": names},
    )
