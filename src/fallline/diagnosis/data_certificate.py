"""How far the cost of a fit can be above its minimum, from the gradient and the curvature at the answer."""

from __future__ import annotations

import numpy as np

from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_factored import Factored
from fallline.objectives.rows_metric import Metric
from fallline.trace import Certificate

__all__ = ["NOTHING_KNOWN", "certify_factored", "certify_fit", "gap_bound"]

NOTHING_KNOWN = Certificate("estimate", np.inf, np.inf, np.nan, "Nothing can be said: the cost is not finite.")

TIGHT = 0.95
"""Product of decrement and reach from which the bound becomes too loose."""

SUMMED = 64 * np.finfo(float).eps
"""Rounding of a mean over rows, as a share of its terms' size."""


def gap_bound(
    objective: RowsObjective,
    metric: Metric,
    cost: float,
    gradient: np.ndarray,
    reach: float | None = None,
    *,
    measured: bool = True,
) -> float:
    """Return a number that ``cost - minimum`` does not exceed.

    With the Newton decrement ``λ = √(gᵀH⁺g)`` a squared loss has ``½λ²`` exactly. The logistic, softmax, Poisson and
    gamma losses are generalised self-concordant: with `R` the most that a row's predictors change over a step of
    length one in H, ``f(x + v) >= f(x) - λ‖v‖ + (exp(-R‖v‖) + R‖v‖ - 1)/R²``, whose least value over ``‖v‖`` gives
    ``(λR + (1 - λR)·log(1 - λR))/R²`` where ``λR < 1``. No cost is below zero, so the cost itself is a bound, and the
    only one where the gradient, beyond rounding, has a part in directions whose curvature is lost in rounding.

    Parameters
    ----------
    objective : RowsObjective
    metric : Metric
        At the point.
    cost, gradient : float, array of shape (size,)
        At the point.
    reach : float, optional
        A number not below R that is known.
    measured : bool
        Whether R is measured where none is known, or one too large to be of use.

    References
    ----------
    F. Bach, "Self-concordant analysis for logistic regression", 2010, proposition 1 (the inequality, there for H's
    upper and lower bounds along a segment).
    """
    decrement = metric.decrement(gradient)
    if not objective.loss.concordant:
        return cost
    if not metric.complete and _strays(objective, metric, cost, gradient):
        return cost
    if objective.loss.quadratic:
        return min(0.5 * decrement**2, cost)
    if not np.isfinite(decrement):
        return cost
    if reach is None or decrement * reach > TIGHT:
        if not measured:
            return cost
        reach = metric.furthest(objective)
    t = decrement * reach
    if not t < 1:
        return cost
    # the series where the closed form would cancel
    factor = 0.5 + t / 6 + t * t / 12 if t < 1e-3 else (t + (1 - t) * np.log1p(-t)) / t**2
    return min(float(decrement**2 * factor), cost)


def certify_fit(metric: Metric, gap: float, cost: float, gradient: np.ndarray) -> Certificate:
    """Return the certificate of a fit from the metric, the bound by it, the cost and the gradient at the answer."""
    return _certificate(metric, cost, gradient, gap, metric.defect == 0)


def certify_factored(
    factored: Factored, metric: Metric, cost: float, gradient: np.ndarray, x: np.ndarray
) -> Certificate:
    """Return the certificate of a squared loss at `x`, shape (size,), its gap measured on the factored rows."""
    return _certificate(metric, cost, gradient, min(factored.gap(x), cost), not factored.deficient)


def _certificate(metric: Metric, cost: float, gradient: np.ndarray, gap: float, unique: bool) -> Certificate:
    distance = float(np.linalg.norm(metric.solve(gradient)))
    smallest = float(np.linalg.eigvalsh(metric.plain())[0])
    proven = unique or gap == cost
    words = "at most" if proven else "about"
    text = f"The cost {cost:.6g} is {words} {gap:.3g} above its minimum"
    if gap == cost:
        text += ", since no cost is below zero"
    elif not proven:
        text += ": an estimate, as the minimum is not unique within rounding"
    return Certificate("bound" if proven else "estimate", gap, distance, smallest, f"{text}.")


def _strays(objective: RowsObjective, metric: Metric, cost: float, gradient: np.ndarray) -> bool:
    """Tell whether the gradient, beyond rounding, has a part that the metric's inverse leaves out.

    A loss that is nowhere below zero has ``loss'² <= 2·steepest·loss``, which bounds the terms of the gradient's sums;
    those of the logistic and the softmax loss are at most 1 besides. Where a loss has no steepest curvature, what is
    known is the mean of its slopes, of which a single row may have all.
    """
    y, weights = objective.rows.targets()
    slope = objective.loss.steepness(cost, float(np.average(y, weights=weights)))
    if np.isinf(objective.loss.steepest):
        slope *= np.sqrt(len(y))
    elif not objective.loss.quadratic:
        slope = min(slope, 1.0)
    sizes = np.tile(objective.sizes(), objective.outputs)
    noise = SUMMED * slope * np.append(sizes, np.ones(metric.outputs if metric.intercept else 0))
    return metric.strays(gradient, noise)
