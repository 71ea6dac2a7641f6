"""What is noticed about a finished fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fallline.arrays.layout import Branch, Layout, Leaf
from fallline.data.moments import constant_columns
from fallline.diagnosis import Evidence, data_findings, diagnose
from fallline.diagnosis.curvature import curvature_at
from fallline.diagnosis.optimality import Verdict
from fallline.losses import LOSSES
from fallline.models.answer import Answer, rows_of
from fallline.models.problem import Problem
from fallline.models.separation import separates
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import Metric, metric_at
from fallline.trace import Finding, StopReason, Trace

__all__ = ["Numbered", "findings_of"]


class Numbered(Sequence[str]):
    """The names of columns that have none: their numbers, each made where it is asked for.

    Examples
    --------
    >>> Numbered(3)[1], Numbered(3)[1:]
    ('column 1', ['column 1', 'column 2'])
    """

    def __init__(self, count: int) -> None:
        self._places = range(count)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [f"column {j}" for j in self._places[place]]
        return f"column {self._places[place]}"

    def __len__(self) -> int:
        return len(self._places)


def findings_of(problem: Problem, answer: Answer, names: Sequence[str]) -> tuple[list[Finding], bool]:
    """Return the findings, the causes before the effects, and whether the classes are separable."""
    formed = problem.dense and not problem.in_own_units
    bends = problem.loss.smooth and formed and np.isfinite(answer.cost)
    metric = answer.metrics.finished(answer.x) if bends else None
    if metric is None and problem.dense and problem.settings.alpha == 0:
        metric = _of_the_columns(problem)
    found: list[Finding | None] = []
    separable = _separable(problem, answer)
    if separable:
        found.append(data_findings.separable())
    elif not answer.converged:
        found += _of_the_run(problem, answer, metric if bends else None, names)
    constant = constant_columns(problem.rows, problem.spread)
    found.append(data_findings.constant_features(constant, names))
    # rows so far off that nothing is known but their cost do not bend, whatever the columns
    near = problem.loss.quadratic or not bends or answer.certificate.gap < answer.cost
    if metric is not None and not separable and near:
        found.append(data_findings.collinear(metric, problem.rows.columns, names, _nearly(problem), bends))
    return [finding for finding in found if finding is not None], separable


def _of_the_columns(problem: Problem) -> Metric:
    """Return the metric of least squares on the same rows, for losses that do not bend."""
    squares = RowsObjective(problem.rows, LOSSES["squared"], intercept=problem.settings.fit_intercept)
    return metric_at(squares, np.zeros(squares.size), problem.mean)


def _nearly(problem: Problem) -> bool:
    """Tell whether the rows themselves tell columns apart that the Hessian does not."""
    factored = problem.quadratic.factored if problem.quadratic else None
    return factored is not None and not factored.deficient


def _of_the_run(problem: Problem, answer: Answer, metric: Metric | None, names: Sequence[str]) -> list[Finding | None]:
    """Return why the run did not get there."""
    found: list[Finding | None] = []
    if not problem.settings.automatic:
        gradient = _gradient(answer)
        evidence = Evidence(
            answer.objective,
            answer.method,
            answer.rate,
            _named(answer.run.trace, names, problem.outputs),
            answer.run.best,
            answer.run.last,
            answer.run.reason,
            gradient,
            Verdict(False, curvature_at(answer.objective, answer.run.best.x[0], gradient), flat=False, descends=False),
            None if answer.passes is None else answer.passes.noise,
        )
        found += map(_in_our_words, diagnose(evidence))
        if metric is not None and not problem.settings.standardize and problem.outputs == 1:
            found.append(_unscaled(problem, metric, names))
    if not any(finding is not None and finding.severity != "info" for finding in found):
        found.append(_unfinished(answer))
    return found


def _in_our_words(finding: Finding) -> Finding:
    """Return a finding of `minimize` that speaks of the estimators' parameters."""
    remedy = finding.remedy.replace("epochs, or max_iterations", "max_iter").replace("max_iterations", "max_iter")
    return replace(finding, remedy=remedy)


def _named(trace: Trace, names: Sequence[str], outputs: int) -> Trace:
    """Return the trace with its parameters called by their columns, for findings."""
    tails = [""] if outputs == 1 else [f" (class {k})" for k in range(outputs)]
    keys = [f"{name}{tail}" for tail in tails for name in names] + [f"intercept{tail}" for tail in tails]
    size = trace.flat_x.shape[1]
    leaves = tuple(Leaf("number", (), place) for place in range(size))
    return Trace(rows_of(trace), Layout(Branch("dict", tuple(keys[:size]), leaves), size, trace.flat_x.dtype))


def _gradient(answer: Answer) -> np.ndarray:
    return answer.objective.value_and_gradient(np.ascontiguousarray(answer.run.best.x[0]))[1]


def _unscaled(problem: Problem, metric: Metric, names: Sequence[str]) -> Finding | None:
    spread = problem.spread
    scale = 1 / np.append(np.where(spread > 0, spread, 1.0), np.ones(int(metric.intercept)))
    centred = Metric.of(metric.hessian, np.zeros_like(metric.centre), 1, metric.intercept).plain()
    return data_findings.features_unscaled(metric.plain(), centred * scale * scale[:, None], names, spread)


def _unfinished(answer: Answer) -> Finding:
    gap, count = answer.certificate.gap, answer.run.iterations
    used_up = answer.run.reason is StopReason.MAX_ITERATIONS
    why = f"the {count} iterations allowed were used up" if used_up else f"no further step helped after {count}"
    return Finding(
        "iteration-budget" if used_up else "stopped-early",
        "warning",
        f"The fit stopped because {why}, while the cost may still be {gap:.3g} above its minimum.",
        "Raise max_iter." if used_up else "Raise tol, or scale the columns.",
        {"gap": gap, "iterations": count},
    )


def _separable(problem: Problem, answer: Answer) -> bool:
    """Tell whether planes separate the classes, so that no minimum exists: along the answer, or along its last step."""
    if not problem.may_separate:
        return False
    directions = [answer.x]
    if len(answer.trace) > 1 and answer.run.reason is StopReason.UNBOUNDED:
        directions.append(answer.trace.flat_x[-1] - answer.trace.flat_x[-2])
    return any(separates(problem.objective, direction) for direction in directions)
