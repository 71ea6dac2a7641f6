"""The finding about functions with corners."""

from __future__ import annotations

from fallline.diagnosis.evidence import Evidence
from fallline.steps import StepRule
from fallline.trace import Finding

__all__ = ["nonsmooth"]


def nonsmooth(evidence: Evidence) -> Finding | None:
    """Find a run that has come to a corner, where the gradient says nothing about the steps that still help."""
    kink = evidence.verdict.kink
    if kink is None:
        return None
    index, name = evidence.name(kink.direction)
    where = f"near {name} = {kink.x[index]:.6g}"
    seen = f"The function is not smooth {where}: its gradient jumps there by {kink.jump:.3g} within {kink.width:.1g}."
    values = {"index": index, "name": name, "jump": kink.jump, "gap": evidence.verdict.gap}
    if evidence.optimal:
        seen += " The answer was judged by many slopes around it instead of one."
        return Finding("nonsmooth", "info", seen, "Nothing needs to change.", values)
    if isinstance(evidence.rate, StepRule):
        remedy = "Smooth the corner, np.sqrt(z**2 + 1e-6) for np.abs(z) say"
    else:
        seen += " Steps of a fixed length jump to and fro across it."
        remedy = "Leave method and learning_rate out, or let the rate fall, by schedules.InverseSqrt(rate) say"
    remedy += "; for absolute values of the parameters write penalty=fallline.penalties.L1(a) instead."
    return Finding("nonsmooth", "warning", seen, remedy, values)
