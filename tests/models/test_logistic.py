"""Logistic regression of two classes or many."""

import numpy as np
import pytest
from scipy.special import expit, log_softmax, logsumexp
from sklearn import datasets, linear_model

import fallline as fl


def cost(model, X, y, alpha):
    w, b = model.coef_, model.intercept_
    z = X @ w.T + b
    if len(b) == 1:
        z = np.column_stack([np.zeros(len(z)), z[:, 0]])
    return np.mean(logsumexp(z, axis=1) - z[np.arange(len(y)), y]) + alpha * 0.5 * (w**2).sum()


@pytest.mark.parametrize(
    ("name", "alpha"),
    [("breast_cancer", 1e-2), ("breast_cancer", 1e-4), ("iris", 1e-2), ("wine", 1e-3), ("iris", 1e-4)],
)
def test_the_minimum_is_reached_on_raw_columns(name, alpha):
    """Two classes or three, on columns that span orders of magnitude, the minimum is reached and the bound holds."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    exact = linear_model.LogisticRegression(
        C=1 / (len(y) * alpha), solver="newton-cholesky", tol=1e-12, max_iter=10_000
    )
    best = cost(exact.fit(X, y), X, y, alpha)
    share = np.bincount(y) / len(y)
    model = fl.LogisticRegression(alpha=alpha).fit(X, y)
    gap = cost(model, X, y, alpha) - best
    assert model.converged_
    assert model.coef_.shape == exact.coef_.shape
    assert gap - 1e-13 <= model.certificate_.gap <= 1e-6 * -(share @ np.log(share))
    tight = fl.LogisticRegression(alpha=alpha, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(tight.predict_proba(X), exact.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("max_iter", [1, 2, 3, 5, 8])
def test_a_fit_cut_short_claims_no_more_than_it_has(max_iter):
    """Stopped anywhere, the bound on the remaining cost holds and `converged_` goes by it."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    best = cost(fl.LogisticRegression(tol=1e-13).fit(X, y), X, y, 1e-4)
    model = fl.LogisticRegression(max_iter=max_iter, tol=1e-9)
    with pytest.warns(fl.ConvergenceWarning, match="iterations allowed were used up"):
        model.fit(X, y)
    assert model.certificate_.kind == "bound"
    assert not model.converged_
    assert cost(model, X, y, 1e-4) - best <= model.certificate_.gap <= model.cost_history_[-1]


def test_the_hand_written_loop_is_reproduced():
    """A rate of one's own makes the textbook's steps, the intercept free of the penalty."""
    X, y = np.arange(4.0), np.array([0, 0, 1, 1])
    w = b = 0.0
    for _ in range(25):
        residual = expit(X * w + b) - y
        w, b = w - 0.2 * (np.mean(residual * X) + 0.1 * w), b - 0.2 * np.mean(residual)
    with pytest.warns(fl.ConvergenceWarning):
        model = fl.LogisticRegression(alpha=0.1, method="gd", learning_rate=0.2, max_iter=25).fit(X[:, None], y)
    np.testing.assert_allclose([model.coef_[0, 0], model.intercept_[0]], [w, b], rtol=1e-12)


@pytest.mark.parametrize("method", ["gd", "lbfgs", "adam"])
@pytest.mark.parametrize("classes", [2, 3])
def test_textbook_methods_stop_once_they_are_there(method, classes):
    """A named method that arrives is stopped by the bound, and the answer is that of "auto"."""
    X, y = datasets.load_iris(return_X_y=True)
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), np.minimum(y, classes - 1)
    rate = {"adam": 0.1, "gd": 1.0}.get(method)
    model = fl.LogisticRegression(alpha=0.1, method=method, learning_rate=rate, max_iter=5000).fit(X, y)
    assert model.converged_
    assert model.n_iter_ < 5000
    assert model.diagnosis_ == []
    assert cost(model, X, y, 0.1) == pytest.approx(
        cost(fl.LogisticRegression(alpha=0.1).fit(X, y), X, y, 0.1), abs=1e-5
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("method", ["auto", "lbfgs"])
def test_separable_classes_are_reported(classes, method):
    """Classes that planes separate have no fit without a penalty: that is the finding, and the fit never converges."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % classes
    X = 10 * np.eye(3)[y] + rng.uniform(-1, 1, size=(60, 3))
    with pytest.warns(fl.ConvergenceWarning, match="separable"):
        model = fl.LogisticRegression(alpha=0, method=method).fit(X, y)
    assert not model.converged_
    assert model.score(X, y) == 1
    assert np.isfinite(model.coef_).all()
    assert [finding.code for finding in model.diagnosis_] == ["separable"]
    assert "alpha" in model.diagnosis_[0].remedy
    assert model.diagnosis_[0].severity == "warning"


def test_overlapping_classes_need_no_penalty():
    """Classes that overlap have a fit without a penalty."""
    X, y = datasets.load_iris(return_X_y=True)
    model = fl.LogisticRegression(alpha=0).fit(X[50:], y[50:])
    assert model.converged_
    assert model.diagnosis_ == []


def test_probabilities_are_exact_far_out():
    """Logarithms of probabilities are exact where the probabilities themselves underflow."""
    X, y = datasets.load_iris(return_X_y=True)
    for classes in (2, 3):
        model = fl.LogisticRegression(alpha=0.1).fit(X, np.minimum(y, classes - 1))
        far = 1e4 * X
        z = model.decision_function(far)
        z = np.column_stack([np.zeros(len(z)), z]) if z.ndim == 1 else z
        np.testing.assert_allclose(model.predict_log_proba(far), log_softmax(z, axis=1), rtol=1e-12)
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-12)
        np.testing.assert_array_equal(model.predict(X), model.classes_[model.predict_proba(X).argmax(axis=1)])


def test_classes_are_whatever_they_were():
    """Words, truth values and numbers come back as such."""
    X = np.arange(6.0)[:, None]
    for labels in (["no", "yes"], [False, True], [3, 7], [1.0, 2.0]):
        y = np.array(labels)[[0, 0, 1, 0, 1, 1]]
        model = fl.LogisticRegression(alpha=0.1).fit(X, y)
        assert list(model.classes_) == labels
        assert set(model.predict(X)) == set(labels)


@pytest.mark.parametrize(
    ("y", "weights"), [([1, 1, 1], None), (["a", "a", "a"], None), ([0, 0, 1], [1.0, 1.0, 0.0])], ids=str
)
def test_one_class_is_refused(y, weights):
    """A single class, or one that alone has weight, is refused."""
    with pytest.raises(fl.errors.DataError, match="two classes"):
        fl.LogisticRegression().fit([[0.0], [1.0], [2.0]], y, sample_weight=weights)


def test_a_class_without_weight_is_not_there():
    """A class whose rows all weigh nothing is as if its rows were not given."""
    X, y = datasets.load_iris(return_X_y=True)
    weights = np.where(y == 1, 0.0, 1.0 + y)
    model = fl.LogisticRegression(tol=1e-12).fit(X, y, sample_weight=weights)
    without = fl.LogisticRegression(tol=1e-12).fit(X[y != 1], y[y != 1], sample_weight=weights[y != 1])
    assert list(model.classes_) == [0, 2]
    np.testing.assert_allclose(model.coef_, without.coef_, rtol=1e-6)


def test_class_weights_are_sample_weights():
    """class_weight weighs the rows of a class; "balanced" gives every class the same total."""
    X, y = datasets.load_iris(return_X_y=True)
    X, y = X[30:], y[30:]
    for class_weight, weights in [
        ({0: 1.0, 1: 3.0, 2: 0.5}, np.array([1.0, 3.0, 0.5])[y]),
        ("balanced", 120 / (3 * np.bincount(y)[y])),
    ]:
        ours = fl.LogisticRegression(class_weight=class_weight, tol=1e-12).fit(X, y)
        hand = fl.LogisticRegression(tol=1e-12).fit(X, y, sample_weight=weights)
        np.testing.assert_allclose(ours.coef_, hand.coef_, rtol=1e-6)
    with pytest.raises(fl.errors.InputError, match="class_weight must"):
        fl.LogisticRegression(class_weight="even").fit(X, y)


@pytest.mark.parametrize("y", [[0.5, 1.5, 2.5], [0.0, np.nan, 1.0]])
def test_targets_that_are_no_classes_are_refused(y):
    """Numbers in between, or missing, are no classes."""
    with pytest.raises(fl.errors.DataError, match="y must hold"):
        fl.LogisticRegression().fit([[0.0], [1.0], [2.0]], y)


def test_units_do_not_matter():
    """Measuring columns in other units leaves every probability where it was."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X @ [1.0, -1.0, 0.5] + rng.logistic(size=200) > 0).astype(int)
    units = np.array([1e6, 1e-6, 1.0])
    plain, scaled = (fl.LogisticRegression(alpha=0, tol=1e-12).fit(X * factor, y) for factor in (1.0, units))
    np.testing.assert_allclose(scaled.predict_proba(X * units), plain.predict_proba(X), rtol=1e-6)


@pytest.mark.parametrize("max_iter", [1, 2, 3, 4])
def test_without_an_intercept_the_bound_holds_too(max_iter):
    """Without an intercept, a constant column taking its place, the bound on a fit cut short still holds."""
    X, y = datasets.load_iris(return_X_y=True)
    X, y = np.column_stack([X[50:], np.full(100, 3.0)]), y[50:] - 1
    settings = {"alpha": 1e-3, "fit_intercept": False}
    best = cost(fl.LogisticRegression(tol=1e-13, **settings).fit(X, y), X, y, 1e-3)
    with pytest.warns(fl.ConvergenceWarning):
        model = fl.LogisticRegression(max_iter=max_iter, tol=1e-12, **settings).fit(X, y)
    assert cost(model, X, y, 1e-3) - best <= model.certificate_.gap
    assert not model.intercept_.any()


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("alpha", [0.0, 1e-4])
@pytest.mark.parametrize("far", [3e2, 1e3, 1e6, 1e16, 1e200, 1e308])
def test_a_start_far_off_is_never_certified(classes, alpha, far):
    """From a start where every row is saturated a fit reaches the minimum all the same."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = rng.integers(0, classes, 60)
    outputs = classes if classes > 2 else 1
    start = far * np.append(np.outer([1.0, -1.0, 0.5][:outputs], [-1, -1, 1]), np.zeros(outputs))
    model = fl.LogisticRegression(alpha=alpha, init=start).fit(X, y)
    near = fl.LogisticRegression(alpha=alpha).fit(X, y)
    assert model.converged_
    assert model.cost_history_[-1] == pytest.approx(near.cost_history_[-1], abs=2e-6)


def test_a_saturated_point_has_no_bound_but_its_cost():
    """A textbook run that stays where every row is saturated is not converged, and its gap is its cost."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    settings = {"alpha": 0, "method": "gd", "learning_rate": 0.1, "max_iter": 3}
    with pytest.warns(fl.ConvergenceWarning):
        model = fl.LogisticRegression(init=[-1e6, 0, 0, 0], **settings).fit(X, y)
    assert not model.converged_
    assert model.certificate_.gap == model.cost_history_[-1] > 1e5
    with pytest.warns(fl.ConvergenceWarning, match="cost at the start"):
        model = fl.LogisticRegression(init=[1e308] * 4, **settings).fit(X, y)
    assert (model.converged_, model.certificate_.gap) == (False, np.inf)


@pytest.mark.parametrize("class_weight", [{0: 1, 1: 0}, {0: 1, 1: -1}, {0: np.nan}])
def test_a_class_weight_must_be_positive(class_weight):
    """A class that would weigh nothing, or less, is refused in one sentence."""
    with pytest.raises(fl.errors.InputError, match="class_weight must") as caught:
        fl.LogisticRegression(class_weight=class_weight).fit([[0.0], [1.0], [2.0]], [0, 1, 1])
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("size", [1e-307, 1e307])
def test_the_size_of_weights_does_not_matter(size):
    """Weights at the ends of floating point fit as those near one, of rows and of classes."""
    X, y = datasets.load_iris(return_X_y=True)
    weights = np.random.default_rng(0).uniform(0.5, 1.0, 150)
    plain = fl.LogisticRegression().fit(X, y, sample_weight=weights)
    scaled = fl.LogisticRegression().fit(X, y, sample_weight=weights * size)
    by_class = fl.LogisticRegression(class_weight=dict.fromkeys(range(3), size)).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(scaled.coef_, plain.coef_, rtol=1e-9)
    np.testing.assert_allclose(by_class.coef_, plain.coef_, rtol=1e-9)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.array([1, "a", "a"], dtype=object), "number and str"),
        (np.array(["a", None, "b"], dtype=object), "got None at row 1"),
        (np.array(["a", "b", np.nan], dtype=object), "got nan at row 2"),
        (np.array(["2024-01-01", "NaT", "2024-01-01"], dtype="M8[D]"), r"NaT.* at row 1"),
        (np.array([b"a", b"b", b"a"]), "astype"),
        (np.array([b"a", b"b", b"a"], dtype=object), "bytes"),
    ],
)
def test_classes_of_several_kinds_are_refused(y, words):
    """Classes that cannot be put in order, and bytes, are refused in one sentence."""
    with pytest.raises(fl.errors.DataError, match=words) as caught:
        fl.LogisticRegression().fit([[0.0], [1.0], [2.0]], y)
    assert str(caught.value).startswith("y must hold")


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8, np.uint8, np.uint64])
def test_whole_numbers_are_classes_of_their_own_kind(dtype):
    """Classes that are counted are what sorting finds, of the kind they were given in; unweighted ones are none."""
    rng = np.random.default_rng(0)
    y = rng.choice(np.array([3, 7, 100, 101]), size=200).astype(dtype)
    weights = np.where(y == 100, 0.0, 1.0)
    model = fl.LogisticRegression(alpha=1.0).fit(rng.normal(size=(200, 2)), y, sample_weight=weights)
    np.testing.assert_array_equal(model.classes_, np.array([3, 7, 101], dtype=dtype))
    assert model.classes_.dtype == dtype


@pytest.mark.parametrize("labels", [[-(2**60), 2**60], [2.0**55, -(2.0**55)], [-128, 127], [0, 5000]])
def test_whole_numbers_far_apart_are_classes_too(labels):
    """Labels of any size come back as they were."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = np.array(labels)[np.arange(40) % 2]
    model = fl.LogisticRegression(alpha=1.0).fit(X, y)
    assert model.classes_.tolist() == sorted(labels)
    assert set(model.predict(X)) <= set(labels)
