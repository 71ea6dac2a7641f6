"""Why a fit was made as it was, in a sentence."""

from __future__ import annotations

from typing import Any

from fallline.methods import LBFGS
from fallline.models.interior import InteriorPoint
from fallline.models.newton_by_class import NewtonByClass
from fallline.models.newton_cg import NewtonCG
from fallline.models.proximal_newton import ProximalNewton
from fallline.models.working_sets import WorkingSets
from fallline.objectives.rows import RowsObjective

__all__ = ["reason_of"]


def reason_of(method: Any, objective: RowsObjective, sampled: bool) -> str:
    """Return why this method was taken for the objective; `sampled` tells that Hessians are those of some rows.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> objective = RowsObjective(ArrayRows(np.ones((2, 1)), np.zeros(2)), find("squared", "regression"))
    >>> reason_of(LBFGS(), objective, sampled=False)
    'L-BFGS on standardised columns: 2 rows and 2 parameters are too much for whole Hessians.'
    """
    size = f"{objective.rows.count:,} rows and {objective.size:,} parameters"
    if isinstance(method, NewtonCG):
        return f"Newton's method by conjugate gradients: {size} are much for exact Hessians; a penalty makes it quick."
    if isinstance(method, NewtonByClass):
        return f"Newton's method class by class: {size}, and none that two classes share."
    if isinstance(method, WorkingSets):
        return f"Proximal Newton steps in working sets: {size}, most zero by the absolute values."
    if isinstance(method, LBFGS):
        return f"L-BFGS on standardised columns: {size} are too much for whole Hessians."
    if isinstance(method, InteriorPoint):
        return f"An interior-point method: the loss has corners, and {size} are few enough for Hessians."
    if isinstance(method, ProximalNewton):
        return f"Proximal Newton steps: absolute values in the penalty, and {size} are few enough for Hessians."
    if objective.loss.quadratic:
        return f"One step by the Gram matrix: the loss is squared, and {size} are few enough to form it."
    if sampled:
        return f"Descent in the metric of sampled rows' Hessian: {size} are many rows for few parameters."
    return f"Newton's method: the loss is smooth, and {size} are few enough for whole Hessians."
