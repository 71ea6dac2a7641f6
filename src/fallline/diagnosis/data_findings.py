"""Findings about the data of a fit: columns that do nothing, that repeat each other, or that differ in scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fallline.objectives.rows_metric import Metric
from fallline.trace import Finding

__all__ = ["collinear", "constant_features", "features_unscaled", "separable", "shape_mismatch"]

UNSCALED = 100
"""How many times better the curvature's condition must be after standardising for the scales to be blamed."""

NAMED = 5


def shape_mismatch(rows: int) -> Finding:
    """Tell that a column of targets was taken as a vector."""
    return Finding(
        "shape-mismatch",
        "info",
        f"The targets came with shape ({rows}, 1) and were taken as ({rows},).",
        "Pass y.ravel() to say the same without this note.",
        {"shape": [rows, 1]},
    )


def constant_features(columns: np.ndarray, names: Sequence[str]) -> Finding | None:
    """Find columns that never vary."""
    if columns.size == 0:
        return None
    return Finding(
        "constant-feature",
        "info",
        f"Nothing ever varies in {_listed(columns, names)}: no more is told by it than by the intercept.",
        "Leave it out to say the same with less.",
        {"index": _one_or_all(columns), "name": [names[j] for j in columns.tolist()]},
    )


def collinear(
    metric: Metric, columns: int, names: Sequence[str], nearly: bool = False, least: bool = True
) -> Finding | None:
    """Find columns that add up to each other, so that the coefficients are not unique.

    `nearly` tells that they do so but for more than rounding: the coefficients are then unique, and feeble. `least`
    tells that the fit chose the least of them.
    """
    if metric.defect == 0:
        return None
    first = metric.null[:columns]
    weights = np.sqrt((first**2).sum(axis=1)) * (np.diag(metric.hessian)[:columns] > 0)
    involved = np.flatnonzero(weights > 0.02 * weights.max()) if weights.any() else np.arange(0)
    chosen = "those of least norm in scaled columns" if least else "one choice of many"
    how = (
        f"Some columns are nearly sums of others ({_listed(involved, names)}): the minimum is unique, but the smallest "
        "change of the data moves its coefficients far. Predictions within the data do not suffer."
        if nearly
        else f"Some columns are sums of others ({_listed(involved, names)}), so the minimum is not unique. The "
        f"coefficients are {chosen}; predictions do not depend on the choice."
    )
    return Finding(
        "collinear",
        "warning",
        how,
        "Leave one of them out, or set alpha above 0.",
        {
            "index": _one_or_all(involved),
            "name": [names[j] for j in involved.tolist()],
            "directions": metric.defect,
        },
    )


def features_unscaled(
    hessian: np.ndarray, standardised: np.ndarray, names: Sequence[str], spread: np.ndarray
) -> Finding | None:
    """Find columns of so different a scale that plain descent crawls or diverges.

    Parameters
    ----------
    hessian, standardised : array, shape (size, size)
        The curvature with the columns as they are, and with standardised columns.
    names : list of str
    spread : array, shape (d,)
    """
    before, after = _condition(hessian), _condition(standardised)
    if not before > UNSCALED * after:
        return None
    varying = np.flatnonzero(spread > 0)
    if not varying.size:  # a single row, or the same again and again
        return None
    low, high = int(varying[np.argmin(spread[varying])]), int(varying[np.argmax(spread[varying])])
    return Finding(
        "features-unscaled",
        "warning",
        f"The columns differ in scale or lie far from zero (standard deviations from {spread[low]:.3g}, {names[low]}, "
        f"to {spread[high]:.3g}, {names[high]}): the curvature's condition number is {before:.4g}, and would be "
        f"{after:.4g} with standardised columns. Plain descent needs iterations in proportion.",
        "Set standardize=True, or leave method and learning_rate out.",
        {"condition": before, "condition_standardised": after},
    )


def separable() -> Finding:
    """Tell that the classes are separated, so that without a penalty no minimum exists."""
    return Finding(
        "separable",
        "warning",
        "The classes are perfectly separable, all or some of them: there is a direction along which no row comes "
        "nearer to the wrong side. Without a penalty the cost falls along it for ever, and no best fit exists.",
        "Set alpha above 0: a penalty makes the fit unique (the default is 1e-4).",
    )


def _condition(hessian: np.ndarray) -> float:
    varying = np.diag(hessian) > 0
    if not varying.any():
        return 1.0
    values = np.linalg.eigvalsh(hessian[np.ix_(varying, varying)])
    smallest = max(values[0], np.finfo(float).eps * values[-1])
    return float(values[-1] / smallest)


def _listed(columns: np.ndarray, names: Sequence[str]) -> str:
    shown = ", ".join(str(names[j]) for j in columns[:NAMED].tolist())
    more = f" and {columns.size - NAMED} more" if columns.size > NAMED else ""
    return shown + more


def _one_or_all(columns: np.ndarray) -> int | list[int]:
    return int(columns[0]) if columns.size == 1 else columns.tolist()
