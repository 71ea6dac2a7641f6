"""What the estimators share: checked input, the fit, its findings and its warning."""

from __future__ import annotations

import warnings
from abc import ABC
from contextlib import closing, nullcontext
from os import PathLike
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data

from fallline.data.blocks import ArrayRows, Rows
from fallline.data.check import check_features, check_targets, refuse_not_finite, refuse_too_small
from fallline.data.moments import moments
from fallline.data.sparse import SparseRows, is_sparse
from fallline.data.sums import one_blas_thread
from fallline.descent.checkpoint import Checkpoint
from fallline.descent.held_out import told_by_rows_held_out
from fallline.diagnosis import data_findings
from fallline.errors import DataError, InputError, shown
from fallline.losses import Loss
from fallline.models.files import save
from fallline.models.findings import Numbered, findings_of
from fallline.models.problem import Answer, Problem
from fallline.models.settings import Settings
from fallline.models.stochastic import Textbook, check_rows, rows_apart
from fallline.models.streams import Stream
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
        batch_size: int | None,
        max_iter: int,
        tol: float,
        standardize: bool,
        init: Any,
        warm_start: bool,
        validation_fraction: float | None,
        patience: int,
        average: bool,
        random_state: Any,
        verbose: bool,
        checkpoint: Any,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.method = method
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.standardize = standardize
        self.init = init
        self.warm_start = warm_start
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.average = average
        self.random_state = random_state
        self.verbose = verbose
        self.checkpoint = checkpoint

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

    def save(self, path: str | PathLike[str]) -> None:
        """Write the fitted model to a file that `fallline.load` reads: data only, nothing in it is ever executed.

        Parameters
        ----------
        path : str or path
            Any name; ``.fall`` is usual. The file is written whole or not at all.

        Raises
        ------
        NotFittedError
            Before `fit`.
        InputError
            Where a parameter is code, such as a method of the user's own.
        FileError
            Where the file cannot be written.
        """
        save(self, path)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _settings(self) -> Settings:
        """Return the parameters that steer the fit, each checked."""
        parameters = vars(self)
        given = {name: parameters[name] for name in Settings.__dataclass_fields__ if name in parameters}
        settings = Settings(**{"l1_ratio": self._l1_ratio, **given})
        settings.check()
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
        line = view("live_line")(settings.max_iter, delay=0.0)
        file = None if self.checkpoint is None else Checkpoint(self.checkpoint)
        kept = nullcontext() if file is None else closing(file)
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"), closing(line), kept:
            rows, held_out = self._rows(X, np.ascontiguousarray(y, dtype=np.float64), weights, settings)
            mean, spread = moments(rows)
            if not np.isfinite(mean).all():
                refuse_not_finite(X, "X", self._column_names())
            refuse_too_small(X, "X", self._column_names())
            if loss.task == "regression":
                refuse_too_small(rows.targets()[0][:, None], "y")
            problem = self._problem(rows, loss, outputs, mean, spread, settings, held_out)
            problem.progress = line.update if settings.verbose and line.wanted else None
            start = self._start(problem.objective.size)
            if file is not None:
                problem.keep(file, start)
            answer = problem.solve(start)
            names = self._column_names() or Numbered(X.shape[1])
            found, separable = findings_of(problem, answer, names)
        self.trace_ = answer.trace
        self.n_iter_ = answer.run.iterations
        self.certificate_ = answer.certificate
        self.converged_ = answer.converged and not separable
        self.diagnosis_ = findings + found
        self._keep_passes(answer)
        vars(self).pop("_stream", None)
        self._result = self._as_result(answer)
        self._warn()
        return answer

    def _learn(
        self, X: Any, y: np.ndarray, weights: Any, loss: Loss, outputs: int, findings: list[Finding]
    ) -> np.ndarray:
        """Go once through checked rows from where the model stands, and return the point to answer with."""
        settings = self._settings()
        check_rows(loss, settings, self._objective, is_sparse(X))
        refuse_not_finite(X, "X", self._column_names())
        scale = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
        rows = (SparseRows if is_sparse(X) else ArrayRows)(X, np.ascontiguousarray(y, dtype=np.float64))
        size = outputs * X.shape[1] + (outputs if self.fit_intercept else 0)
        stream = Stream(vars(self).get("_stream"))
        if "x" not in stream.state:
            stream.state["x"] = self._point() if "coef_" in vars(self) else self._start(size)
        seed = int(stream.state.setdefault("seed", self._seed()))
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            answer = stream.learn(rows, scale, loss, outputs, settings, seed)
        self._stream = stream.state
        self.n_iter_ = stream.state["blocks"]
        self.cost_history_ = np.array(stream.state["costs"])
        self.diagnosis_, self.converged_ = findings, False
        for name in ("trace_", "certificate_", "validation_costs_", "_result"):
            vars(self).pop(name, None)
        return answer

    def _point(self) -> np.ndarray:
        """Return the fitted parameters, flat."""
        return np.append(self.coef_, self.intercept_ if self.fit_intercept else []).astype(np.float64)

    def _rows(self, X: Any, y: np.ndarray, weights: np.ndarray | None, settings: Settings) -> tuple[Rows, Rows | None]:
        """Return the rows to fit, and those held out, if any."""
        if settings.validation_fraction is None:
            return (SparseRows if is_sparse(X) else ArrayRows)(X, y, weights), None
        return rows_apart(X, y, weights, settings.validation_fraction, self._seed())

    def _problem(
        self,
        rows: Rows,
        loss: Loss,
        outputs: int,
        mean: np.ndarray,
        spread: np.ndarray,
        settings: Settings,
        held_out: Rows | None,
    ) -> Problem:
        if not settings.stochastic and held_out is None:
            return Problem(rows, loss, outputs, mean, spread, settings, self._objective)
        return Textbook(rows, loss, outputs, mean, spread, settings, self._objective, self._seed(), held_out)

    def _seed(self) -> int:
        """Return the number that settles the order of the rows; the same twice where `random_state` is a number.

        A fit that is kept in a file must come back to its order: without a `random_state` it is that of 0.
        """
        fixed = self.checkpoint is not None and self.random_state is None
        return int(check_random_state(0 if fixed else self.random_state).randint(2**31 - 1))

    def _keep_passes(self, answer: Answer) -> None:
        """Set the costs by updates or epochs, and those over rows held out."""
        passes = answer.passes
        if passes is not None and passes.costs is not None:
            self.cost_history_ = passes.costs
        else:
            # the best cost so far: the last is the returned model's
            self.cost_history_ = np.fmin.accumulate(answer.trace.fun)
        vars(self).pop("validation_costs_", None)
        if passes is not None and passes.held_out is not None:
            self.validation_costs_ = passes.held_out
            self.diagnosis_ = told_by_rows_held_out(self.diagnosis_, passes.held_out)

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

    def _start(self, size: int) -> np.ndarray:
        """Return the flat start that `warm_start` or `init` asks for."""
        init = self.init
        if self.warm_start and "coef_" in vars(self):
            before = self._point()
            if before.size == size:
                return before
        if isinstance(init, str) and init == "zeros":
            return np.zeros(size)
        if isinstance(init, str) and init == "random":
            return self._random().normal(scale=0.01, size=size)
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

    def _random(self) -> np.random.RandomState:
        try:
            return check_random_state(self.random_state)
        except ValueError as error:
            raise InputError(
                f"random_state must be None, a RandomState or a whole number from 0 to 2**32 - 1; got "
                f"{shown(self.random_state)}. It is where random numbers begin. Use 0."
            ) from error

    def _warn(self) -> None:
        if self.converged_:
            return
        # where the rows held out chose the model, it need not be at the minimum
        quiet = ("info", "warning") if "validation_costs_" in vars(self) else ("info",)
        alarms = [finding for finding in self.diagnosis_ if finding.severity not in quiet]
        if not alarms and len(quiet) > 1:
            return
        finding = min(alarms, key=lambda alarm: alarm.severity != "error")
        warnings.warn(f"{finding.message} {finding.remedy}", ConvergenceWarning, stacklevel=4)
