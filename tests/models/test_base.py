"""What every estimator promises."""

import gc
import pickle
import warnings
import weakref

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning as SklearnConvergenceWarning
from sklearn.exceptions import NotFittedError

import fallline as fl
from fallline.errors import DataError

MODELS = [fl.LinearRegression, fl.LogisticRegression]
ROWS = np.random.default_rng(0).normal(size=(60, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -1.0]
TARGETS = {
    fl.LinearRegression: ROWS @ [1.0, 0.3, 5.0] + np.random.default_rng(1).normal(size=60),
    fl.LogisticRegression: (ROWS[:, 0] + np.random.default_rng(1).logistic(size=60) > 0).astype(int),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_tables_keep_their_names(model, make):
    """A table of any library is fitted as the array is, its names are kept, and another order of them is refused."""
    columns = {name: ROWS[:, j] for j, name in enumerate(["age", "weight", "dose"])}
    fitted = model().fit(make(columns), TARGETS[model])
    assert list(fitted.feature_names_in_) == ["age", "weight", "dose"]
    assert fitted.n_features_in_ == 3
    np.testing.assert_allclose(fitted.coef_, model().fit(ROWS, TARGETS[model]).coef_, rtol=1e-9)
    with pytest.raises(fl.errors.DataError, match="feature names"):
        fitted.predict(make(dict(reversed(columns.items()))))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_single_precision_stays_single(model, order):
    """float32 data gives float32 coefficients, close to those of the same data in double."""
    wide = model().fit(ROWS, TARGETS[model])
    narrow = model().fit(np.asarray(ROWS, np.float32, order), TARGETS[model])
    assert narrow.coef_.dtype == np.float32
    assert np.asarray(narrow.intercept_).dtype == np.float32
    np.testing.assert_allclose(narrow.coef_, wide.coef_, rtol=1e-3)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("method", ["auto", "adam"])
def test_a_weight_is_a_repetition(model, method):
    """A row of weight three is the row written three times, and one of weight zero is not there."""
    times = np.random.default_rng(3).integers(0, 4, 60)
    settings = {"method": method, "tol": 1e-13} if method == "auto" else {"method": method, "max_iter": 30}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fl.ConvergenceWarning)
        weighted = model(**settings).fit(ROWS, TARGETS[model], sample_weight=times)
        repeated = model(**settings).fit(ROWS.repeat(times, axis=0), TARGETS[model].repeat(times))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-6)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, rtol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_a_hole_in_the_data_is_named(model):
    """A missing cell is named by row and column, in the fit and in predictions."""
    frame = pd.DataFrame(ROWS.copy(), columns=["age", "weight", "dose"])
    fitted = model().fit(frame, TARGETS[model])
    frame.loc[41, "weight"] = np.nan
    for use in (lambda: model().fit(frame, TARGETS[model]), lambda: fitted.predict(frame)):
        with pytest.raises(fl.errors.DataError, match="NaN at row 41, column 'weight'"):
            use()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"alpha": -1}, "alpha must"),
        ({"alpha": np.nan}, "alpha must"),
        ({"tol": "small"}, "tol must"),
        ({"max_iter": 0}, "max_iter must"),
        ({"method": "addam"}, "adam"),
        ({"method": "gd", "learning_rate": -0.1}, "learning_rate must"),
        ({"init": [1.0, 2.0]}, "4 finite numbers"),
        ({"fit_intercept": "no"}, "fit_intercept must"),
        ({"standardize": 1}, "standardize must"),
        ({"init": "ones"}, 'init must be "zeros"'),
    ],
)
@pytest.mark.parametrize("model", MODELS)
def test_settings_that_cannot_be_are_refused(model, settings, words):
    """A setting without sense is refused in one sentence before the first step."""
    with pytest.raises(fl.errors.FalllineError, match=words) as caught:
        model(**settings).fit(ROWS, TARGETS[model])
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("model", MODELS)
def test_a_start_can_be_given(model):
    """A fit can start from a row of another's trace, from random numbers, or from where it was."""
    first = model().fit(ROWS, TARGETS[model])
    there = model(init=first.trace_.x[-1]).fit(ROWS, TARGETS[model])
    np.testing.assert_array_equal(there.trace_.x[0], first.trace_.x[-1])
    random = [model(init="random", random_state=seed).fit(ROWS, TARGETS[model]).trace_.x[0] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(random[0], random[1])
    assert not np.array_equal(random[0], random[2])
    again = model(warm_start=True).fit(ROWS, TARGETS[model]).fit(ROWS, TARGETS[model])
    assert again.n_iter_ <= 1
    np.testing.assert_allclose(again.coef_, first.coef_, rtol=1e-3)


@pytest.mark.parametrize("model", MODELS)
def test_a_healthy_fit_says_nothing(model):
    """A fit with nothing wrong converges, warns of nothing, and its bound is within the tolerance."""
    fitted = model().fit(ROWS, TARGETS[model])
    assert fitted.converged_
    assert fitted.diagnosis_ == []
    assert fitted.certificate_.kind == "bound"
    assert len(fitted.trace_) == fitted.n_iter_ + 1 == len(fitted.cost_history_)
    assert (np.diff(fitted.cost_history_) <= 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_an_unfinished_fit_warns_once_with_the_finding(model):
    """A fit that stops early warns once, in the words of its first alarm."""
    with pytest.warns(fl.ConvergenceWarning) as caught:
        fitted = model(method="gd", learning_rate=1e-6, max_iter=5).fit(ROWS, TARGETS[model])
    alarm = next(finding for finding in fitted.diagnosis_ if finding.severity != "info")
    assert [str(warning.message) for warning in caught] == [f"{alarm.message} {alarm.remedy}"]
    assert issubclass(fl.ConvergenceWarning, SklearnConvergenceWarning)
    assert not fitted.converged_
    assert alarm.code == "learning-rate-too-low"


@pytest.mark.parametrize("model", MODELS)
def test_what_stands_in_the_way_is_told(model):
    """A constant column and a repeated one are named; the fit is that of the others."""
    X = np.column_stack([ROWS, np.full(60, 17.0), ROWS[:, 1]])
    fitted = model(alpha=0, tol=1e-12).fit(X, TARGETS[model])
    found = {finding.code: finding for finding in fitted.diagnosis_}
    assert found.keys() == {"constant-feature", "collinear"}
    assert found["constant-feature"].values["index"] == 3
    assert found["constant-feature"].severity == "info"
    assert found["collinear"].values["index"] == [1, 4]
    assert found["collinear"].severity == "warning"
    plain = model(alpha=0, tol=1e-12).fit(ROWS, TARGETS[model])
    assert fitted.score(X, TARGETS[model]) == pytest.approx(plain.score(ROWS, TARGETS[model]), rel=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_a_column_of_targets_is_told(model):
    """Targets of shape (n, 1) are fitted as (n,), with scikit-learn's warning and a finding."""
    with pytest.warns(match="column-vector"):
        fitted = model().fit(ROWS, TARGETS[model][:, None])
    assert [finding.code for finding in fitted.diagnosis_] == ["shape-mismatch"]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_holds_no_data(model):
    """A fitted model can be pickled and copied, small whatever it was fitted to."""
    X, y = np.tile(ROWS, (500, 1)), np.tile(TARGETS[model], 500)
    fitted = model().fit(X, y)
    copy = pickle.dumps(fitted)
    assert len(copy) < 20_000
    np.testing.assert_array_equal(pickle.loads(copy).predict(ROWS), fitted.predict(ROWS))


@pytest.mark.parametrize("model", MODELS)
def test_a_fit_can_be_drawn(model):
    """The cost history of a fit is a picture."""
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    fitted = model().fit(ROWS, TARGETS[model])
    assert fitted.plot(ax=axes).ax_ is axes
    assert axes.get_xlabel() == "iteration"
    with pytest.raises(NotFittedError):
        model().plot()


def test_standardising_is_scaling_by_hand():
    """With standardize=True a textbook method runs on standardised columns, and all comes back in the data's units."""
    X, y = datasets.load_wine(return_X_y=True)
    mean, spread = X.mean(axis=0), X.std(axis=0)
    settings = {"method": "gd", "learning_rate": 0.1, "max_iter": 5000, "alpha": 0.1}
    ours = fl.LinearRegression(standardize=True, **settings).fit(X, y)
    hand = fl.LinearRegression(**settings).fit((X - mean) / spread, y)
    assert ours.n_iter_ == hand.n_iter_
    assert ours.converged_
    np.testing.assert_allclose(ours.trace_.fun, hand.trace_.fun, rtol=1e-9)
    np.testing.assert_allclose(ours.coef_, hand.coef_ / spread, rtol=1e-8)
    np.testing.assert_allclose(ours.predict(X), hand.predict((X - mean) / spread), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(
        fl.LinearRegression(standardize=True, alpha=0.1, tol=1e-12).fit(X, y).coef_, ours.coef_, rtol=0.05, atol=1e-3
    )


@pytest.mark.parametrize("model", MODELS)
def test_numbers_beyond_floating_point_are_refused(model):
    """Data whose squares overflow is refused in a sentence, not fitted to nonsense."""
    with pytest.raises(fl.errors.DataError, match="X must hold numbers whose squares"):
        model().fit(ROWS * 1e200, TARGETS[model])
    with pytest.raises(fl.errors.DataError, match="y must hold numbers whose squares"):
        fl.LinearRegression().fit(ROWS, 1e200 * TARGETS[fl.LinearRegression])


@pytest.mark.parametrize("model", MODELS)
def test_columns_without_names_have_none(model):
    """A table whose columns are numbered, not named, is an array; one with a name twice is refused."""
    fitted = model().fit(pd.DataFrame(ROWS), TARGETS[model])
    np.testing.assert_allclose(fitted.predict(pd.DataFrame(ROWS)), fitted.predict(ROWS), rtol=1e-12)
    with pytest.raises(fl.errors.DataError, match="different names"):
        model().fit(pd.DataFrame(ROWS, columns=["a", "b", "a"]), TARGETS[model])


@pytest.mark.parametrize("model", MODELS)
def test_numbers_below_floating_point_are_refused(model):
    """Data whose squares vanish is refused with the column, not fitted to nothing."""
    with pytest.raises(fl.errors.DataError, match=r"X must vary .* in column 1\."):
        model().fit(ROWS * [1.0, 1e-162, 1.0], TARGETS[model])
    with pytest.raises(fl.errors.DataError, match="y must vary"):
        fl.LinearRegression().fit(ROWS, 1e-200 * TARGETS[fl.LinearRegression])
    small = fl.LinearRegression(tol=1e-12).fit(ROWS * 1e-140, TARGETS[fl.LinearRegression])
    plain = fl.LinearRegression(tol=1e-12).fit(ROWS, TARGETS[fl.LinearRegression])
    np.testing.assert_allclose(small.coef_ * 1e-140, plain.coef_, rtol=1e-9)


SPARSE = [sparse.csr_matrix, sparse.csc_matrix, sparse.coo_array, sparse.csr_array]


@pytest.mark.parametrize("kind", SPARSE)
@pytest.mark.parametrize(
    "settings", [{}, {"standardize": True, "method": "lbfgs"}, {"method": "gd", "learning_rate": 0.1}]
)
@pytest.mark.parametrize("estimator", [fl.LinearRegression, fl.LogisticRegression])
@pytest.mark.filterwarnings("ignore::fallline.ConvergenceWarning")
def test_a_sparse_table_gives_the_dense_tables_model(estimator, settings, kind):
    """Coefficients, intercept and predictions do not depend on how the table is kept, whatever the method."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 6)) * (rng.random((90, 6)) < 0.2)
    y = X @ [1.0, -2.0, 0.5, 0.0, 1.0, 0.3] + 0.7 + rng.logistic(size=90)
    y = y if estimator is fl.LinearRegression else np.digitize(y, [0.0, 1.5])
    model = estimator(alpha=0.01, tol=1e-12, max_iter=60, **settings)
    dense = model.fit(X, y)
    coefficients, intercept, predictions = dense.coef_.copy(), np.copy(dense.intercept_), dense.predict(X)
    thin = model.fit(kind(X), y)
    np.testing.assert_allclose(thin.coef_, coefficients, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(thin.intercept_, intercept, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(thin.predict(kind(X)), predictions, rtol=1e-9)


def test_a_hole_in_a_sparse_table_is_named():
    """What is no number in a sparse table is named by its row and column."""
    X = sparse.csr_array(([1.0, 2.0, np.nan], ([0, 1, 2], [0, 1, 1])), shape=(4, 2))
    with pytest.raises(DataError, match="NaN at row 2, column 1"):
        fl.LinearRegression().fit(X, np.arange(4.0))


def test_separable_classes_are_found_in_sparse_tables():
    """A plane that parts the classes is found without making the table dense."""
    X = sparse.csr_array(np.array([[-2.0, 0.0], [-1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]))
    with pytest.warns(fl.ConvergenceWarning, match="separable"):
        model = fl.LogisticRegression(alpha=0).fit(X, [0, 0, 0, 1, 1, 1])
    assert not model.converged_


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (fl.LinearRegression(), "One step by the Gram matrix"),
        (fl.Lasso(alpha=0.1), "Proximal Newton steps"),
        (fl.QuantileRegressor(), "An interior-point method"),
        (fl.PoissonRegressor(), "Newton's method: the loss is smooth"),
        (fl.Ridge(alpha=0.1, method="gd", learning_rate=0.1), ""),
    ],
)
def test_the_trace_notes_what_was_chosen_and_why(model, words, tmp_path):
    """A sentence with the sizes that decided it, also from a file; none where the user named the method."""
    rows = np.random.default_rng(0).normal(size=(60, 2))
    model.fit(rows, np.round(np.exp(rows[:, 0])))
    note = model.trace_.note
    assert note.startswith(words) and ("60 rows and 3 parameters" in note) == bool(words)
    assert model.trace_[1:].note == note
    model.save(tmp_path / "a.fall")
    model.trace_.save(tmp_path / "a.trace")
    assert fl.load(tmp_path / "a.fall").trace_.note == fl.Trace.load(tmp_path / "a.trace").note == note


FITS = {
    "auto": fl.LogisticRegression(),
    "absolute values": fl.LogisticRegression(alpha=0.01, l1_ratio=1.0),
    "gd": fl.LogisticRegression(method="gd"),
    "sgd": fl.LogisticRegression(method="sgd", max_iter=3),
    "mini-batches": fl.LogisticRegression(method="adam", learning_rate=0.1, batch_size=32, max_iter=3),
}


@pytest.mark.parametrize("model", FITS.values(), ids=FITS)
@pytest.mark.filterwarnings("ignore::fallline.ConvergenceWarning")
def test_a_fit_leaves_nothing_of_the_users_in_memory(model):
    """The table is free once the user lets go of it, the fitted model being kept, without a round of the collector."""

    def fit():
        rng = np.random.default_rng(0)
        X = rng.normal(size=(600, 4))
        model.fit(X, (X[:, 0] + rng.logistic(size=600) > 0).astype(int))
        return weakref.ref(X)

    gc.collect()
    gc.disable()
    try:
        assert fit()() is None
    finally:
        gc.enable()
