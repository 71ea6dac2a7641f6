"""A linear classifier of any loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.metaestimators import available_if

from fallline.losses import Loss, find
from fallline.models.classifier import Classifier
from fallline.models.logistic import log_probabilities
from fallline.models.one_vs_rest import OneVsRest

__all__ = ["LinearClassifier"]


def _has_probabilities(model: LinearClassifier) -> bool:
    return find(model.loss, "classification").name in ("logistic", "multinomial")


class LinearClassifier(Classifier):
    """Linear classification with any loss.

    Minimises ``(1/Σs) Σ s·loss(y, X·w + b) + alpha·(l1_ratio·‖w‖₁ + (1 - l1_ratio)·½‖w‖²)``, the intercepts `b` being
    free. Of more than two classes each is told from all others, the losses added up; "multinomial" tells all at once.

    Parameters
    ----------
    loss : name or loss
        "logistic", "multinomial", "hinge" or "squared-hinge".
    alpha : float
        Strength of the penalty.
    l1_ratio : float
        The share of the absolute values in it.
    fit_intercept, class_weight, method, learning_rate, batch_size, max_iter, tol, standardize, init, warm_start
        As in `LogisticRegression`.
    validation_fraction, patience, average, random_state, verbose, checkpoint
        As in `LogisticRegression`.

    Attributes
    ----------
    classes_, coef_, intercept_, n_iter_, converged_, certificate_, diagnosis_, trace_, cost_history_, n_features_in_
        As in `LogisticRegression`.

    Examples
    --------
    >>> import fallline as fl
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
    >>> model = fl.LinearClassifier(loss="hinge", alpha=0.1).fit(X, y)
    >>> model.predict([[0.5], [2.5]])
    array(['no', 'yes'], dtype='<U3')
    """

    def __init__(
        self,
        loss: Any = "logistic",
        alpha: float = 1e-4,
        l1_ratio: float = 0.0,
        *,
        fit_intercept: bool = True,
        class_weight: Any = None,
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
        self.class_weight = class_weight
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

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes, shape (n, classes); of the logistic losses only."""
        return np.exp(self.predict_log_proba(X))

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return their logarithms; those of each class against the others are shifted to add up to one."""
        z = self._predictors(X)
        if z.ndim == 2 and find(self.loss, "classification").name == "logistic":
            return log_probabilities(-np.logaddexp(0, -z))
        return log_probabilities(z)

    def _loss(self, classes: int) -> Loss:
        loss = find(self.loss, "classification")
        if classes == 2:
            return find("logistic", "classification") if loss.multiple else loss
        return loss if loss.multiple else OneVsRest(loss)
