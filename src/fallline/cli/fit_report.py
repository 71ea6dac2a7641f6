"""The work behind ``fallline fit``, and what it tells."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.cli.fit_words import bullet, percent, table
from fallline.data.dataset import Dataset
from fallline.data.encoding import Encoding, NumberColumn, TextColumn, learn_encoding
from fallline.errors import DataError, shown
from fallline.models import ConvergenceWarning, LinearRegression, LogisticRegression

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Fitted", "fit_dataset", "report", "text"]

MOST_CLASSES = 100


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model with the rows it was fitted to and scored on.

    Attributes
    ----------
    model : LinearRegression or LogisticRegression
    encoding : Encoding
    dataset : Dataset
    train, test : int
        Rows of each; no test rows where none were held out.
    scores, baseline : dict
        Of the model and of the constant prediction, on the held-out rows, or on all where there are none.
    """

    model: Any
    encoding: Encoding
    dataset: Dataset
    train: int
    test: int
    scores: dict[str, float]
    baseline: dict[str, float]

    @property
    def classifies(self) -> bool:
        return "accuracy" in self.scores


def fit_dataset(dataset: Dataset, model: str, settings: dict[str, Any], test_fraction: float, seed: int) -> Fitted:
    """Hold out rows, learn the encoding from the others, fit to them and score on those held out.

    Parameters
    ----------
    dataset : Dataset
    model : {"auto", "linear", "logistic"}
    settings : dict
        Parameters of the estimator.
    test_fraction : float
        Share of the rows held out, in [0, 1).
    seed : int
        Settles which.
    """
    kind = _kind(dataset, model)
    order = np.random.default_rng(seed).permutation(len(dataset))
    held = min(round(test_fraction * len(dataset)), len(dataset) - 1)
    test, train = np.sort(order[:held]), np.sort(order[held:])
    encoding = learn_encoding(dataset.features.take(train))
    if not encoding.columns:
        raise DataError(
            "DATA must have a column that varies; got none besides the target. There is nothing to predict from."
        )
    y = _targets(dataset, kind)
    estimator = (LogisticRegression if kind == "logistic" else LinearRegression)(**settings)
    with warnings.catch_warnings():
        # what it warns of stands among the findings
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(_frame(encoding, dataset, train), y[train])
    judged = test if held else train
    prediction = estimator.predict(_frame(encoding, dataset, judged))
    if kind == "logistic":
        values, counts = np.unique(y[train], return_counts=True)
        constant = values[counts.argmax()]
        scores = {"accuracy": float(np.mean(prediction == y[judged]))}
        baseline = {"accuracy": float(np.mean(constant == y[judged]))}
    else:
        scores = _errors(y[judged], prediction)
        baseline = _errors(y[judged], np.full(len(judged), y[train].mean()))
    return Fitted(estimator, encoding, dataset, len(train), held, scores, baseline)


def report(fitted: Fitted) -> dict[str, Any]:
    """Return everything as one object, for ``--json``."""
    model = fitted.model
    found: dict[str, Any] = {
        "success": model.converged_,
        "model": type(model).__name__,
        "target": fitted.dataset.name,
        "rows": {"train": fitted.train, "test": fitted.test, "blank_target": fitted.dataset.blank},
        "scores": fitted.scores,
        "baseline": fitted.baseline,
        "scored_on": "test" if fitted.test else "train",
        "features": fitted.encoding.names,
        "coefficients": model.coef_,
        "intercept": model.intercept_,
        "fun": model.cost_history_[-1],
        "nit": model.n_iter_,
        "certificate": model.certificate_,
        "diagnosis": model.diagnosis_,
        "columns": [{"name": column.name, "becomes": column.names} for column in fitted.encoding.columns],
        "filled": {c.name: c.missing for c in fitted.encoding.columns if isinstance(c, NumberColumn) and c.missing},
        "left_out": fitted.encoding.left_out,
        "mixed": {name: {"row": row, "cell": cell} for name, (row, cell) in fitted.dataset.mixed.items()},
    }
    return found | ({"classes": model.classes_} if fitted.classifies else {})


def text(fitted: Fitted, name: str) -> str:
    """Return what a reader of the terminal wants to know, in order: outcome, score, coefficients, how it was made."""
    model = fitted.model
    iterations = f"{model.n_iter_} iteration{'s' if model.n_iter_ != 1 else ''}"
    outcome = "Converged" if model.converged_ else "Not converged"
    kind = "logistic regression" if fitted.classifies else "linear regression"
    parts = [
        f"{outcome} after {iterations}: {kind} of {fitted.dataset.name} on {name}.",
        model.certificate_.text,
        "",
        *_findings(model),
        *_scores(fitted),
        "",
        *_coefficients(fitted),
        "",
        *_data(fitted),
    ]
    return "\n".join(parts)


def _kind(dataset: Dataset, model: str) -> str:
    natural = "logistic" if dataset.classes or dataset.is_two_valued else "linear"
    kind = natural if model == "auto" else model
    if kind == "linear" and dataset.classes:
        raise DataError(
            f"target must hold numbers for a linear model; got text in {dataset.name!r}. "
            + (_of_target(dataset) or "Use --model logistic, which predicts classes.")
        )
    count = len(np.unique(dataset.target)) if kind == "logistic" else 0
    if count > MOST_CLASSES:
        raise DataError(
            f"target must have at most {MOST_CLASSES} classes for a logistic model; got {count} in {dataset.name!r}. "
            + (_of_target(dataset) or "Each class has its own coefficients. Name another target.")
        )
    return kind


def _of_target(dataset: Dataset) -> str:
    """Return what made the target text, where it is numbers but for few cells."""
    odd = dataset.mixed.get(dataset.name)
    return f"It {_mixed(*odd)} Correct such cells or leave them blank." if odd else ""


def _targets(dataset: Dataset, kind: str) -> np.ndarray:
    if kind == "logistic" and not dataset.classes and np.array_equal(dataset.target, np.round(dataset.target)):
        return dataset.target.astype(np.int64)
    return dataset.target


def _frame(encoding: Encoding, dataset: Dataset, rows: np.ndarray) -> pyarrow.Table:
    """Return the encoded rows as a table, so that the model knows its columns by name."""
    import pyarrow

    matrix = encoding.encode(dataset.features.take(rows))
    return pyarrow.Table.from_arrays([pyarrow.array(column) for column in matrix.T], encoding.names)


def _errors(y: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    square, spread = float(np.mean((y - prediction) ** 2)), float(np.var(y))
    return {"r2": 1 - square / spread if spread > 0 else math.nan, "rmse": math.sqrt(square)}


def _scores(fitted: Fitted) -> list[str]:
    where = f"On the {fitted.test:,} rows held out" if fitted.test else f"On the {fitted.train:,} rows it was fitted to"
    if fitted.classifies:
        rows = [("accuracy", percent(fitted.scores["accuracy"]), percent(fitted.baseline["accuracy"]))]
        other = "most frequent class"
    else:
        rows = [
            ("R²", f"{fitted.scores['r2']:z.4f}", f"{fitted.baseline['r2']:z.4f}"),
            ("RMSE", f"{fitted.scores['rmse']:.6g}", f"{fitted.baseline['rmse']:.6g}"),
        ]
        other = "the mean alone"
    return table([where, "this model", other], rows)


def _coefficients(fitted: Fitted) -> list[str]:
    """Return the coefficients in the data's units, a row for each column of the matrix."""
    model, target = fitted.model, fitted.dataset.name
    rows_of = np.atleast_2d(model.coef_)
    intercepts = np.atleast_1d(model.intercept_)
    if not fitted.classifies:
        heads = [f"change of {target} per unit"]
    elif len(rows_of) == 1:
        heads = [f"log-odds of {target} = {model.classes_[1]} per unit"]
    else:
        heads = [f"{target} = {label}" for label in model.classes_]
    rows = [("intercept", *(f"{value:.6g}" for value in intercepts))]
    rows += [
        (name, *(f"{value:.6g}" for value in values))
        for name, values in zip(fitted.encoding.names, rows_of.T, strict=True)
    ]
    return table(["Coefficient", *heads], rows)


def _mixed(row: int, cell: str) -> str:
    """Return what is wrong with a column of numbers that has cells of text."""
    return f"was read as text, though nearly all of its cells are numbers: {shown(cell)} at row {row} is none."


def _data(fitted: Fitted) -> list[str]:
    """Return what was done with the table."""
    dataset, columns = fitted.dataset, fitted.encoding.columns
    numbers = [column for column in columns if isinstance(column, NumberColumn)]
    words = [column for column in columns if isinstance(column, TextColumn)]
    made = f"{len(fitted.encoding.names)} columns of numbers, made from {len(columns)} columns of the file"
    lines = [f"Fitted to {fitted.train:,} rows and {made}."]
    if dataset.blank:
        lines.append(bullet(f"{dataset.blank:,} rows with a blank {dataset.name} were left out."))
    holes = [f"{column.name} ({column.missing:,})" for column in numbers if column.missing]
    if holes:
        lines.append(bullet(f"Blank cells were filled with the column's mean: {', '.join(holes)}."))
    lines += [bullet(f"{name} {_mixed(*odd)}") for name, odd in dataset.mixed.items()]
    dates = [column.name for column in numbers if column.kind == "date"]
    if dates:
        lines.append(bullet(f"Dates count in days since 1970-01-01: {', '.join(dates)}."))
    truths = [column.name for column in numbers if column.kind == "true/false"]
    if truths:
        lines.append(bullet(f"True counts as 1, false as 0: {', '.join(truths)}."))
    lines += [
        bullet(
            f"{column.name} is text: each level is compared with {column.reference!r}, the most frequent"
            + _pool(column)
        )
        for column in words
    ]
    lines += [bullet(f"{name} was left out: it is {why}.") for name, why in fitted.encoding.left_out.items()]
    return lines


def _pool(column: TextColumn) -> str:
    return f"; the {column.pooled:,} rarest levels share one column." if column.pooled else "."


def _findings(model: Any) -> list[str]:
    lines = [f"{finding.severity} ({finding.code}): {finding.message} {finding.remedy}" for finding in model.diagnosis_]
    return [*lines, ""] if lines else []
