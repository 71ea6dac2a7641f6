"""The textbook's methods on rows: mini-batches, single rows, remembered slopes, rows held out."""

import warnings

import numpy as np
import pytest
from scipy import sparse

import fallline as fl
from fallline.data.blocks import ArrayRows
from fallline.descent.batches import Batches
from fallline.errors import InputError
from fallline.losses import find
from fallline.models import stochastic
from fallline.models.stochastic import kernel_of, largest_curvature, own_rate, rows_apart
from fallline.objectives.rows import RowsObjective

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = X @ [1.0, -2.0, 0.5, 0.0] + 3.0 + 0.5 * RNG.normal(size=120)
CLASSES = np.digitize(X[:, 0] + 0.5 * RNG.logistic(size=120), [-0.7, 0.7])


def quiet(model, *rows, **settings):
    """Fit, whatever is warned of: many of these are stopped on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fl.ConvergenceWarning)
        return model.fit(*rows, **settings)


def seed_of(random_state):
    return int(np.random.RandomState(random_state).randint(2**31 - 1))


@pytest.mark.parametrize("few", [0, 10**9], ids=["compiled", "numpy"])
@pytest.mark.parametrize("batch_size", [1, 7, 120, 500])
def test_plain_steps_are_the_loop_of_the_textbook(few, batch_size, monkeypatch):
    """Each update is the mean gradient of the next rows in the epoch's order, with weights and a penalty on `w`."""
    monkeypatch.setattr(stochastic, "FEW", few)
    weights = RNG.uniform(0.5, 2.0, 120)
    model = fl.Ridge(alpha=0.1, method="gd", learning_rate=0.02, batch_size=batch_size, max_iter=3, random_state=5)
    quiet(model, X, Y, sample_weight=weights)
    batches = Batches(120, min(batch_size, 120), seed_of(5))
    w, b, scale = np.zeros(4), 0.0, weights / weights.mean()
    for k in range(3 * batches.steps):
        rows = batches.of(k)
        slope = scale[rows] * (X[rows] @ w + b - Y[rows]) / len(rows)
        w, b = w - 0.02 * (slope @ X[rows] + 0.1 * w), b - 0.02 * slope.sum()
    np.testing.assert_allclose(np.append(model.coef_, model.intercept_), np.append(w, b), rtol=1e-10)
    assert model.n_iter_ == 3
    assert len(model.trace_) == 1 + 3 * batches.steps
    assert len(model.cost_history_) == 4
    cost = np.average(0.5 * (X @ w + b - Y) ** 2, weights=weights) + 0.05 * w @ w
    assert model.cost_history_[-1] == pytest.approx(cost)


def test_the_trace_tells_of_the_batches_alike_compiled_or_not(monkeypatch):
    """A row of the trace has the cost and slope of the batch that the next update steps on, by either way."""
    columns = []
    for few in (0, 10**9):
        monkeypatch.setattr(stochastic, "FEW", few)
        model = fl.LogisticRegression(alpha=0.1, method="sgd", learning_rate=0.1, batch_size=8, max_iter=4)
        trace = quiet(model.set_params(random_state=1), X, CLASSES > 0).trace_
        columns.append([trace.x, trace.fun, trace.gradient_norm, trace.step_norm[1:], trace.learning_rate[1:]])
    for compiled, plain in zip(*columns, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-9)


@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize(
    "model",
    [
        fl.LinearRegression(method="adam", learning_rate=0.05),
        fl.LogisticRegression(alpha=0.01, l1_ratio=0.5, method="momentum", learning_rate=0.05),
        fl.LinearSVC(loss="hinge", method="rmsprop", learning_rate=0.01, standardize=True),
        fl.LogisticRegression(method="gd", learning_rate=fl.steps.Backtracking()),
    ],
)
def test_many_updates_are_compiled_and_are_the_same(model, average, monkeypatch):
    """Any method of fallline's on mini-batches gives one trace, made in a compiled loop or one by one."""
    traces = []
    for many in (0, 10**9):
        monkeypatch.setattr(stochastic, "MANY", many)
        again = model.__sklearn_clone__().set_params(batch_size=9, max_iter=5, random_state=2, average=average)
        quiet(again, X, CLASSES if hasattr(model, "class_weight") else Y)
        trace = again.trace_
        traces.append([trace.x, trace.fun, trace.gradient_norm, again.coef_, again.cost_history_])
    for compiled, plain in zip(*traces, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-9, atol=1e-12)


def test_long_epochs_are_kept_by_their_ends(monkeypatch):
    """Where the points of an epoch take much memory, the trace has its end, with the cost over all rows."""
    monkeypatch.setattr("fallline.descent.row_epochs.FINE", 0)
    monkeypatch.setattr(stochastic, "FEW", 0)
    model = quiet(fl.Ridge(alpha=0.1, method="sgd", batch_size=10, max_iter=5, random_state=0), X, Y)
    assert model.trace_.iteration.tolist() == [0, 12, 24, 36, 48, 60]
    np.testing.assert_array_equal(model.trace_.fun, model.cost_history_)
    np.testing.assert_array_equal(model.trace_.x[-1], np.append(model.coef_, model.intercept_))


@pytest.mark.parametrize("method", ["saga", "svrg"])
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sparse.csr_array], ids=["C", "F", "sparse"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.6])
def test_remembered_slopes_lead_to_the_minimum(method, form, l1_ratio):
    """SAGA and SVRG converge, by certificate, to the minimum that "auto" finds, zeros included, without a rate."""
    model = fl.LogisticRegression(alpha=0.02, l1_ratio=l1_ratio, tol=1e-9)
    exact = model.fit(X, CLASSES).coef_
    found = model.set_params(method=method, max_iter=2000, random_state=0).fit(form(X), CLASSES)
    assert found.converged_
    np.testing.assert_allclose(found.coef_, exact, atol=2e-4)
    if l1_ratio:
        np.testing.assert_array_equal(found.coef_ == 0, exact == 0)


@pytest.mark.parametrize("loss", ["logistic", "multinomial", "hinge", "squared-hinge"])
def test_every_loss_of_classes_learns_by_single_rows(loss):
    """Plain stochastic descent without a rate comes near the minimum of each loss, for three classes."""
    model = fl.LinearClassifier(loss=loss, alpha=0.05, method="sgd", max_iter=200, random_state=0)
    found = quiet(model, X, CLASSES)
    assert (
        found.cost_history_[-1] <= 1.02 * fl.LinearClassifier(loss=loss, alpha=0.05).fit(X, CLASSES).cost_history_[-1]
    )


def test_standardised_columns_are_descended_on(monkeypatch):
    """`standardize` makes the updates on centred columns of unit spread; the model is in the data's units."""
    monkeypatch.setattr(stochastic, "FEW", 0)
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    raw = X * [1.0, 100.0, 0.01, 5.0] + [0.0, 7.0, 1.0, -3.0]
    settings = {"alpha": 0.1, "l1_ratio": 0.5, "method": "sgd", "learning_rate": 0.02, "max_iter": 2, "random_state": 0}
    found = quiet(fl.LinearRegressor(standardize=True, **settings), raw, Y)
    plain = quiet(fl.LinearRegressor(**settings), scaled, Y)
    np.testing.assert_allclose(found.predict(raw), plain.predict(scaled), rtol=1e-8)


@pytest.mark.parametrize(("method", "batch_size"), [("sgd", None), ("adam", 10), ("momentum", 10)])
def test_the_mean_of_the_points_is_steadier_than_the_last(method, batch_size):
    """With `average` the answer is the mean in which the t-th point counts t times."""
    settings = {"method": method, "learning_rate": 0.03, "batch_size": batch_size, "max_iter": 4, "random_state": 0}
    last = quiet(fl.LinearRegression(**settings), X, Y)
    mean = quiet(fl.LinearRegression(average=True, **settings), X, Y)
    points = last.trace_.x[1:]
    expected = np.average(points, axis=0, weights=np.arange(1, len(points) + 1))
    np.testing.assert_allclose(np.append(mean.coef_, mean.intercept_), expected, rtol=1e-9)
    assert mean.cost_history_[-1] == pytest.approx(np.mean(0.5 * (mean.predict(X) - Y) ** 2))


@pytest.mark.parametrize(("method", "batch_size"), [("gd", None), ("adam", 16), ("sgd", None)])
def test_rows_held_out_choose_the_model(method, batch_size):
    """The fit stops when rows held out no longer gain, answers with the point best for them, and does not warn."""
    rng = np.random.default_rng(1)
    wide = rng.normal(size=(60, 80))
    y = wide[:, 0] + rng.normal(size=60)
    model = fl.LinearRegression(method=method, learning_rate=0.003, batch_size=batch_size, validation_fraction=0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_params(patience=4, max_iter=3000, random_state=0).fit(wide, y)
    best = int(np.argmin(model.validation_costs_))
    assert len(model.validation_costs_) == best + 5
    rows, held_out = rows_apart(wide, y, None, 0.3, seed_of(0))
    assert (rows.count, held_out.count) == (42, 18)
    there = held_out.block(0)
    cost = np.mean(0.5 * (model.predict(there.X) - there.y) ** 2)
    assert cost == pytest.approx(model.validation_costs_[best])
    assert "stopped-early" in [finding.code for finding in model.diagnosis_]


def test_the_rates_that_methods_choose():
    """Without a rate SAGA takes scikit-learn's, and plain steps start at one over the largest curvature and fall."""
    rows = ArrayRows(np.array([[3.0], [4.0]]), np.zeros(2), np.array([1.0, 3.0]))
    smooth = RowsObjective(rows, find("logistic", "classification"))
    assert largest_curvature(smooth) == pytest.approx(0.25 * 17 * 1.5)
    L = 0.25 * 17 * 1.5 + 0.1
    assert own_rate(smooth, 0.1, "saga")(0) == pytest.approx(1 / (2 * L + 0.4))
    assert own_rate(smooth, 0.1, "sgd")(np.array([0, 50])) == pytest.approx([1 / L, 1 / (L + 5)])
    assert own_rate(smooth, 0.0, "sgd")(np.array([0, 6])) == pytest.approx([1 / (L - 0.1), 0.5 / (L - 0.1)])


def test_kernels_know_every_loss():
    """Each loss comes down to one predictor, one for each class, or a softmax."""
    assert kernel_of(find("huber", "regression"))[1:] == (find("huber", "regression").parameters, "one")
    assert kernel_of(find("multinomial", "classification"))[2] == "softmax"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (fl.HuberRegressor(method="sgd"), "scale of the errors"),
        (fl.QuantileRegressor(method="saga"), "slopes, which here jump"),
        (fl.PoissonRegressor(method="sgd"), "learning_rate must be given"),
        (
            fl.Ridge(method="svrg", learning_rate=fl.steps.Backtracking()),
            "learning_rate must be a number or a schedule",
        ),
        (fl.Ridge(method="sagaa"), "method must be the name of a method"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_cannot_be_is_refused(model, words):
    """A method that does not suit the loss, or a rate the method, is refused before the first step."""
    with pytest.raises(InputError, match=words):
        model.fit(X, np.abs(Y))


def test_sparse_rows_are_not_centred():
    """Standardising sparse rows for updates row by row is refused, with what to do instead."""
    with pytest.raises(InputError, match="not sparse"):
        fl.Ridge(method="saga", standardize=True).fit(sparse.csr_array(X), Y)


def test_a_divergent_run_is_told(monkeypatch):
    """Steps too long blow up: the model is finite, the run says so, and the rate that would do is named."""
    monkeypatch.setattr(stochastic, "FEW", 0)
    with pytest.warns(fl.ConvergenceWarning, match="rate"):
        model = fl.LinearRegression(method="sgd", learning_rate=5.0, batch_size=8, max_iter=40, random_state=0).fit(
            X, Y
        )
    assert not model.converged_
    assert "learning-rate-too-high" in [finding.code for finding in model.diagnosis_]
