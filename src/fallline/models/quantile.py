"""Regression of a quantile."""

from __future__ import annotations

from typing import Any

from fallline.losses import Loss
from fallline.losses.quantile import Quantile
from fallline.models.regressor import Regressor

__all__ = ["QuantileRegressor"]


class QuantileRegressor(Regressor):
    """Quantile regression: the line that the share `quantile` of the targets lies below.

    Minimises ``(1/Σs) Σ s·max(q·(y - z), (1 - q)·(z - y)) + alpha·‖w‖₁`` with ``z = X·w + b`` and ``q = quantile``, the
    intercept `b` being free. Its certificate is a duality gap: a proven bound.

    Parameters
    ----------
    quantile : float
        Above 0 and below 1; 0.5 is the median.
    alpha : float
        Strength of the penalty, as scikit-learn's.
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
    R. Koenker and G. Bassett, "Regression quantiles", 1978.

    Examples
    --------
    >>> import fallline as fl
    >>> model = fl.QuantileRegressor().fit([[1.0], [2.0], [3.0], [4.0], [5.0]], [3.0, 5.0, 7.0, 9.0, 90.0])
    >>> model.coef_.round(3), model.certificate_.kind
    (array([2.]), 'bound')
    """

    def __init__(
        self,
        quantile: float = 0.5,
        alpha: float = 0.0,
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
        self.quantile = quantile
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

    _l1_ratio = 1.0

    def _loss(self) -> Loss:
        return Quantile(self.quantile)
