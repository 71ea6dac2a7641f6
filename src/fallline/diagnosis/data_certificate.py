"""How far the cost of a fit can be above its minimum, from the gradient and the curvature at the answer."""

from __future__ import annotations

import numpy as np

from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import Metric
from fallline.trace import Certificate

__all__ = ["certify_fit", "gap_bound"]


def gap_bound(
    objective: RowsObjective, metric: Metric, cost: float, gradient: np.ndarray, reach: float | None = None
) -> float:
    """Return a number that ``cost - minimum`` does not exceed.

    With the Newton decrement ``λ = √(gᵀH⁺g)`` a squared loss has ``½λ²`` exactly. The logistic and the softmax loss
    are generalised self-concordant: with `R` the most that a row's predictors change over a step of length one in H,
    ``f(x + v) >= f(x) - λ‖v‖ + (exp(-R‖v‖) + R‖v‖ - 1)/R²``, whose least value over ``‖v‖`` gives
    ``(λR + (1 - λR)·log(1 - λR))/R²`` where ``λR < 1``. No cost is below zero, so the cost itself is a bound.

    Parameters
    ----------
    objective : RowsObjective
    metric : Metric
        At the point.
    cost, gradient : float, array of shape (size,)
        At the point.
    reach : float, optional
        A number not below R that is known; without it, or where it is too large to be of use, R is measured.

    References
    ----------
    F. Bach, "Self-concordant analysis for logistic regression", 2010, proposition 1 (the inequality, there for H's
    upper and lower bounds along a segment).
    """
    decrement = metric.decrement(gradient)
    if objective.loss.quadratic:
        return min(0.5 * decrement**2, cost)
    if not np.isfinite(decrement):
        return cost
    if reach is None or decrement * reach > 0.7:
        reach = metric.furthest(objective)
    t = decrement * reach
    if not t < 1:
        return cost
    # the series where the closed form would cancel
    factor = 0.5 + t / 6 + t * t / 12 if t < 1e-3 else (t + (1 - t) * np.log1p(-t)) / t**2
    return min(float(decrement**2 * factor), cost)


def certify_fit(
    objective: RowsObjective, metric: Metric, cost: float, gradient: np.ndarray, reach: float | None = None
) -> Certificate:
    """Return the certificate of a fit whose cost, gradient and metric at the answer are given, as to `gap_bound`."""
    if not np.isfinite(cost):
        return Certificate("estimate", np.inf, np.inf, np.nan, "Nothing can be said: the cost is not finite.")
    gap = gap_bound(objective, metric, cost, gradient, reach)
    distance = float(np.linalg.norm(metric.solve(gradient)))
    smallest = float(np.linalg.eigvalsh(metric.plain())[0])
    proven = metric.defect == 0 or gap == cost
    words = "at most" if proven else "about"
    text = f"The cost {cost:.6g} is {words} {gap:.3g} above its minimum"
    if gap == cost:
        text += ", since no cost is below zero"
    elif not proven:
        text += ": an estimate, as the minimum is not unique within rounding"
    return Certificate("bound" if proven else "estimate", gap, distance, smallest, f"{text}.")
