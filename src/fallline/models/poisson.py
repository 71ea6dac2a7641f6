"""Regression of counts."""

from __future__ import annotations

from typing import Any

from sklearn.metrics import d2_tweedie_score

from fallline.losses import Loss, find
from fallline.models.regressor import Regressor

__all__ = ["PoissonRegressor"]


class PoissonRegressor(Regressor):
    """Poisson regression of counts, ``log(mean) = X·w + b``.

    Minimises ``(1/Σs) Σ s·½·deviance(y, exp(X·w + b)) + alpha·½‖w‖²``, the intercept `b` being free.

    Parameters
    ----------
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
    P. McCullagh and J. Nelder, *Generalized Linear Models*, 2nd edition, 1989, chapter 6.

    Examples
    --------
    >>> import fallline as fl
    >>> model = fl.PoissonRegressor().fit([[0.0], [1.0], [2.0]], [1, 2, 4])
    >>> model.predict([[3.0]]).round(2), model.certificate_.kind
    (array([8.]), 'bound')
    """

    def __init__(
        self,
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
        tags.target_tags.positive_only = True
        return tags

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of the deviance that is explained, at most 1, for features (n, d) and counts (n,)."""
        return float(d2_tweedie_score(y, self.predict(X), sample_weight=sample_weight, power=1))

    def _loss(self) -> Loss:
        return find("poisson", "regression")
