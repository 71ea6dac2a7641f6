"""What the classifiers share: classes for targets, one predictor for two of them, one for each of more."""

from __future__ import annotations

import numbers
from abc import abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from fallline.data.check import check_weights, in_range, refuse_not_finite
from fallline.errors import DataError, InputError, shown
from fallline.losses import Loss
from fallline.models.base import Model

__all__ = ["Classifier"]


class Classifier(ClassifierMixin, Model):
    """A model of one class for each row."""

    class_weight: Any
    classes_: np.ndarray

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array, sparse array or table of numbers, shape (n, d)
        y : array, shape (n,)
            Classes: numbers, words or booleans.
        sample_weight : array, shape (n,), optional
            A weight of 3 is the same as the row written three times.

        Returns
        -------
        Classifier
            Itself.

        Raises
        ------
        DataError, InputError
            Where the data or a parameter cannot be used, or there is only one class.
        """
        self._loss(2)
        features = self._features(X, reset=True)
        target, findings = self._checked_target(y, features.shape[0])
        weights = check_weights(sample_weight, features.shape[0])
        index = self._encode(target, weights)
        weights = self._with_class_weight(index, weights)
        outputs = len(self.classes_) if len(self.classes_) > 2 else 1
        loss = self._loss(len(self.classes_))
        answer = self._fit(features, index, weights, loss, outputs, findings)
        coefficients = outputs * features.shape[1]
        self.coef_ = answer.x[:coefficients].reshape(outputs, -1).astype(features.dtype)
        intercept = answer.x[coefficients:] if self.fit_intercept else np.zeros(outputs)
        self.intercept_ = intercept.astype(features.dtype)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the predictors ``X·w + b``, shape (n,) for two classes, (n, classes) for more."""
        return self._predictors(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row, shape (n,)."""
        z = self._predictors(X)
        return self.classes_[(z > 0).astype(int) if z.ndim == 1 else z.argmax(axis=1)]

    @abstractmethod
    def _loss(self, classes: int) -> Loss:
        """Return the loss for so many classes, its parameters checked."""

    def _encode(self, target: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        """Set `classes_` to those of any weight, and return for each row the number of its class."""
        if target.dtype.kind == "f":
            refuse_not_finite(target, "y")
        target = _sortable(target)
        try:
            check_classification_targets(target)
        except ValueError as error:
            raise DataError(
                f"y must hold classes, such as words or whole numbers; got {shown(target[:3].tolist())} and so on. "
                f"{error}"
            ) from error
        counted = np.ones(len(target), dtype=bool) if weights is None else weights > 0
        self.classes_ = np.unique(target[counted])
        if len(self.classes_) < 2:
            raise DataError(
                f"y must hold at least two classes; got one class, {shown(self.classes_.tolist()[0])}. "
                "There is nothing to tell apart. Add rows of another class."
            )
        index = np.searchsorted(self.classes_, np.where(counted, target, self.classes_[0]))
        return index.astype(np.float64)

    def _with_class_weight(self, index: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
        """Return the rows' weights times those of their classes."""
        if self.class_weight is None:
            return weights
        place = index.astype(np.intp)
        try:
            by_class = compute_class_weight(
                self.class_weight, classes=self.classes_, y=self.classes_[place], sample_weight=weights
            )
        except (ValueError, AttributeError) as error:
            raise InputError(
                f'class_weight must be a dict by class, "balanced" or None; got {shown(self.class_weight)}. {error}'
            ) from error
        try:
            by_class = check_weights(by_class, len(self.classes_))
        except DataError as error:
            raise InputError(
                f"class_weight must hold finite numbers above 0; got {shown(self.class_weight)}. "
                "It counts how often a row of the class is taken. Correct it."
            ) from error
        if by_class is None:
            return weights
        without = np.flatnonzero(by_class == 0)
        if without.size:
            raise InputError(
                f"class_weight must be above 0 for every class; got 0 for {shown(self.classes_.tolist()[without[0]])}. "
                "A class without weight cannot be told from others. Leave its rows out instead."
            )
        return in_range(by_class[place] * (1.0 if weights is None else weights))


def _sortable(target: np.ndarray) -> np.ndarray:
    """Return classes that can be put in order, refused where they are bytes or of several kinds."""
    if target.dtype.kind == "O":
        kinds = sorted({"number" if isinstance(label, numbers.Real) else type(label).__name__ for label in target})
        if len(kinds) > 1:
            raise DataError(
                f"y must hold classes of one kind; got {' and '.join(kinds)}. They cannot be put in order. "
                "Fill what is missing, and make them all words or all numbers."
            )
    if target.dtype.kind == "S" or (target.dtype.kind == "O" and isinstance(target[0], bytes)):
        raise DataError(
            f"y must hold words or numbers; got bytes, {shown(target[0])}. Their encoding is not known. "
            "Decode them: y.astype(str)."
        )
    return target
