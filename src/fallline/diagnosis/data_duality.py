"""How far the cost of a fit can be above its minimum, from a point of the dual problem."""

from __future__ import annotations

import numpy as np

from fallline.data.blocks import Block
from fallline.data.sums import sum_blocks
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import Metric
from fallline.trace import Certificate

__all__ = ["certify_dual", "duality_gap", "penalty_gap"]

ROUNDING = 64 * float(np.finfo(float).eps)


def duality_gap(
    objective: RowsObjective,
    x: np.ndarray,
    cost: float,
    gradient: np.ndarray,
    strength: np.ndarray,
    mean: np.ndarray,
    metric: Metric | None = None,
) -> float:
    """Return a number that ``cost - minimum`` does not exceed.

    The slopes `u` of the losses, moved as the Newton step would move them so that the parameters without a penalty
    have no slope left, and shrunk until the absolute values can hold the others, are a point of the dual problem; the
    gap is ``mean(loss(z) + conjugate(u) - u·z)`` plus the same of the penalty, each term at least 0, so that little
    cancels. Where no such point is found the cost itself is the bound, since no cost is below zero.

    Parameters
    ----------
    objective : RowsObjective
        The cost without absolute values.
    x : array, shape (size,)
    cost : float
        With them.
    gradient : array, shape (size,)
        Without.
    strength : array, shape (size,)
        Of the absolute values.
    mean : array, shape (d,)
        Of the columns.
    metric : Metric, optional
        At `x`. Without it only the intercepts can be free of penalties.

    References
    ----------
    R. Rockafellar, *Convex Analysis*, 1970, theorem 31.1; the shrinking is that of S.-J. Kim et al., "An interior-point
    method for large-scale l1-regularized least squares", 2007, section III.
    """
    squares = np.zeros(objective.size)
    if objective.ridge is not None:
        squares[: objective.coefficients] = objective.ridge.strength
    held = (strength > 0) | (squares > 0)
    slope = gradient - squares * x
    if objective.loss.quadratic and (metric is None or held[: objective.coefficients].all()):
        gap, step, data = 0.0, None, cost - 0.5 * float(squares @ x**2) - float(strength @ np.abs(x))
        if objective.intercept:
            shift = slope[-1]
            slope = slope - shift * np.append(mean, 1.0)
        else:
            shift = 0.0
    else:
        step = _towards_feasible(objective, x, gradient, metric)
        shift = data = 0.0
        gap, slope = _mean_of(objective, x, step, 1.0)
        if _strays(objective, cost, slope, held):
            # columns far from zero: what the gradient was summed from was rounded otherwise
            step = step + _towards_feasible(objective, x, np.where(held, 0.0, slope), metric)
            gap, slope = _mean_of(objective, x, step, 1.0)
    if _strays(objective, cost, slope, held):
        return cost
    share, part = penalty_gap(x, slope, strength, squares)
    if step is None:
        steepest = objective.loss.steepest
        gap = ((1 - share) ** 2 * max(2 * steepest * data - shift**2, 0.0) + shift**2) / (2 * steepest)
    elif share < 1:
        gap = _mean_of(objective, x, step, share)[0]
    gap += part
    return min(max(gap, 0.0), cost) if np.isfinite(gap) else cost


def penalty_gap(x: np.ndarray, slope: np.ndarray, strength: np.ndarray, squares: np.ndarray) -> tuple[float, float]:
    """Return the share of the losses' slopes that the absolute values can hold, and the penalty's part of the gap then.

    Parameters
    ----------
    x, slope : array, shape (size,)
        The parameters, and the losses' mean slope in them.
    strength, squares : array, shape (size,)
        Of the penalties on absolute values and on squares. Parameters without either have no part.

    Examples
    --------
    >>> import numpy as np
    >>> penalty_gap(np.array([2.0]), np.array([-2.0]), np.array([1.0]), np.array([0.0]))
    (0.5, 0.0)
    """
    only_kinked = (strength > 0) & (squares == 0)
    share = float(np.min(strength[only_kinked] / np.maximum(np.abs(slope[only_kinked]), 1e-300), initial=1.0))
    slope = share * slope
    over = np.maximum(np.abs(slope) - strength, 0.0)
    conjugate = np.divide(over**2, 2 * squares, out=np.zeros_like(over), where=squares > 0)
    held = (strength > 0) | (squares > 0)
    return share, float(np.sum((strength * np.abs(x) + 0.5 * squares * x**2 + conjugate + slope * x)[held]))


def certify_dual(cost: float, gap: float, smallest: float) -> Certificate:
    """Return the certificate of a convex cost whose gap is bounded; `smallest` bounds its curvature from below."""
    distance = float(np.sqrt(2 * gap / smallest)) if smallest > 0 else np.inf
    why = ", since no cost is below zero" if gap == cost else ": the gap between it and a dual point"
    text = f"The cost {cost:.6g} is at most {gap:.3g} above its minimum{why}."
    return Certificate("bound", gap, distance, smallest, text)


def _towards_feasible(
    objective: RowsObjective, x: np.ndarray, gradient: np.ndarray, metric: Metric | None
) -> np.ndarray:
    """Return the Newton step, or of the intercepts alone where there is no metric."""
    if metric is not None:
        return -metric.solve(gradient)
    step = np.zeros(objective.size)
    if objective.intercept:
        bends = objective.intercept_curvature(x)
        step[objective.coefficients :] = -np.linalg.pinv(bends, hermitian=True) @ gradient[objective.coefficients :]
    return step


def _mean_of(objective: RowsObjective, x: np.ndarray, step: np.ndarray, share: float) -> tuple[float, np.ndarray]:
    """Return the mean of ``loss + conjugate - u·z`` over the rows, and the mean of ``u·X``, for the dual point."""
    w, b = objective.split(x)
    v, c = objective.split(step)
    loss, single = objective.loss, objective.outputs == 1

    def term(block: Block) -> np.ndarray:
        z = objective.predictors(block, w, b)
        change = objective.predictors(block, v, c) if v.any() else np.broadcast_to(c, z.shape)
        if single:
            z, change = z[:, 0], change[:, 0]
        value, slope = loss.value_and_derivative(block.y, z)
        u = share * loss.project(block.y, slope + loss.turn(block.y, z, change))
        product = u * z if single else np.sum(u * z, axis=1)
        apart = np.maximum(value + loss.conjugate(block.y, u) - product, 0.0)
        slopes = (block.weights * u.T).T
        return np.concatenate([[block.weights @ apart], objective.pull_back(block.X, slopes)])

    total = sum_blocks(objective.rows, term, objective.threads) / objective.total
    return float(total[0]), total[1:]


def _strays(objective: RowsObjective, cost: float, slope: np.ndarray, held: np.ndarray) -> bool:
    """Tell whether a parameter that no penalty holds has a slope beyond rounding."""
    free = np.abs(slope[~held])
    return bool(free.any()) and bool((free > ROUNDING * _sizes(objective, cost)[~held]).any())


def _sizes(objective: RowsObjective, cost: float) -> np.ndarray:
    """Return about how large the terms are whose sum is the slope of each parameter, shape (size,)."""
    steepest = objective.loss.steepest
    slope = np.sqrt(2 * steepest * cost) if np.isfinite(steepest) else max(1.0, cost)
    sizes = np.tile(objective.sizes(), objective.outputs)
    return slope * np.append(sizes, np.ones(objective.size - objective.coefficients))
