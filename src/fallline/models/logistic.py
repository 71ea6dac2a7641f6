"""Logistic regression of two classes or many."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.losses import Loss, find
from fallline.models.classifier import Classifier

__all__ = ["LogisticRegression", "log_probabilities"]


class LogisticRegression(Classifier):
    """Logistic regression by gradient descent: two classes by one predictor, more by a softmax over one for each.

    Minimises ``(1/Σs) Σ s·loss(y, X·w + b) + alpha·(l1_ratio·‖w‖₁ + (1 - l1_ratio)·½‖w‖²)`` over coefficients `w` and
    intercepts `b`, the intercepts being free; `s` are sample weights times class weights.

    Parameters
    ----------
    alpha : float
        Strength of the penalty, on the scale of a mean over rows (scikit-learn's ``C`` is ``1/(n·alpha)``).
    l1_ratio : float
        The share of absolute values in the penalty: they set coefficients that matter little to exactly zero.
    fit_intercept : bool
    class_weight : dict, "balanced" or None
        A weight for each class; "balanced" gives every class the same total.
    method : "auto", name or method
        "auto" needs no learning rate and no scaling: it descends in the metric of the cost's own curvature and stops
        on a proven bound. A name or an instance from `fallline.methods` makes exactly the textbook's updates on the
        data as given. "sgd", "saga" and "svrg" go row by row: plain steps, and two that remember gradients and so
        reach the minimum; they need no learning rate where the loss has a largest curvature.
    learning_rate : float, schedule, step rule or None
        None leaves it to the method. Given with ``method="auto"``, plain gradient descent uses it. A schedule counts
        updates.
    batch_size : int or None
        Rows of an update: 1 is stochastic descent, more are mini-batches, in a new order each epoch. None uses all
        rows, and a single one with "sgd", "saga" and "svrg".
    max_iter : int
        Updates allowed; on mini-batches epochs.
    tol : float
        The fit has converged when its cost is at most `tol` times that of the best constant above the minimum.
    standardize : bool
        Run the method on centred columns of unit spread, and penalise their coefficients; `coef_` and `trace_` are
        in the data's units all the same.
    init : "zeros", "random" or array
        The start; an array holds the coefficients by class, then the intercepts.
    warm_start : bool
        Start from the coefficients of the fit before, where there was one of the same size.
    validation_fraction : float or None
        The share of the rows held out of a named method's descent; it stops when the cost over them has not fallen for
        `patience` epochs, and the model is the one of least such cost. None uses all rows.
    patience : int
        Epochs; on all rows updates.
    average : bool
        Answer with the mean of the points that mini-batches led to, later ones counting more.
    random_state : int, RandomState or None
        Settles the order of the rows, which of them are held out, and ``init="random"``.
    verbose : bool
        Show how far the fit is, on a line of the terminal.
    checkpoint : str or path, optional
        A file to go on from: written at the start of `fit`, then about every half second, whole or not at all, and
        kept. The same fit with the same file goes on where it was last written, to the same bits as one never killed,
        and beyond with a larger `max_iter`. A file of another fit, or one damaged or in use, is refused.

    Attributes
    ----------
    classes_ : array, shape (classes,)
    coef_ : array, shape (1, d), or (classes, d) for more than two
    intercept_ : array, shape (1,) or (classes,)
    n_iter_ : int
        Updates made; on mini-batches epochs.
    converged_ : bool
        Whether the certificate is within the tolerance; never where the classes are separable and alpha is 0.
    certificate_ : Certificate
        How far the cost can be above its minimum.
    diagnosis_ : list of Finding
        What was noticed, and what to change.
    trace_ : Trace
        Every step; row 0 is the start. `trace_.note` tells what "auto" chose, and why.
    cost_history_ : array
        The best cost up to each step kept; on mini-batches the cost at the start and after each epoch. The last is the
        model's.
    validation_costs_ : array
        With `validation_fraction`: the cost over the rows held out, at the start and after each epoch.
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
        l1_ratio: float = 0.0,
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

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes, shape (n, classes)."""
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities, shape (n, classes); exact however small they are."""
        return log_probabilities(self._predictors(X))

    def _loss(self, classes: int) -> Loss:
        return find("logistic" if classes == 2 else "multinomial", "classification")


def log_probabilities(z: np.ndarray) -> np.ndarray:
    """Return the logarithms of the classes' probabilities, for predictors of shape (n,), or (n, classes).

    Examples
    --------
    >>> log_probabilities(np.array([[0.0, 0.0], [0.0, 1000.0]])).tolist()[1]
    [-1000.0, 0.0]
    """
    if z.ndim == 1:
        return -np.logaddexp(0, np.column_stack([z, -z]))
    top = z - z.max(axis=1, keepdims=True)
    return top - np.log(np.exp(top).sum(axis=1, keepdims=True))
