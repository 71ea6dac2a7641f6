"""The finding that a logarithm of zero was taken."""

from __future__ import annotations

import numpy as np

from fallline.diagnosis.evidence import Evidence
from fallline.objectives.base import Counts
from fallline.objectives.plain import complaints
from fallline.trace import Finding, StopReason

__all__ = ["saturated"]

LOGARITHM = "divide by zero encountered in log"


def saturated(evidence: Evidence) -> Finding | None:
    """Find a run that broke off because the function took the logarithm of zero, as of a probability that became 0."""
    if evidence.reason is not StopReason.NOT_FINITE or not np.isfinite(evidence.start.fun[0]):
        return None
    objective, x = evidence.objective, np.ascontiguousarray(evidence.last.x[0])
    if not np.isfinite(x).all():
        return None
    before = Counts(**vars(objective.counts))
    said = complaints(objective.plain or objective.value, x)
    objective.counts = before
    if not any(text.startswith(LOGARITHM) for text in said):
        return None
    fun = float(evidence.last.fun[0])
    return Finding(
        "saturated",
        "error",
        f"At iteration {evidence.iterations} the function took the logarithm of zero, and the cost became {fun}: what "
        "should stay above zero, such as a probability, had been rounded to it.",
        "Write the logarithm so that it cannot meet zero: for p = 1 / (1 + np.exp(-z)), log(p) is -np.logaddexp(0, -z) "
        "and log(1 - p) is -np.logaddexp(0, z). A smaller learning rate only puts it off.",
        {"fun": fun, "iteration": evidence.iterations},
    )
