"""Every estimator in the places where estimators are used, and with every kind of data."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.compose import make_column_transformer
from sklearn.ensemble import BaggingRegressor, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

import fallline as fl
from fallline.errors import DataError, FalllineError
from fallline.models import ESTIMATORS

RNG = np.random.default_rng(0)
NAMES = ["age", "体重", "dose"]
X = RNG.normal(size=(90, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -1.0]
X[RNG.random(X.shape) < 0.3] = 0.0
Z = 1.2 * X[:, 0] - 0.1 * X[:, 1] + RNG.logistic(scale=0.5, size=90)
COUNTS = RNG.poisson(np.exp(0.6 * Z)).astype(float)
CLASSES = np.digitize(Z, [-0.7, 0.7])
WEIGHTS = RNG.integers(0, 4, 90)
EXACT = {"tol": 1e-11}


def make(name, **settings):
    return getattr(fl, name)(**{"alpha": 0.01} | settings)


def target(model):
    return CLASSES if is_classifier(model) else COUNTS


def said(model, X):
    return model.decision_function(X) if is_classifier(model) else model.predict(X)


every = pytest.mark.parametrize("name", ESTIMATORS)


@every
def test_estimators_stand_in_pipelines_and_searches(name):
    """A pipeline is searched over the model's own parameters, cross-validated, cloned, and better than a guess."""
    model = make(name)
    pipeline = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), model)
    step = f"{name.lower()}__alpha"
    search = GridSearchCV(pipeline, {step: np.geomspace(1e-3, 1.0, 3)}, cv=3, error_score="raise").fit(X, target(model))
    assert search.best_params_[step] in np.geomspace(1e-3, 1.0, 3)
    assert search.best_estimator_[-1].converged_
    scores = cross_val_score(make(name), X, target(model), cv=3, error_score="raise")
    assert np.isfinite(scores).all() and scores.mean() > (0.5 if is_classifier(model) else 0.0)
    assert clone(search.best_estimator_).get_params()[step] == search.best_params_[step]
    assert cross_val_predict(make(name), X, target(model), cv=3).shape == (90,)


def test_estimators_stand_in_other_estimators():
    """In ensembles, behind encoders of text, for several targets, and where importances are asked for."""
    table = pd.DataFrame(X, columns=NAMES).assign(ward=np.array(["a", "b", "c"])[CLASSES])
    encode = make_column_transformer((OneHotEncoder(), ["ward"]), remainder="passthrough")
    model = make_pipeline(encode, fl.LogisticRegression(alpha=0.1)).fit(table, CLASSES)
    assert model.score(table, CLASSES) > 0.95
    assert BaggingRegressor(fl.Ridge(alpha=0.01), n_estimators=3, random_state=0).fit(X, COUNTS).score(X, COUNTS) > 0
    both = VotingClassifier([("a", fl.LogisticRegression()), ("b", fl.LinearClassifier())], voting="soft")
    assert both.fit(X, CLASSES).score(X, CLASSES) > 0.4
    assert MultiOutputRegressor(fl.Ridge()).fit(X, np.c_[COUNTS, Z]).predict(X).shape == (90, 2)
    found = permutation_importance(fl.Ridge(alpha=0.01).fit(X, Z), X, Z, n_repeats=3, random_state=0)
    assert found.importances_mean[2] < found.importances_mean[:2].min()


@pytest.mark.parametrize("name", ["Ridge", "LogisticRegression"])
def test_weights_are_routed(name):
    """With scikit-learn's metadata routing, sample weights reach the model through searches and pipelines."""
    with config_context(enable_metadata_routing=True):
        model = make(name, **EXACT).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        search = GridSearchCV(pipeline, {f"{name.lower()}__tol": [1e-11]}, cv=2)
        search.fit(X, target(model), sample_weight=WEIGHTS.astype(float))
    by_hand = clone(model).fit(StandardScaler().fit_transform(X), target(model), sample_weight=WEIGHTS)
    np.testing.assert_allclose(search.best_estimator_[-1].coef_, by_hand.coef_, rtol=1e-6)


@every
def test_estimators_show_themselves(name):
    """In a notebook as scikit-learn's do, in a terminal as the call that makes them."""
    model = make(name)
    assert repr(model) == f"{name}(alpha=0.01)"
    page = model._repr_html_() + model.fit(X, target(model))._repr_html_()
    assert name in page and "Fitted" in page and "<script>alert" not in page


def test_steps_before_a_model_may_give_tables():
    """With set_output a scaler hands its table on, in pandas or polars, and the model knows its columns."""
    table = pd.DataFrame(X, columns=NAMES)
    for library in ("pandas", "polars"):
        pipeline = make_pipeline(StandardScaler(), fl.Ridge()).set_output(transform=library).fit(table, COUNTS)
        assert list(pipeline[-1].feature_names_in_) == NAMES


def storages():
    """Return the same table as anything that holds tables."""
    readonly = X.copy()
    readonly.flags.writeable = False
    doubled = sparse.coo_array(X)
    doubled = sparse.coo_matrix(
        (np.r_[doubled.data, doubled.data] / 2, (np.tile(doubled.coords[0], 2), np.tile(doubled.coords[1], 2))),
        shape=X.shape,
    )
    long = sparse.csr_array(X)
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    turned = sparse.csr_matrix(X)
    for low, high in zip(turned.indptr, turned.indptr[1:], strict=False):
        turned.indices[low:high], turned.data[low:high] = turned.indices[low:high][::-1], turned.data[low:high][::-1]
    turned.has_sorted_indices = False
    columns = {name: X[:, j] for j, name in enumerate(NAMES)}
    return {
        "Fortran order": np.asfortranarray(X),
        "every second row": np.repeat(X, 2, axis=0)[::2],
        "backwards": X[::-1].copy()[::-1],
        "another byte order": X.astype(">f8"),
        "long doubles": X.astype(np.longdouble),
        "objects": X.astype(object),
        "lists": X.tolist(),
        "read-only": readonly,
        "rows": sparse.csr_matrix(X),
        "columns": sparse.csc_array(X),
        "coordinates": sparse.coo_matrix(X),
        "lists of rows": sparse.lil_matrix(X),
        "cells twice": doubled,
        "64-bit indices": long,
        "cells out of order": turned,
        "pandas": pd.DataFrame(columns),
        "pandas, by PyArrow": pd.DataFrame(columns).convert_dtypes(dtype_backend="pyarrow"),
        "pandas, sparse": pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(X), columns=NAMES),
        "polars": pl.DataFrame(columns),
        "PyArrow": pa.table(columns),
    }


@every
def test_a_model_does_not_depend_on_how_its_table_is_kept(name, tmp_path):
    """Arrays of any order, byte order and type, maps of files, sparse tables and frames give the same model."""
    model = make(name, **EXACT)
    expected = said(model.fit(X, target(model), sample_weight=WEIGHTS), X).copy()
    np.save(tmp_path / "X.npy", X)
    for kind, table in (storages() | {"map of a file": np.load(tmp_path / "X.npy", mmap_mode="r")}).items():
        fitted = model.fit(table, target(model), sample_weight=WEIGHTS)
        np.testing.assert_allclose(said(fitted, table), expected, rtol=1e-5, atol=1e-5, err_msg=kind)


@every
@pytest.mark.parametrize("order", ["<f4", ">f4"])
def test_single_precision_is_kept(name, order):
    """float32 in gives float32 out, coefficients and predictions, of about the same model."""
    model = make(name)
    wide, narrow = said(model.fit(X, target(model)), X).copy(), model.fit(X.astype(order), target(model))
    assert narrow.coef_.dtype == np.asarray(narrow.intercept_).dtype == np.float32
    assert said(narrow, X.astype(order)).dtype == np.float32
    np.testing.assert_allclose(said(narrow, X.astype(order)), wide, rtol=0.02, atol=0.02)


@every
@pytest.mark.parametrize(
    "settings",
    [EXACT, {"method": "gd", "learning_rate": 1e-3, "max_iter": 25}, {"method": "adam", "max_iter": 25}],
    ids=str,
)
def test_a_weight_is_a_repetition(name, settings):
    """A row of weight three is the row three times, and one of weight zero is not there, whatever the method."""
    model = make(name, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fl.ConvergenceWarning)
        weighed = said(model.fit(X, target(model), sample_weight=WEIGHTS), X).copy()
        repeated = said(model.fit(X.repeat(WEIGHTS, axis=0), target(model).repeat(WEIGHTS)), X)
    np.testing.assert_allclose(repeated, weighed, rtol=1e-5, atol=1e-6)


LABELS = {
    "words": np.array(["no", "perhaps", "yes"]),
    "objects": np.array(["no", "perhaps", "yes"], dtype=object),
    "texts of any length": np.array(["no", "perhaps", "yes"], dtype=np.dtypes.StringDType()),
    "truth": np.array([False, True, True]),
    "dates": np.array(["2024-01-01", "2024-02-01", "2025-01-01"], dtype="M8[D]"),
    "small numbers": np.array([3, 5, 7], dtype=np.uint8),
    "numbers as objects": np.array([3, 5, 7], dtype=object),
    "floats": np.array([-1.0, 0.0, 1.0], dtype=np.float32),
    "another byte order": np.array([1, 2, 3], dtype=">i4"),
}


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("name", ["LogisticRegression", "LinearSVC", "LinearClassifier"])
def test_labels_may_be_of_any_kind(name, kind):
    """Predictions are labels that were given, and the model is that of the numbers 0, 1, 2."""
    labels, plain = LABELS[kind][CLASSES], np.minimum(CLASSES, 1) if kind == "truth" else CLASSES
    model = make(name).fit(X, labels)
    decision = model.decision_function(X)
    assert (model.predict(X).tolist()) == [model.classes_.tolist()[k] for k in make(name).fit(X, plain).predict(X)]
    assert model.classes_.tolist() == sorted(set(labels.tolist()))
    assert decision.shape == ((90,) if kind == "truth" else (90, 3))


@pytest.mark.parametrize("library", [pd.Series, pl.Series, pa.array])
@pytest.mark.parametrize("name", ["Ridge", "LogisticRegression"])
def test_targets_and_weights_may_be_columns_of_any_library(name, library):
    """A column of pandas, polars or PyArrow is read as the array is."""
    model = make(name)
    expected = said(model.fit(X, target(model), sample_weight=WEIGHTS), X).copy()
    fitted = model.fit(X, library(target(model)), sample_weight=library(WEIGHTS))
    np.testing.assert_array_equal(said(fitted, X), expected)


@pytest.mark.parametrize("name", ["LogisticRegression", "LinearClassifier"])
def test_probabilities_add_up(name):
    """Probabilities add up to one, are those that the logarithms tell, and the largest is the prediction's."""
    for classes in (2, 3):
        model = make(name).fit(X, np.minimum(CLASSES, classes - 1))
        shares = model.predict_proba(X)
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
        np.testing.assert_allclose(np.log(shares), model.predict_log_proba(X), rtol=1e-9)
        assert (model.classes_[shares.argmax(axis=1)] == model.predict(X)).all()
    assert not hasattr(fl.LinearClassifier("hinge"), "predict_proba")
    assert not hasattr(fl.LinearSVC(), "predict_proba")


def spoiled(place, value):
    table = X.copy()
    table[place] = value
    return table


BAD = {
    "a hole": (spoiled((4, 1), np.nan), None, None, "X must hold finite numbers; got NaN at row 4, column 1"),
    "infinity": (spoiled((7, 0), -np.inf), None, None, "got -inf at row 7, column 0"),
    "a sparse hole": (sparse.csc_matrix(spoiled((4, 1), np.nan)), None, None, "got NaN at row 4, column 1"),
    "a named hole": (pd.DataFrame(spoiled((4, 1), np.nan), columns=NAMES), None, None, "row 4, column '体重'"),
    "no rows": (X[:0], COUNTS[:0], None, "X must have at least one row"),
    "no columns": (X[:, :0], None, None, "X must have at least one column"),
    "one dimension": (X[:, 0], None, None, "X must be a table of rows and columns"),
    "text": ([["1", "a"]] * 90, None, None, "X must hold numbers; got 'a' at row 0, column 1"),
    "too few targets": (X, COUNTS[:-1], None, "y must have one entry for each row of X; got 89 for 90 rows"),
    "no targets": (X, "none", None, "y must be given"),
    "two targets": (X, np.c_[COUNTS, COUNTS], None, r"y must have shape \(n,\); got \(90, 2\)"),
    "a target missing": (X, np.where(np.arange(90) == 5, np.nan, COUNTS), None, "got NaN at row 5"),
    "a negative weight": (X, None, np.where(np.arange(90) == 5, -1.0, 1.0), "sample_weight must .* got -1.0 at row 5"),
    "no weight at all": (X, None, np.zeros(90), "sample_weight must have a positive entry"),
    "too few weights": (X, None, np.ones(89), r"sample_weight must have shape \(90,\)"),
}


@every
@pytest.mark.parametrize("what", BAD)
def test_bad_data_is_refused(name, what):
    """In one sentence that says what was given, where, and what is needed."""
    table, y, weights, words = BAD[what]
    model = make(name)
    y = {"none": None}.get(y, y) if isinstance(y, str) else target(model) if y is None else y
    with pytest.raises(DataError, match=words) as caught:
        model.fit(table, y, sample_weight=weights)
    assert len(str(caught.value).splitlines()) == 1


@every
@pytest.mark.parametrize("alpha", [-1.0, np.nan, np.inf, "strong", None])
def test_impossible_penalties_are_refused(name, alpha):
    """alpha is a finite number of at least 0."""
    model = make(name, alpha=alpha)
    with pytest.raises(FalllineError, match=r"alpha must be a finite number of at least 0; got") as caught:
        model.fit(X, target(model))
    assert len(str(caught.value).splitlines()) == 1


@every
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_awkward_columns_give_a_usable_model(name, alpha):
    """With constant, repeated and summed columns the model predicts as without them, and says what it found."""
    awkward = np.column_stack([X, np.full(90, 17.0), X[:, 0], X[:, 0] - 2 * X[:, 1]])
    model = make(name, alpha=alpha, tol=1e-9).fit(awkward, target(model := make(name)))
    codes = [finding.code for finding in model.diagnosis_]
    assert model.converged_
    unique = alpha > 0 and name != "Lasso"  # absolute values alone do not choose between equal columns
    assert codes == ["constant-feature", *([] if unique else ["collinear"])]
    if alpha == 0:
        plain = make(name, alpha=0.0, tol=1e-9).fit(X, target(model))
        np.testing.assert_allclose(said(model, awkward), said(plain, X), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", [name for name in ESTIMATORS if not is_classifier(getattr(fl, name)())])
@pytest.mark.parametrize(
    ("table", "y"),
    [
        ([[2.0, 3.0]], [5.0]),
        (np.ones((20, 1)), np.arange(20.0)),
        (X, np.full(90, 3.0)),
        (X, np.zeros(90)),
    ],
    ids=["one row", "one constant column", "a constant target", "zeros"],
)
def test_degenerate_tables_are_fitted(name, table, y):
    """One row, or nothing to tell rows apart by, gives the best constant, without an alarm."""
    model = make(name, alpha=0.0).fit(table, y)
    assert model.converged_
    assert {finding.code for finding in model.diagnosis_} <= {"constant-feature"}
    best = np.median(y) if name in ("QuantileRegressor", "HuberRegressor") else np.mean(y)
    if len(set(y)) == 1:
        np.testing.assert_allclose(model.predict(table), best, atol=1e-6)
