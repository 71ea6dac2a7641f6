"""Least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from fallline.data.check import check_weights, refuse_not_finite
from fallline.errors import DataError, InputError, shown
from fallline.losses import find
from fallline.models.base import Model

__all__ = ["LinearRegression"]


class LinearRegression(RegressorMixin, Model):
    """Linear least squares by gradient descent, in the data's own units.

    Minimises ``(1/Σs) Σ s·loss(y, X·w + b) + alpha·½‖w‖²`` over coefficients `w` and intercept `b`, the intercept
    being free.

    Parameters
    ----------
    loss : {"squared", "mse"}
        ``½(z - y)²`` or, as most tutorials write it, ``(z - y)²``.
    alpha : float
        Strength of the penalty.
    fit_intercept : bool
    method : "auto", name or method
        "auto" needs no learning rate and no scaling: it descends in the metric of the cost's own curvature and stops
        on a proven bound. A name or an instance from `fallline.methods` makes exactly the textbook's updates on the
        data as given.
    learning_rate : float, schedule, step rule or None
        None leaves it to the method. Given with ``method="auto"``, plain gradient descent uses it.
    max_iter : int
        Updates allowed.
    tol : float
        The fit has converged when its cost is at most `tol` times that of the best constant above the minimum.
    standardize : bool
        Run the method on centred columns of unit spread, and penalise their coefficients; `coef_` and `trace_` are
        in the data's units all the same.
    init : "zeros", "random" or array
        The start; an array holds the coefficients, then the intercept.
    warm_start : bool
        Start from the coefficients of the fit before, where there was one of the same size.
    random_state : int, RandomState or None
        For ``init="random"``.

    Attributes
    ----------
    coef_ : array, shape (d,)
    intercept_ : float
    n_iter_ : int
        Updates made.
    converged_ : bool
        Whether the certificate is within the tolerance.
    certificate_ : Certificate
        How far the cost can be above its minimum.
    diagnosis_ : list of Finding
        What was noticed, and what to change.
    trace_ : Trace
        Every step; row 0 is the start.
    cost_history_ : array
        The best cost up to each step kept; the last is the model's.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import fallline as fl
    >>> model = fl.LinearRegression().fit([[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0])
    >>> model.coef_.round(6), round(float(model.intercept_), 6), model.converged_
    (array([2.]), 1.0, True)
    """

    def __init__(
        self,
        loss: str = "squared",
        alpha: float = 0.0,
        *,
        fit_intercept: bool = True,
        method: Any = "auto",
        learning_rate: Any = None,
        max_iter: int = 1000,
        tol: float = 1e-6,
        standardize: bool = False,
        init: Any = "zeros",
        warm_start: bool = False,
        random_state: Any = None,
    ) -> None:
        self.loss = loss
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.method = method
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.tol = tol
        self.standardize = standardize
        self.init = init
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegression:
        """Fit the model.

        Parameters
        ----------
        X : array, sparse array or table of numbers, shape (n, d)
        y : array, shape (n,)
        sample_weight : array, shape (n,), optional
            A weight of 3 is the same as the row written three times.

        Returns
        -------
        LinearRegression
            Itself.

        Raises
        ------
        DataError, InputError
            Where the data or a parameter cannot be used.
        """
        loss = find(self.loss, "regression")
        if not loss.quadratic:
            raise InputError(
                f'loss must be "squared" or "mse"; got {shown(self.loss)}. It is that of least squares. '
                "Leave it out for half the squared error."
            )
        features = self._features(X, reset=True)
        target, findings = self._checked_target(y, features.shape[0])
        try:
            target = target.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"y must hold numbers; got {target.dtype}. A regression predicts numbers ({error}). "
                "Use LogisticRegression for classes."
            ) from error
        refuse_not_finite(target, "y")
        weights = check_weights(sample_weight, features.shape[0])
        answer = self._fit(features, target, weights, loss, 1, findings)
        dtype = features.dtype
        self.coef_ = answer.x[: features.shape[1]].astype(dtype)
        self.intercept_ = dtype.type(answer.x[-1]) if self.fit_intercept else dtype.type(0)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions ``X·w + b``, shape (n,), for features of shape (n, d)."""
        return self._predictors(X)
