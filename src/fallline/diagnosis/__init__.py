"""Diagnosis: what is noticed about a run, with the numbers that say so and the change that mends it."""

from __future__ import annotations

from collections.abc import Callable

from fallline.diagnosis.endings import (
    flat_or_curving_down,
    iteration_budget,
    not_finite_start,
    overflow,
    stopped_early,
    unbounded,
    unused_parameter,
)
from fallline.diagnosis.evidence import Evidence
from fallline.diagnosis.learning_rate import learning_rate_too_high, learning_rate_too_low
from fallline.diagnosis.noise import noise_floor
from fallline.diagnosis.nonsmooth import nonsmooth
from fallline.diagnosis.oscillation import oscillation
from fallline.diagnosis.saturated import saturated
from fallline.trace import Finding

__all__ = ["FINDERS", "Evidence", "diagnose"]

FINDERS: tuple[Callable[[Evidence], Finding | None], ...] = (
    not_finite_start,
    learning_rate_too_high,
    saturated,
    overflow,
    unbounded,
    flat_or_curving_down,
    nonsmooth,
    noise_floor,
    oscillation,
    learning_rate_too_low,
    stopped_early,
    iteration_budget,
    unused_parameter,
)

# where the first was found, the second says the same again, less well
INSTEAD_OF = {
    "saturated": {"overflow"},
    "learning-rate-too-high": {"oscillation", "stopped-early", "iteration-budget"},
    "oscillation": {"learning-rate-too-low", "stopped-early", "iteration-budget"},
    "nonsmooth": {"oscillation", "learning-rate-too-low", "stopped-early", "iteration-budget", "saddle-point"},
    "noise-floor": {"learning-rate-too-low", "stopped-early", "iteration-budget", "saddle-point", "local-maximum"},
    "learning-rate-too-low": {"stopped-early", "iteration-budget"},
    "saddle-point": {"stopped-early", "iteration-budget"},
    "local-maximum": {"stopped-early", "iteration-budget"},
    "plateau": {"stopped-early", "iteration-budget"},
}


def diagnose(evidence: Evidence) -> list[Finding]:
    """Return everything noticed about a finished run, the causes before the effects."""
    found = [finding for find in FINDERS if (finding := find(evidence)) is not None]
    said = set().union(*(INSTEAD_OF.get(finding.code, set()) for finding in found))
    return [finding for finding in found if finding.code not in said]
