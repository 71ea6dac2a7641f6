"""What the regressors share: numbers for targets, one predictor."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from fallline.data.check import as_floats, check_weights, refuse_not_finite
from fallline.losses import Loss
from fallline.models.base import Model
from fallline.models.problem import Answer
from fallline.models.streams import can_stream
from fallline.trace import Finding

__all__ = ["Regressor"]


class Regressor(RegressorMixin, Model):
    """A model of one number for each row."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array, sparse array or table of numbers, shape (n, d)
        y : array, shape (n,)
        sample_weight : array, shape (n,), optional
            A weight of 3 is the same as the row written three times.

        Returns
        -------
        Regressor
            Itself.

        Raises
        ------
        DataError, InputError
            Where the data or a parameter cannot be used.
        """
        loss = self._loss()
        features = self._features(X, reset=True)
        target, findings = self._checked_numbers(y, features.shape[0], loss)
        weights = check_weights(sample_weight, features.shape[0])
        answer = self._fit(features, target, weights, loss, 1, findings)
        self._keep(answer, features.shape[1], features.dtype)
        return self

    @available_if(can_stream)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Go once through these rows, in a random order, from where the model stands.

        It is there for methods that see some rows at a time. A schedule, and what a method remembers, go on from call
        to call; `fit` starts anew. `cost_history_` then has the cost over each block before it was learnt from, and
        there is neither trace nor certificate.

        Parameters
        ----------
        X : array, sparse array or table of numbers, shape (n, d)
        y : array, shape (n,)
        sample_weight : array, shape (n,), optional
            Each scales its row's gradient.

        Returns
        -------
        Regressor
            Itself.

        Raises
        ------
        DataError, InputError
            Where the data or a parameter cannot be used.
        """
        loss, first = self._loss(), "coef_" not in vars(self)
        features = self._features(X, reset=first)
        target, findings = self._checked_numbers(y, features.shape[0], loss)
        check_weights(sample_weight, features.shape[0])
        x = self._learn(features, target, sample_weight, loss, 1, findings)
        self._keep_point(x, features.shape[1], features.dtype)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions, shape (n,), for features of shape (n, d): ``X·w + b``, or what that is the log of."""
        return self._loss().mean(self._predictors(X))

    def _checked_numbers(self, y: Any, rows: int, loss: Loss) -> tuple[np.ndarray, list[Finding]]:
        target, findings = self._checked_target(y, rows)
        target = as_floats(target, "y", hint="Use LogisticRegression for classes.").astype(np.float64)
        refuse_not_finite(target, "y")
        loss.check(target)
        return target, findings

    def _keep(self, answer: Answer, columns: int, dtype: Any) -> None:
        """Set what the answer says."""
        self._keep_point(answer.x, columns, dtype)

    def _keep_point(self, x: np.ndarray, columns: int, dtype: Any) -> None:
        """Set the parameters in the features' type."""
        self.coef_ = x[:columns].astype(dtype) + dtype.type(0)  # no zero is negative
        self.intercept_ = dtype.type(x[-1]) if self.fit_intercept else dtype.type(0)

    @abstractmethod
    def _loss(self) -> Loss:
        """Return the loss, its parameters checked."""
