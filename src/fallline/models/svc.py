"""The linear support vector machine."""

from __future__ import annotations

from typing import Any

from fallline.errors import InputError, shown
from fallline.losses import Loss, find
from fallline.models.classifier import Classifier
from fallline.models.one_vs_rest import OneVsRest

__all__ = ["LinearSVC"]


class LinearSVC(Classifier):
    """A linear support vector machine: two classes, or each of more against all others.

    Minimises ``(1/Σs) Σ s·max(0, 1 - y·(X·w + b))² + alpha·½‖w‖²`` with classes of -1 and 1, or the same without the
    square; scikit-learn's ``C`` is ``1/(n·alpha)``. The intercepts `b` are free, which scikit-learn's are not.

    Parameters
    ----------
    loss : {"squared-hinge", "hinge"}
    alpha : float
        Strength of the penalty.
    fit_intercept, class_weight, method, learning_rate, batch_size, max_iter, tol, standardize, init, warm_start
        As in `LogisticRegression`.
    validation_fraction, patience, average, random_state, verbose, checkpoint
        As in `LogisticRegression`.

    Attributes
    ----------
    classes_, coef_, intercept_, n_iter_, converged_, certificate_, diagnosis_, trace_, cost_history_, n_features_in_
        As in `LogisticRegression`.

    References
    ----------
    C. Cortes and V. Vapnik, "Support-vector networks", 1995.

    Examples
    --------
    >>> import fallline as fl
    >>> model = fl.LinearSVC(alpha=0.1).fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[0.5], [2.5]]), model.certificate_.kind
    (array(['no', 'yes'], dtype='<U3'), 'bound')
    """

    def __init__(
        self,
        loss: str = "squared-hinge",
        alpha: float = 1e-4,
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

    def _loss(self, classes: int) -> Loss:
        loss = find(self.loss, "classification")
        if loss.name not in ("squared-hinge", "hinge"):
            raise InputError(
                f'loss must be "squared-hinge" or "hinge"; got {shown(self.loss)}. It is that of a support vector '
                "machine. Leave it out, or use LinearClassifier for other losses."
            )
        return loss if classes == 2 else OneVsRest(loss)
