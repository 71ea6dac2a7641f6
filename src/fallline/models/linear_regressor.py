"""A linear model of any loss."""

from __future__ import annotations

from typing import Any

from fallline.losses import Loss, find
from fallline.models.regressor import Regressor

__all__ = ["LinearRegressor"]


class LinearRegressor(Regressor):
    """Linear regression with any loss.

    Minimises ``(1/Σs) Σ s·loss(y, X·w + b) + alpha·(l1_ratio·‖w‖₁ + (1 - l1_ratio)·½‖w‖²)``, the intercept `b` being
    free.

    Parameters
    ----------
    loss : name or loss
        "squared", "mse", "huber", "quantile", "epsilon-insensitive", or, with ``log(mean) = X·w + b``, "poisson" or
        "gamma"; or an instance from `fallline.losses` for other parameters than the usual ones.
    alpha : float
        Strength of the penalty.
    l1_ratio : float
        The share of the absolute values in it.
    fit_intercept, method, learning_rate, batch_size, max_iter, tol, standardize, init, warm_start
        As in `LinearRegression`.
    validation_fraction, patience, average, random_state, verbose, checkpoint
        As in `LinearRegression`.

    Attributes
    ----------
    coef_, intercept_, n_iter_, converged_, certificate_, diagnosis_, trace_, cost_history_, n_features_in_
        As in `LinearRegression`.

    Examples
    --------
    >>> import fallline as fl
    >>> X, y = [[1.0], [2.0], [3.0], [4.0], [5.0]], [3.0, 5.0, 90.0, 9.0, 11.0]
    >>> model = fl.LinearRegressor(loss="huber").fit(X, y)
    >>> model.coef_.round(3), model.converged_
    (array([2.]), True)
    """

    def __init__(
        self,
        loss: Any = "squared",
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
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
        self.loss = loss
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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = getattr(self.loss, "name", self.loss) in ("poisson", "gamma")
        return tags

    def _loss(self) -> Loss:
        return find(self.loss, "regression")
