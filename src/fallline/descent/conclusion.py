"""From a finished run to its result: the answer verified, the run diagnosed."""

from __future__ import annotations

import dataclasses
import functools
import time
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.descent.compiled import is_frozen
from fallline.descent.epochs import noise_of, on_all_rows
from fallline.descent.loop import Run
from fallline.diagnosis import Evidence, diagnose
from fallline.diagnosis.kinks import gap_at_kink, kink_on_the_way
from fallline.diagnosis.optimality import Verdict, Watch, assess, beside_kink, certify
from fallline.methods import UpdateRule
from fallline.objectives.base import Objective
from fallline.steps import StepRule
from fallline.trace import Finding, Result, StopReason

__all__ = ["conclude"]

LOOK_BACK = 8
"""Points at the end of a run between which a corner is looked for."""

BROKEN = (StopReason.DIVERGED, StopReason.NOT_FINITE, StopReason.UNBOUNDED)


def conclude(
    run: Run,
    objective: Objective,
    method: UpdateRule,
    rate: Any,
    layout: Layout,
    findings: list[Finding],
    watched: bool,
    started: float,
    watch: Watch | None = None,
) -> Result:
    """Verify the best point, diagnose the run and put everything into a `Result`.

    What the `watch` over the run has measured is not measured again.
    """
    evaluations, gradients = objective.counts.function, objective.counts.gradient
    if objective.program is not None or run.epoch_costs is not None:
        evaluations = gradients = run.evaluations
    kept, noise, run = run.trace, noise_of(run), run if run.epoch_costs is None else on_all_rows(run, objective)
    x = np.ascontiguousarray(run.best.x[0]) if run.answer is None else run.answer
    if run.answer is not None and objective.penalty is not None:  # an average need not obey it
        x = np.asarray(objective.penalty.prox(x, 0.0))
    objective.foresee(x)
    fun, slope = objective.value_and_gradient(x)
    if run.answer is None:
        fun = float(run.best.fun[0])
    known = None if watch is None else watch.verdict_at(x, fun)
    verdict = assess(objective, x, fun, slope, float(run.trace.blocks[0].fun[0]), known=known)
    verdict = _looked_at_kinks(verdict, run, objective, x, fun)
    optimal = verdict.optimal
    reason = StopReason.CONVERGED if watched and optimal and run.reason is StopReason.NO_PROGRESS else run.reason
    steepness = objective.slope(x, slope)
    evidence = Evidence(objective, method, rate, run.trace, run.best, run.last, reason, steepness, verdict, noise)
    findings = findings + diagnose(evidence)
    broken = reason in BROKEN
    success = optimal and not broken and not any(finding.severity == "error" for finding in findings)
    return Result(
        x=layout.answer(x),
        fun=fun,
        jac=layout.unflatten(slope),
        nit=run.iterations,
        nfev=evaluations,
        njev=gradients,
        success=success,
        reason=reason,
        message=_message(success, reason),
        trace=kept,
        diagnosis=findings,
        certificate=certify(verdict),
        gradient_source=objective.source,
        method=_describe(method, rate),
        seconds=time.perf_counter() - started,
        landscape=objective.values,
        epoch_costs=run.epoch_costs,
    )


def _looked_at_kinks(verdict: Verdict, run: Run, objective: Objective, x: np.ndarray, fun: float) -> Verdict:
    """Return the verdict, judged by other means where the run has ended at a corner of the function."""
    on_batches = run.epoch_costs is not None or objective.noise > 0
    if verdict.optimal or run.reason in BROKEN or not run.iterations or on_batches:
        return verdict
    start = run.trace.blocks[0].take(slice(0, 1))
    path = np.concatenate([block.x[-LOOK_BACK:] for block in run.trace.blocks[-LOOK_BACK:]])[-LOOK_BACK:]
    kink = kink_on_the_way(objective, x, path, float(start.gradient_norm[0]))
    if kink is None:
        return verdict
    reach = max(float(np.linalg.norm(x - start.x[0])), 0.01 * max(1.0, float(np.abs(x).max())))
    gap = gap_at_kink(objective, x, fun, reach)
    return beside_kink(verdict, kink, gap, fun, float(start.fun[0]), x.dtype)


def _message(success: bool, reason: StopReason) -> str:
    if reason is StopReason.CONVERGED:
        return f"Converged: {reason.sentence}."
    verdict = "the answer was verified to be optimal" if success else "the answer is not verified to be optimal"
    return f"Stopped because {reason.sentence}; {verdict}."


def _describe(method: UpdateRule, rate: Any) -> str:
    """Return the method and its rate, as one would write them."""
    lasting = is_frozen(method) and isinstance(rate, StepRule) and is_frozen(rate)
    return _in_words(method, rate) if lasting else _in_words.__wrapped__(method, rate)


@functools.lru_cache(maxsize=64)
def _in_words(method: UpdateRule, rate: Any) -> str:
    silent = {f.name for f in dataclasses.fields(method) if not f.repr} if dataclasses.is_dataclass(method) else set()
    fields = [f"{k}={v!r}" for k, v in vars(method).items() if k not in {"learning_rate", *silent}]
    shown_rate = repr(rate.rate) if type(rate).__name__ == "Constant" else repr(rate)
    return f"{type(method).__name__}({', '.join([*fields, f'learning_rate={shown_rate}'])})"
