"""What the regressors share: numbers for targets, one predictor."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from fallline.data.check import check_weights, refuse_not_finite
from fallline.errors import DataError
from fallline.losses import Loss
from fallline.models.base import Model
from fallline.models.problem import Answer

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
        target, findings = self._checked_target(y, features.shape[0])
        try:
            target = target.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"y must hold numbers; got {target.dtype}. A regression predicts numbers ({error}). "
                "Use LogisticRegression for classes."
            ) from error
        refuse_not_finite(target, "y")
        loss.check(target)
        weights = check_weights(sample_weight, features.shape[0])
        answer = self._fit(features, target, weights, loss, 1, findings)
        self._keep(answer, features.shape[1], features.dtype)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions, shape (n,), for features of shape (n, d): ``X·w + b``, or what that is the log of."""
        return self._loss().mean(self._predictors(X))

    def _keep(self, answer: Answer, columns: int, dtype: Any) -> None:
        """Set what the answer says, the parameters in the features' type."""
        self.coef_ = answer.x[:columns].astype(dtype) + dtype.type(0)  # no zero is negative
        self.intercept_ = dtype.type(answer.x[-1]) if self.fit_intercept else dtype.type(0)

    @abstractmethod
    def _loss(self) -> Loss:
        """Return the loss, its parameters checked."""
