"""Robust regression with the scale of the errors estimated besides."""

from __future__ import annotations

import numbers
from typing import Any

from fallline.errors import InputError, shown
from fallline.losses import Loss
from fallline.losses.huber import Huber
from fallline.models.problem import Answer
from fallline.models.regressor import Regressor
from fallline.objectives.rows_huber import ScaledHuberObjective

__all__ = ["HuberRegressor"]


class HuberRegressor(Regressor):
    """Huber regression, insensitive to outliers, with the scale of the errors estimated jointly.

    Minimises ``(1/Σs) Σ s·(σ/2 + σ·h((y - X·w - b)/σ)) + alpha·½‖w‖²`` over coefficients, intercept and scale `σ`;
    ``h(t)`` is ``t²/2`` up to `epsilon` and straight beyond. It is half of scikit-learn's cost, divided by the rows.

    Parameters
    ----------
    epsilon : float
        In units of the scale, errors beyond it count linearly; above 1.
    alpha : float
        Strength of the penalty: scikit-learn's is `n` times as much.
    fit_intercept, method, learning_rate, batch_size, max_iter, tol, standardize, init, warm_start
        As in `LinearRegression`.
    validation_fraction, patience, average, random_state, verbose, checkpoint
        As in `LinearRegression`.

    Attributes
    ----------
    scale_ : float
        The scale of the errors, σ.
    coef_, intercept_, n_iter_, converged_, certificate_, diagnosis_, trace_, cost_history_, n_features_in_
        As in `LinearRegression`.

    References
    ----------
    P. Huber and E. Ronchetti, *Robust Statistics*, 2nd edition, 2009, section 7.7; A. Owen, "A robust hybrid of lasso
    and ridge regression", 2007.

    Examples
    --------
    >>> import fallline as fl
    >>> X, y = [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]], [3.1, 4.9, 90.0, 8.9, 11.1, 12.9]
    >>> model = fl.HuberRegressor().fit(X, y)
    >>> model.coef_.round(1), model.certificate_.kind
    (array([2.]), 'bound')
    """

    scale_: float

    def __init__(
        self,
        epsilon: float = 1.35,
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
        self.epsilon = epsilon
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

    _objective = ScaledHuberObjective

    def _keep(self, answer: Answer, columns: int, dtype: Any) -> None:
        super()._keep(answer, columns, dtype)
        objective = answer.metrics.objective
        if isinstance(objective, ScaledHuberObjective):
            self.scale_ = objective.scale(answer.x)

    def _loss(self) -> Loss:
        number = isinstance(self.epsilon, numbers.Real) and not isinstance(self.epsilon, bool)
        if not number or not 1 < self.epsilon < float("inf"):
            raise InputError(
                f"epsilon must be a finite number above 1; got {shown(self.epsilon)}. Up to 1 no scale balances the "
                "errors. The default is 1.35."
            )
        return Huber(float(self.epsilon))
