"""The solvers that `models.py` sets beside `auto`, each with a tolerance of its own; some need extra packages.

All are given the same cost, ``mean loss + alpha·penalty`` with a free intercept. What a solver minimises instead, such
as liblinear with its penalised intercept, shows in the cost that is measured.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from model_cases import Case, Table

__all__ = ["PEERS", "Peer", "installed"]

Fitted = tuple[np.ndarray, np.ndarray]
"""Coefficients, shape (outputs, d), and intercepts, shape (outputs,)."""


@dataclass(frozen=True)
class Peer:
    """A solver: whether it takes a case, and its fit to a tolerance."""

    name: str
    takes: Callable[[Case, Table], bool]
    fit: Callable[[Case, Table, float], Fitted]
    package: str = "sklearn"


def installed(peer: Peer) -> bool:
    """Tell whether a peer's package can be imported."""
    try:
        importlib.import_module(peer.package)
    except ImportError:
        return False
    return True


def _of(model: Any) -> Fitted:
    return np.atleast_2d(np.squeeze(model.coef_)), np.atleast_1d(model.intercept_)


def _classes(case: Case) -> bool:
    return case.loss in ("logistic", "multinomial")


def _sklearn_logistic(solver: str) -> Peer:
    kinked = {"liblinear", "saga"}

    def takes(case: Case, table: Table) -> bool:
        multiple = case.loss == "logistic" or solver != "liblinear"
        wide = solver == "newton-cholesky" and table.X.shape[1] > 2000
        return _classes(case) and multiple and not wide and (case.l1_ratio == 0 or solver in kinked)

    def fit(case: Case, table: Table, tol: float) -> Fitted:
        from sklearn.linear_model import LogisticRegression

        C = 1 / (case.alpha * table.X.shape[0])
        return _of(
            LogisticRegression(C=C, l1_ratio=case.l1_ratio, solver=solver, tol=tol, max_iter=3000).fit(table.X, table.y)
        )

    return Peer(f"scikit-learn {solver}", takes, fit)


def _sklearn_poisson(solver: str) -> Peer:
    def fit(case: Case, table: Table, tol: float) -> Fitted:
        from sklearn.linear_model import PoissonRegressor

        return _of(PoissonRegressor(alpha=case.alpha, solver=solver, tol=tol, max_iter=3000).fit(table.X, table.y))

    return Peer(f"scikit-learn {solver}", lambda case, _: case.loss == "poisson", fit)


def _sklearn_squares(name: str, model: str, settings: Mapping[str, Any]) -> Peer:
    def fit(_: Case, table: Table, tol: float) -> Fitted:
        import sklearn.linear_model

        chosen = {**settings, **({"tol": tol} if model == "Ridge" and settings["solver"] != "cholesky" else {})}
        return _of(getattr(sklearn.linear_model, model)(**chosen).fit(table.X, table.y))

    return Peer(f"scikit-learn {name}", lambda case, _: case.loss == "squared", fit)


def _glum(case: Case, table: Table, tol: float) -> Fitted:
    glum = importlib.import_module("glum")
    family = {"logistic": "binomial", "poisson": "poisson", "squared": "gaussian"}[case.loss]
    model = glum.GeneralizedLinearRegressor(
        family=family, alpha=case.alpha, l1_ratio=case.l1_ratio, gradient_tol=tol, max_iter=1000
    )
    return _of(model.fit(table.X, table.y))


def _cyanure(case: Case, table: Table, tol: float) -> Fitted:
    cyanure = importlib.import_module("cyanure.estimators")
    common = {
        "penalty": "l1" if case.l1_ratio else "l2",
        "lambda_1": case.alpha,
        "fit_intercept": True,
        "tol": tol,
        "max_iter": 5000,
        "verbose": False,
    }
    X = scipy.sparse.csr_matrix(table.X) if scipy.sparse.issparse(table.X) else table.X
    if case.loss == "squared":
        return _of(cyanure.Regression(**common).fit(X, table.y))
    loss = "multiclass-logistic" if case.loss == "multinomial" else "logistic"
    coded = table.y if case.loss == "multinomial" else 2 * table.y - 1
    model = cyanure.Classifier(loss=loss, **common).fit(X, coded)
    coefficients = np.squeeze(model.coef_)
    if case.loss == "multinomial":
        outputs = len(np.unique(table.y))
        coefficients = coefficients if coefficients.shape[0] == outputs else coefficients.T
    return np.atleast_2d(coefficients), np.atleast_1d(np.squeeze(model.intercept_))


def _skglm(case: Case, table: Table, tol: float) -> Fitted:
    skglm = importlib.import_module("skglm")
    datafits, penalties = importlib.import_module("skglm.datafits"), importlib.import_module("skglm.penalties")
    solvers = importlib.import_module("skglm.solvers")
    X = scipy.sparse.csc_matrix(table.X) if scipy.sparse.issparse(table.X) else np.asfortranarray(table.X)
    if case.l1_ratio:
        penalty, solver = penalties.L1(case.alpha), solvers.ProxNewton(tol=tol, max_iter=200, fit_intercept=True)
    else:
        penalty, solver = penalties.L2(case.alpha), solvers.LBFGS(tol=tol, max_iter=2000)
    model = skglm.GeneralizedLinearEstimator(datafits.Logistic(), penalty, solver)
    return _of(model.fit(X, 2 * table.y - 1))


def _celer(case: Case, table: Table, tol: float) -> Fitted:
    celer = importlib.import_module("celer")
    C = 1 / (case.alpha * table.X.shape[0])
    X = scipy.sparse.csc_matrix(table.X) if scipy.sparse.issparse(table.X) else np.asfortranarray(table.X)
    return _of(celer.LogisticRegression(C=C, tol=tol, fit_intercept=False).fit(X, table.y))


def _dense(table: Table) -> bool:
    return not scipy.sparse.issparse(table.X)


PEERS = (
    *map(_sklearn_logistic, ("lbfgs", "newton-cg", "newton-cholesky", "liblinear", "sag", "saga")),
    *map(_sklearn_poisson, ("lbfgs", "newton-cholesky")),
    _sklearn_squares("LinearRegression", "LinearRegression", {}),
    *(
        _sklearn_squares(f"Ridge {solver}", "Ridge", {"alpha": 1e-9, "solver": solver})
        for solver in ("cholesky", "svd", "lsqr", "sparse_cg", "sag")
    ),
    Peer("glum", lambda case, table: case.loss != "multinomial" and table.X.shape[1] < 2000, _glum, "glum"),
    Peer("Cyanure", lambda case, _: case.loss != "poisson", _cyanure, "cyanure"),
    # its limited-memory solver fits no intercept: it is comparable with absolute values only
    Peer("skglm", lambda case, _: case.loss == "logistic" and case.l1_ratio > 0, _skglm, "skglm"),
    # without an intercept of its own: told by the cost
    Peer("celer", lambda case, _: case.loss == "logistic" and case.l1_ratio > 0, _celer, "celer"),
)
