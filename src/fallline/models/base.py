"""What the estimators share: checked input, the fit, its findings and its warning."""

from __future__ import annotations

import numbers
import warnings
from abc import ABC
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data

from fallline.data.blocks import ArrayRows
from fallline.data.check import check_features, check_targets, refuse_not_finite, refuse_too_small
from fallline.data.moments import means
from fallline.data.sparse import SparseRows, is_sparse
from fallline.data.sums import one_blas_thread
from fallline.diagnosis import data_findings
from fallline.errors import DataError, InputError, shown
from fallline.losses import Loss
from fallline.models.findings import findings_of
from fallline.models.problem import Answer, Problem, Settings
from fallline.models.warnings import ConvergenceWarning
from fallline.objectives.rows import RowsObjective
from fallline.trace import Finding, Result
from fallline.trace.drawing import view

__all__ = ["Model"]


class Model(BaseEstimator, ABC):
    """A model linear in its features, fitted by descent on a loss over rows."""

    fit_intercept: bool
    init: Any
    warm_start: bool
    random_state: Any
    coef_: np.ndarray
    intercept_: Any
    _l1_ratio: float = 0.0
    """The share of absolute values in the penalty, where that is not a parameter."""
    _objective: type[RowsObjective] = RowsObjective

    def __init__(
        self,
        alpha: float,
        *,
        fit_intercept: bool,
        method: Any,
        learning_rate: Any,
        max_iter: int,
        tol: float,
        standardize: bool,
        init: Any,
        warm_start: bool,
        random_state: Any,
    ) -> None:
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

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the cost history of the fit and return a Display with ``ax_``, ``figure_`` and the artists.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        return view("plot")(self._result, "cost", ax=ax)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _settings(self) -> Settings:
        """Return the parameters that steer the fit, each checked."""
        parameters = self.get_params(deep=False)
        given = {name: parameters[name] for name in Settings.__dataclass_fields__ if name in parameters}
        settings = Settings(**{"l1_ratio": self._l1_ratio, **given})
        _require_number("alpha", settings.alpha, 0, "It is the strength of a penalty. Use 0 for none.")
        _require_number(
            "l1_ratio", settings.l1_ratio, 0, "It is the share of absolute values in the penalty. Use 0.5.", 1
        )
        _require_number("tol", settings.tol, 0, "It is a share of the constant model's cost. Use 1e-6.")
        if not isinstance(settings.max_iter, numbers.Integral) or settings.max_iter < 1:
            raise InputError(
                f"max_iter must be a whole number of at least 1; got {shown(settings.max_iter)}. It counts updates. "
                "The default is 1000."
            )
        for name in ("fit_intercept", "standardize"):
            if not isinstance(parameters[name], (bool, np.bool_)):
                raise InputError(
                    f"{name} must be True or False; got {shown(parameters[name])}. Words and numbers are not guessed "
                    "at. Write True or False."
                )
        if not settings.automatic:
            settings.named()
        return settings

    def _features(self, X: Any, reset: bool) -> Any:
        """Return `X` as an array, shape (n, d), or a sparse one: its number and names of columns are the fit's."""
        array, names = check_features(X)
        try:
            checked: Any = X if names is not None else array
            validate_data(self, checked, reset=reset, skip_check_array=True)
        except ValueError as error:
            raise DataError(str(error)) from error
        if names is not None:
            self._keep_names(names, reset)
        return array

    def _keep_names(self, names: list[str], reset: bool) -> None:
        """Keep names that scikit-learn does not read off a table, and hold later tables to them."""
        if reset:
            self.feature_names_in_ = np.array(names, dtype=object)
        elif list(getattr(self, "feature_names_in_", names)) != names:
            raise DataError(
                f"X must have the columns of the fit, in their order; got {shown(names)}. "
                "The feature names should match those that were passed during fit."
            )

    def _predictors(self, X: Any) -> np.ndarray:
        """Return ``X·w + b``, shape (n,) or (n, outputs)."""
        check_is_fitted(self)
        array = self._features(X, reset=False)
        refuse_not_finite(array, "X", self._column_names())
        z = array @ self.coef_.T + self.intercept_
        return z[:, 0] if z.ndim == 2 and z.shape[1] == 1 else z

    def _column_names(self) -> list[str] | None:
        return [str(name) for name in self.feature_names_in_] if "feature_names_in_" in vars(self) else None

    def _checked_target(self, y: Any, rows: int) -> tuple[np.ndarray, list[Finding]]:
        target, column = check_targets(y, rows, type(self).__name__)
        if not column:
            return target, []
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples,), "
            "for example using ravel().",
            DataConversionWarning,
            stacklevel=4,
        )
        return target, [data_findings.shape_mismatch(rows)]

    def _fit(
        self,
        X: Any,
        y: np.ndarray,
        weights: np.ndarray | None,
        loss: Loss,
        outputs: int,
        findings: list[Finding],
    ) -> Answer:
        """Fit to checked features, targets (float64) and weights; set every attribute that is common to all models."""
        settings = self._settings()
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            rows = (SparseRows if is_sparse(X) else ArrayRows)(X, np.ascontiguousarray(y, dtype=np.float64), weights)
            mean = means(rows)
            if not np.isfinite(mean).all():
                refuse_not_finite(X, "X", self._column_names())
            refuse_too_small(X, "X", self._column_names())
            if loss.task == "regression":
                refuse_too_small(rows.y[:, None], "y")
            problem = Problem(rows, loss, outputs, mean, settings, self._objective)
            answer = problem.solve(self._start(problem))
            names = self._column_names() or [f"column {j}" for j in range(X.shape[1])]
            found, separable = findings_of(problem, answer, names)
        self.trace_ = answer.trace
        self.n_iter_ = answer.run.iterations
        self.certificate_ = answer.certificate
        self.converged_ = answer.converged and not separable
        self.diagnosis_ = findings + found
        # the best cost so far: the last is the returned model's
        self.cost_history_ = np.fmin.accumulate(answer.trace.fun)
        self._result = self._as_result(answer)
        self._warn()
        return answer

    def _as_result(self, answer: Answer) -> Result:
        """Return the fit as `minimize` would return it, for the views; it holds none of the data."""
        run = answer.run
        return Result(
            x=answer.x,
            fun=answer.cost,
            jac=answer.gradient,
            nit=run.iterations,
            nfev=run.evaluations,
            njev=run.evaluations,
            success=self.converged_,
            reason=run.reason,
            message=run.reason.sentence,
            trace=self.trace_,
            diagnosis=self.diagnosis_,
            certificate=self.certificate_,
            gradient_source="compiled",
            method=type(answer.method).__name__,
            seconds=run.seconds,
        )

    def _start(self, problem: Problem) -> np.ndarray:
        """Return the flat start that `warm_start` or `init` asks for."""
        init, size = self.init, problem.objective.size
        if self.warm_start and "coef_" in vars(self):
            before = np.append(self.coef_, self.intercept_ if self.fit_intercept else []).astype(np.float64)
            if before.size == size:
                return before
        if isinstance(init, str) and init == "zeros":
            return np.zeros(size)
        if isinstance(init, str) and init == "random":
            return check_random_state(self.random_state).normal(scale=0.01, size=size)
        try:
            start = np.array(init, dtype=np.float64).ravel()
        except (TypeError, ValueError):
            start = np.zeros(0)
        if start.size != size or not np.isfinite(start).all():
            raise InputError(
                f'init must be "zeros", "random" or {size} finite numbers, coefficients then intercepts; got '
                f"{shown(init)}. It is where the descent starts. A row of trace_.x of such a model fits."
            )
        return start

    def _warn(self) -> None:
        if self.converged_:
            return
        alarms = [finding for finding in self.diagnosis_ if finding.severity != "info"]
        finding = min(alarms, key=lambda alarm: alarm.severity != "error")
        warnings.warn(f"{finding.message} {finding.remedy}", ConvergenceWarning, stacklevel=4)


def _require_number(name: str, value: Any, low: float, why: str, high: float = np.inf) -> None:
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not low <= float(value) <= high or np.isinf(float(value)):
        rule = f"a finite number of at least {low}" if np.isinf(high) else f"a number from {low} to {high}"
        raise InputError(f"{name} must be {rule}; got {shown(value)}. {why}")
