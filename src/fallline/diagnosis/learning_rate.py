"""Findings about the learning rate: too high, too low."""

from __future__ import annotations

import numpy as np

from fallline.diagnosis.evidence import Evidence
from fallline.steps import StepRule
from fallline.trace import Finding, StopReason
from fallline.trace.finding import Severity

__all__ = ["learning_rate_too_high", "learning_rate_too_low"]


def learning_rate_too_high(evidence: Evidence) -> Finding | None:
    """Find a fixed rate above the stable limit (2/L for plain descent), or a step that left the function's domain."""
    if evidence.optimal or not evidence.grew:
        return None
    stable = evidence.stable_rate()
    rate = evidence.highest_rate()
    if stable is not None and rate > stable[0] * (1 - 1e-6):
        return _above_the_limit(evidence, rate, *stable)
    if evidence.iterations == 0 or isinstance(evidence.rate, StepRule):
        return None
    if evidence.reason is StopReason.NOT_FINITE and stable is not None:
        return _left_the_domain(evidence, rate)
    broken = evidence.reason in (StopReason.DIVERGED, StopReason.NOT_FINITE)
    if not broken and not float(evidence.last.fun[0]) > float(evidence.start.fun[0]) + evidence.forgiven:
        return None
    return _climbed(evidence, rate, "error" if broken else "warning")


def _above_the_limit(evidence: Evidence, rate: float, limit: float, largest: float, direction: np.ndarray) -> Finding:
    index, name = evidence.name(direction)
    first, last = float(evidence.start.fun[0]), float(evidence.last.fun[0])
    along = f", along {name}" if evidence.gradient.size > 1 else ""
    symbol = "2/L" if limit * largest == 2 else f"{limit * largest:.4g}/L"
    return Finding(
        "learning-rate-too-high",
        "error",
        f"The learning rate {rate:.6g} is above the stable limit {symbol} = {limit:.6g} (L = {largest:.6g} is the "
        f"largest curvature{along}): every step overshoots the valley by more than the one before, and the cost went "
        f"from {first:.6g} to {last:.6g} in {evidence.iterations} iterations.",
        f"Use a learning rate below {limit:.4g}; {limit / 2:.4g} suits this curvature best. "
        "Or leave learning_rate out.",
        {
            "limit": limit,
            "learning_rate": rate,
            "better_rate": limit / 2,
            "curvature": largest,
            "index": index,
            "name": name,
            "direction": direction.tolist() if direction.size <= 20 else None,
        },
    )


def _left_the_domain(evidence: Evidence, rate: float) -> Finding | None:
    finite = np.flatnonzero(np.isfinite(evidence.trace.fun))
    if not finite.size:
        return None
    row = int(finite[-1])
    x = np.ascontiguousarray(evidence.trace.flat_x[row])
    here, gradient = evidence.objective.value_and_gradient(x)
    better = rate
    for _ in range(60):
        better /= 2
        if evidence.objective.value(x - x.dtype.type(better) * gradient) < here:
            break
    else:
        return None
    return Finding(
        "learning-rate-too-high",
        "error",
        f"With the learning rate {rate:.6g}, step {row + 1} went so far that the cost is no longer a finite number "
        f"(the last finite one is {here:.6g}).",
        f"Use a smaller learning rate: from that point {better:.4g} lowers the cost. Or leave learning_rate out.",
        {"learning_rate": rate, "better_rate": better},
    )


def _climbed(evidence: Evidence, rate: float, severity: Severity) -> Finding:
    """Tell that the steps were too long where no limit is known, as for methods that scale the gradient themselves."""
    first, best, last = (float(row.fun[0]) for row in (evidence.start, evidence.best, evidence.last))
    lengths = evidence.trace.step_norm
    longest = float(np.nanmax(lengths)) if np.isfinite(lengths).any() else np.nan
    return Finding(
        "learning-rate-too-high",
        severity,
        f"With the learning rate {rate:.6g}, {type(evidence.method).__name__} climbed: from {first:.6g} the cost "
        f"went to {last:.6g} in {evidence.iterations} iterations, by steps of up to {longest:.3g} (the lowest cost "
        f"met is {best:.6g}).",
        f"Use a smaller learning rate, {rate / 10:.3g} say; fallline.find_learning_rate measures the usable ones.",
        {"learning_rate": rate, "better_rate": rate / 10, "step_norm": longest, "fun": last},
    )


def learning_rate_too_low(evidence: Evidence) -> Finding | None:
    """Find a fixed rate far below the stable limit on a run that ended before it arrived."""
    if evidence.optimal or evidence.grew or evidence.no_minimum:
        return None
    stable = evidence.stable_rate()
    if stable is None or not np.isfinite(evidence.curvature.gap):
        return None
    limit, largest, _ = stable
    rate = evidence.highest_rate()
    if not rate < 0.1 * limit:
        return None
    slope = float(np.linalg.norm(evidence.gradient))
    step = float(evidence.last.step_norm[0])
    return Finding(
        "learning-rate-too-low",
        "warning",
        f"The learning rate {rate:.6g} makes steps of {step:.3g} while the gradient is still {slope:.3g}: the steps "
        f"are small because the rate is, not because the minimum is near. The cost is about "
        f"{evidence.curvature.gap:.3g} above it.",
        f"Use a learning rate near {limit / 2:.4g} (the stable limit is {limit:.4g}, for the curvature {largest:.4g}). "
        "Or leave learning_rate out.",
        {
            "learning_rate": rate,
            "better_rate": limit / 2,
            "limit": limit,
            "curvature": largest,
        },
    )
