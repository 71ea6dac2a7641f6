"""What the classifiers share: classes for targets, one predictor for two of them, one for each of more."""

from __future__ import annotations

import numbers
from abc import abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from fallline.data.check import ROWS_FROM_ZERO, check_weights, in_range, refuse_not_finite
from fallline.errors import DataError, InputError, shown
from fallline.losses import Loss
from fallline.models.base import Model
from fallline.models.streams import can_stream

__all__ = ["Classifier"]

CLOSE = 1000
"""Range of whole numbers up to which their classes are counted, which is quicker than putting them in order."""

EXACT = 2.0**53 - CLOSE
"""Whole numbers up to which floating point tells them all apart."""


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
        self._keep_point(answer.x, features, loss.invariant and self._settings().automatic)
        return self

    @available_if(can_stream)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Go once through these rows, in a random order, from where the model stands.

        It is there for methods that see some rows at a time. A schedule, and what a method remembers, go on from call
        to call; `fit` starts anew. `cost_history_` then has the cost over each block before it was learnt from, and
        there is neither trace nor certificate.

        Parameters
        ----------
        X : array, sparse array or table of numbers, shape (n, d)
        y : array, shape (n,)
            Classes; a block need not have all.
        classes : array, shape (classes,), optional
            All that will ever come; needed in the first call.
        sample_weight : array, shape (n,), optional
            Each scales its row's gradient.

        Returns
        -------
        Classifier
            Itself.

        Raises
        ------
        DataError, InputError
            Where the data or a parameter cannot be used.
        """
        self._loss(2)
        first = "coef_" not in vars(self)
        self._told_classes(classes, first)
        features = self._features(X, reset=first)
        target, findings = self._checked_target(y, features.shape[0])
        check_weights(sample_weight, features.shape[0])
        index = self._known_classes(target)
        weights = self._with_class_weight(index, None if sample_weight is None else np.asarray(sample_weight, float))
        outputs = len(self.classes_) if len(self.classes_) > 2 else 1
        x = self._learn(features, index, weights, self._loss(len(self.classes_)), outputs, findings)
        self._keep_point(x, features, False)
        return self

    def _told_classes(self, classes: Any, first: bool) -> None:
        """Set `classes_` in a first call, and hold later ones to them."""
        if classes is None and first:
            raise InputError(
                "classes must be given in the first call of partial_fit; got None. The rows to come may have others "
                "than these. Write classes=[…] with all of them."
            )
        if isinstance(self.class_weight, str):
            raise InputError(
                f"class_weight must be a dict or None for partial_fit; got {shown(self.class_weight)}. How many rows "
                "of each class will come is not known. Give the weights by class."
            )
        if classes is None:
            return
        told = np.unique(_sortable(np.asarray(classes)))
        if first and len(told) < 2:
            raise DataError(
                f"classes must hold at least two; got {shown(told.tolist())}. There is nothing to tell apart. Name all."
            )
        if first:
            self.classes_ = told
        elif not np.array_equal(told, self.classes_):
            raise InputError(
                f"classes must be those of the first call, {shown(self.classes_.tolist())}; got "
                f"{shown(told.tolist())}. Each has its own coefficients. Leave classes out, or start with a new model."
            )

    def _known_classes(self, target: np.ndarray) -> np.ndarray:
        """Return for each row the number of its class among `classes_`."""
        target = _sortable(target)
        strange = np.flatnonzero(~np.isin(target, self.classes_))
        if strange.size:
            raise DataError(
                f"y must hold classes that were named, {shown(self.classes_.tolist())}; got "
                f"{shown(target[strange[0]].item())} at row {strange[0]}. {ROWS_FROM_ZERO} Name it in the first call."
            )
        return np.searchsorted(self.classes_, target).astype(np.float64)

    def _keep_point(self, x: np.ndarray, features: Any, centred: bool) -> None:
        """Set the parameters in the features' type."""
        outputs = len(self.classes_) if len(self.classes_) > 2 else 1
        coefficients = outputs * features.shape[1]
        coef = x[:coefficients].reshape(outputs, -1)
        intercept = x[coefficients:] if self.fit_intercept else np.zeros(outputs)
        if centred:  # a shift of all classes alike means nothing
            intercept = intercept - intercept.mean()
            coef = coef if self.alpha > 0 else coef - coef.mean(axis=0)
        self.coef_ = coef.astype(features.dtype)
        self.intercept_ = intercept.astype(features.dtype)

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
        target = _sortable(target)
        if target.dtype.kind == "f":
            refuse_not_finite(target, "y")
        counted = np.ones(len(target), dtype=bool) if weights is None else weights > 0
        found = _few_whole_numbers(target, counted)
        if found is None:
            found = self._unique(target, counted)
        self.classes_, index = found
        if len(self.classes_) < 2:
            raise DataError(
                f"y must hold at least two classes; got one class, {shown(self.classes_.tolist()[0])}. "
                "There is nothing to tell apart. Add rows of another class."
            )
        return index.astype(np.float64)

    def _unique(self, target: np.ndarray, counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the classes of the rows that are counted, in order, and for each row the number of its class."""
        try:
            check_classification_targets(target)
        except ValueError as error:
            raise DataError(
                f"y must hold classes, such as words or whole numbers; got {shown(target[:3].tolist())} and so on. "
                f"{error}"
            ) from error
        classes = np.unique(target[counted])
        return classes, np.searchsorted(classes, np.where(counted, target, classes[0]))

    def _with_class_weight(self, index: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
        """Return the rows' weights times those of their classes."""
        if self.class_weight is None:
            return weights
        given, place = self.class_weight, index.astype(np.intp)
        if not (isinstance(given, dict) or (isinstance(given, str) and given == "balanced")):
            raise InputError(
                f'class_weight must be a dict by class, "balanced" or None; got {shown(given)}. It says how much the '
                f"rows of a class count. Write {{{shown(self.classes_.tolist()[0])}: 2.0}}, say."
            )
        try:
            by_class = compute_class_weight(
                self.class_weight, classes=self.classes_, y=self.classes_[place], sample_weight=weights
            )
        except ValueError as error:
            raise InputError(
                f"class_weight must have classes of y for keys, and numbers for values; got {shown(given)}. The "
                f"classes are {shown(self.classes_.tolist())}. Name these."
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


def _refuse_missing(target: np.ndarray) -> None:
    missing = (row for row, label in enumerate(target) if _is_missing(label))
    if (row := next(missing, None)) is not None:
        raise DataError(
            f"y must hold a class for each row; got {shown(target[row])} at row {row}. {ROWS_FROM_ZERO} "
            "Fill it or leave the row out."
        )


def _is_missing(label: Any) -> bool:
    """Tell whether a label stands for none: None, what is no number, or what pandas and NumPy have for it."""
    if isinstance(label, (float, np.floating)):
        return bool(np.isnan(label))
    return label is None or type(label).__name__ == "NAType" or (isinstance(label, np.datetime64) and np.isnat(label))


def _few_whole_numbers(target: np.ndarray, counted: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return what `_unique` does of whole numbers that are close together, without putting them in order; else None."""
    if target.dtype.kind not in "iuf":
        return None
    low, high = target.min(), target.max()
    if not (abs(float(low)) < EXACT and float(high) - float(low) <= CLOSE):
        return None
    above = target.astype(np.float64) - float(low)
    place = above.astype(np.intp)
    if not (place == above).all():
        return None
    present = np.flatnonzero(np.bincount(place[counted]))
    if 2 * len(present) > len(target):  # as many as measurements would have: scikit-learn tells so
        return None
    number = np.zeros(int(place.max()) + 1, dtype=np.intp)
    number[present] = np.arange(len(present))
    return (present + float(low)).astype(target.dtype), number[place]


def _sortable(target: np.ndarray) -> np.ndarray:
    """Return classes that can be put in order, refused where they are bytes or of several kinds."""
    if target.dtype.kind == "T":  # NumPy's texts of any length, which scikit-learn does not know
        target = np.array(target.tolist(), dtype=object)
    if target.dtype.kind in "OM":
        _refuse_missing(target)
    if target.dtype.kind == "O":
        kinds = sorted({"number" if isinstance(label, numbers.Real) else type(label).__name__ for label in target})
        if len(kinds) > 1:
            raise DataError(
                f"y must hold classes of one kind; got {' and '.join(kinds)}. They cannot be put in order. "
                "Fill what is missing, and make them all words or all numbers."
            )
        if kinds == ["number"]:
            target = np.array(target.tolist())
    if target.dtype.kind == "S" or (target.dtype.kind == "O" and isinstance(target[0], bytes)):
        raise DataError(
            f"y must hold words or numbers; got bytes, {shown(target[0])}. Their encoding is not known. "
            "Decode them: y.astype(str)."
        )
    return target
