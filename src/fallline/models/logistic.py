"""Logistic regression of two classes or many."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from fallline.data.check import check_weights, in_range, refuse_not_finite
from fallline.errors import DataError, InputError, shown
from fallline.losses import find
from fallline.models.base import Model

__all__ = ["LogisticRegression"]


class LogisticRegression(ClassifierMixin, Model):
    """Logistic regression by gradient descent: two classes by one predictor, more by a softmax over one for each.

    Minimises ``(1/Σs) Σ s·loss(y, X·w + b) + alpha·½‖w‖²`` over coefficients `w` and intercepts `b`, the intercepts
    being free; `s` are sample weights times class weights.

    Parameters
    ----------
    alpha : float
        Strength of the penalty, on the scale of a mean over rows (scikit-learn's ``C`` is ``1/(n·alpha)``).
    fit_intercept : bool
    class_weight : dict, "balanced" or None
        A weight for each class; "balanced" gives every class the same total.
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
        The start; an array holds the coefficients by class, then the intercepts.
    warm_start : bool
        Start from the coefficients of the fit before, where there was one of the same size.
    random_state : int, RandomState or None
        For ``init="random"``.

    Attributes
    ----------
    classes_ : array, shape (classes,)
    coef_ : array, shape (1, d), or (classes, d) for more than two
    intercept_ : array, shape (1,) or (classes,)
    n_iter_ : int
        Updates made.
    converged_ : bool
        Whether the certificate is within the tolerance; never where the classes are separable and alpha is 0.
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
    >>> model = fl.LogisticRegression(alpha=0.1).fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[0.5], [2.5]])
    array(['no', 'yes'], dtype='<U3')
    >>> model.converged_
    True
    """

    def __init__(
        self,
        alpha: float = 1e-4,
        *,
        fit_intercept: bool = True,
        class_weight: Any = None,
        method: Any = "auto",
        learning_rate: Any = None,
        max_iter: int = 1000,
        tol: float = 1e-6,
        standardize: bool = False,
        init: Any = "zeros",
        warm_start: bool = False,
        random_state: Any = None,
    ) -> None:
        self.class_weight = class_weight
        super().__init__(
            alpha,
            fit_intercept=fit_intercept,
            method=method,
            learning_rate=learning_rate,
            max_iter=max_iter,
            tol=tol,
            standardize=standardize,
            init=init,
            warm_start=warm_start,
            random_state=random_state,
        )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LogisticRegression:
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
        LogisticRegression
            Itself.

        Raises
        ------
        DataError, InputError
            Where the data or a parameter cannot be used, or there is only one class.
        """
        features = self._features(X, reset=True)
        target, findings = self._checked_target(y, features.shape[0])
        weights = check_weights(sample_weight, features.shape[0])
        index = self._encode(target, weights)
        weights = self._with_class_weight(index, weights)
        outputs = len(self.classes_) if len(self.classes_) > 2 else 1
        loss = find("logistic" if outputs == 1 else "multinomial", "classification")
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

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes, shape (n, classes)."""
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities, shape (n, classes); exact however small they are."""
        z = self._predictors(X)
        if z.ndim == 1:
            return -np.logaddexp(0, np.column_stack([z, -z]))
        top = z - z.max(axis=1, keepdims=True)
        return top - np.log(np.exp(top).sum(axis=1, keepdims=True))

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
