"""The finding about mini-batches whose gradients no longer agree."""

from __future__ import annotations

import numpy as np

from fallline.diagnosis.evidence import Evidence
from fallline.trace import Finding, StopReason

__all__ = ["noise_floor"]

FEW_FOLD = 2
"""How many fold the slope over all rows those of the batches must be."""

ENDED = (StopReason.MAX_ITERATIONS, StopReason.TIME_LIMIT, StopReason.NO_PROGRESS)
ENDED += (StopReason.SMALL_STEPS, StopReason.SMALL_GRADIENT, StopReason.SMALL_COST_CHANGE)


def noise_floor(evidence: Evidence) -> Finding | None:
    """Find a run on mini-batches that wanders about the minimum, each batch pulling it elsewhere."""
    if evidence.objective.noise:
        return _noisy_values(evidence)
    noise, gap = evidence.noise, evidence.curvature.gap
    if noise is None or evidence.optimal or evidence.grew or evidence.no_minimum or evidence.reason not in ENDED:
        return None
    slope = float(np.linalg.norm(evidence.gradient))
    if not noise > FEW_FOLD * slope:
        return None
    factor = noise / slope if slope else np.inf
    about = f", about {gap:.3g} above it" if np.isfinite(gap) else ""
    return Finding(
        "noise-floor",
        "warning",
        f"The run wanders about the minimum{about}: in the last epoch the gradients of single batches ({noise:.3g}) "
        f"were {factor:.3g} times the one over all rows ({slope:.3g}), so that the steps undo each other.",
        "Let the learning rate fall, by schedules.InverseTimeDecay(rate, decay), say; use larger batches; or go on "
        "from here on all rows, without batch_size.",
        {"gap": gap, "gradient_norm": slope, "factor": factor},
    )


def _noisy_values(evidence: Evidence) -> Finding:
    """Return the finding that the function's own values are noisy; the run has allowed for it."""
    noise = evidence.objective.noise
    return Finding(
        "noise-floor",
        "warning",
        f"The cost is only good to about {noise:.3g}: neighbouring values differ by that much without any pattern. "
        "Slopes were measured over steps long enough to even it out, and the answer is as good as they are.",
        "Compute the cost more precisely: in float64 throughout, with tighter tolerances of what it solves inside, "
        "unrounded, with a fixed seed.",
        {"noise": noise},
    )
