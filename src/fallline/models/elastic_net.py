"""Least squares with a penalty on absolute values and squares."""

from __future__ import annotations

from typing import Any

from fallline.losses import Loss, find
from fallline.models.regressor import Regressor

__all__ = ["ElasticNet"]


class ElasticNet(Regressor):
    """The elastic net: least squares with a penalty that mixes absolute values and squares.

    Minimises ``(1/Σs) Σ s·½(y - X·w - b)² + alpha·(l1_ratio·‖w‖₁ + (1 - l1_ratio)·½‖w‖²)``, the intercept `b` being
    free. Its certificate is a duality gap: a proven bound.

    Parameters
    ----------
    alpha : float
        Strength of the penalty, as scikit-learn's.
    l1_ratio : float
        The share of the absolute values, from 0 (`Ridge`) to 1 (`Lasso`).
    fit_intercept, method, learning_rate, batch_size, max_iter, tol, standardize, init, warm_start
        As in `LinearRegression`.
    validation_fraction, patience, average, random_state, verbose, checkpoint
        As in `LinearRegression`.

    Attributes
    ----------
    coef_, intercept_, n_iter_, converged_, certificate_, diagnosis_, trace_, cost_history_, n_features_in_
        As in `LinearRegression`.

    References
    ----------
    H. Zou and T. Hastie, "Regularization and variable selection via the elastic net", 2005.

    Examples
    --------
    >>> import fallline as fl
    >>> model = fl.ElasticNet(alpha=0.5).fit([[1.0, 0.2], [2.0, 0.1], [3.0, 0.2]], [3.0, 5.0, 7.0])
    >>> model.coef_.round(6), model.certificate_.kind
    (array([1.181818, 0.      ]), 'bound')
    """

    def __init__(
        self,
        alpha: float = 1.0,
        l1_ratio: float = 0.5,
        *,
        fit_intercept: bool = True,
        method: Any = "auto",
        learning_rate: Any = None,
        batch_size: int | None = None,
        max_iter: int = 1000,
        tol: float = 1e-6,
        standardize: bool = False,
        init: Any = "zeros",
        warm_start: bool = False,
        validation_fraction: float | None = None,
        patience: int = 5,
        average: bool = False,
        random_state: Any = None,
        verbose: bool = False,
        checkpoint: Any = None,
    ) -> None:
        self.l1_ratio = l1_ratio
        super().__init__(
            alpha,
            fit_intercept=fit_intercept,
            method=method,
            learning_rate=learning_rate,
            batch_size=batch_size,
            max_iter=max_iter,
            tol=tol,
            standardize=standardize,
            init=init,
            warm_start=warm_start,
            validation_fraction=validation_fraction,
            patience=patience,
            average=average,
            random_state=random_state,
            verbose=verbose,
            checkpoint=checkpoint,
        )

    def _loss(self) -> Loss:
        return find("squared", "regression")
