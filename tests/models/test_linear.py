"""Least squares, exact where nothing is asked and the textbook's where a method is named."""

import numpy as np
import pytest
from sklearn import datasets, linear_model

import fallline as fl
from fallline.errors import InputError
from fallline.objectives import rows_factored

LINE = np.arange(4.0)[:, None], np.array([1.0, 3.0, 5.0, 7.5])
LONGLEY = """
83.0 234289 2356 1590 107608 1947 60323
88.5 259426 2325 1456 108632 1948 61122
88.2 258054 3682 1616 109773 1949 60171
89.5 284599 3351 1650 110929 1950 61187
96.2 328975 2099 3099 112075 1951 63221
98.1 346999 1932 3594 113270 1952 63639
99.0 365385 1870 3547 115094 1953 64989
100.0 363112 3578 3350 116219 1954 63761
101.2 397469 2904 3048 117388 1955 66019
104.6 419180 2822 2857 118734 1956 67857
108.4 442769 2936 2798 120445 1957 68169
110.8 444546 4681 2637 121950 1958 66513
112.6 482704 3813 2552 123366 1959 68655
114.2 502601 3931 2514 125368 1960 69564
115.7 518173 4806 2572 127852 1961 69331
116.9 554894 4007 2827 130081 1962 70551
"""
CERTIFIED = [15.0618722713733, -0.0358191792925910, -2.02022980381683, -1.03322686717359, -0.0511041056535807]
CERTIFIED += [1829.15146461355, -3482258.63459582]


def by_hand(X, y, rate, steps):
    """Run the loop of any textbook: mean squared error of a line, one update after another."""
    A = np.column_stack([X, np.ones(len(X))])
    theta, costs = np.zeros(A.shape[1]), [np.mean(y**2)]
    for _ in range(steps):
        theta = theta - rate * 2 * A.T @ (A @ theta - y) / len(y)
        costs.append(np.mean((A @ theta - y) ** 2))
    return theta, np.array(costs)


@pytest.mark.parametrize("alpha", [0.0, 1e-3, 1.0, 100.0])
def test_the_answer_is_that_of_a_factorisation(alpha):
    """On raw columns, without scaling or a rate, the coefficients are a direct solver's."""
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    exact = linear_model.Ridge(alpha=len(y) * alpha, solver="svd").fit(X, y)
    model = fl.LinearRegression(alpha=alpha).fit(X, y)
    np.testing.assert_allclose(model.coef_, exact.coef_, rtol=1e-8)
    assert model.intercept_ == pytest.approx(exact.intercept_, rel=1e-9)
    assert model.converged_
    assert model.n_iter_ == 1


def test_longley_to_certified_digits():
    """NIST's Longley regression, a classic trap for solvers, comes out right to eight digits."""
    table = np.array([line.split() for line in LONGLEY.strip().splitlines()], dtype=float)
    model = fl.LinearRegression().fit(table[:, :6], table[:, 6])
    np.testing.assert_allclose([*model.coef_, model.intercept_], CERTIFIED, rtol=1e-8)


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_the_hand_written_loop_is_reproduced(steps):
    """Plain descent with a rate of one's own makes exactly the steps of the loop in the textbook."""
    X, y = LINE
    theta, costs = by_hand(X, y, 0.1, steps)
    with pytest.warns(fl.ConvergenceWarning):
        model = fl.LinearRegression(loss="mse", method="gd", learning_rate=0.1, max_iter=steps).fit(X, y)
    np.testing.assert_allclose(model.trace_.fun, costs, rtol=1e-12)
    np.testing.assert_allclose(model.trace_.x[-1], theta, rtol=1e-12)
    assert model.n_iter_ == steps
    assert model.cost_history_[-1] == model.trace_.fun.min()


def test_a_large_table_gives_the_loops_steps_too():
    """On a table large enough for compiled code the steps are still the textbook's, to nine digits."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10_000, 5)) + 1.0
    y = X @ rng.normal(size=5) + rng.normal(size=10_000)
    theta, costs = by_hand(X, y, 0.05, 200)
    model = fl.LinearRegression(loss="mse", learning_rate=0.05, max_iter=200, tol=0)
    with pytest.warns(fl.ConvergenceWarning):
        model.fit(X, y)
    np.testing.assert_allclose(model.trace_.x[-1], theta, rtol=1e-9)
    np.testing.assert_allclose(model.trace_.fun, costs, rtol=1e-10)


def test_divergence_is_reproduced_and_explained():
    """Too large a rate diverges as the book's loop does; the largest that works is named, the best point kept."""
    X, y = LINE
    _, costs = by_hand(X, y, 0.3, 20)
    with pytest.warns(fl.ConvergenceWarning, match="learning rate 0.3 is above"):
        model = fl.LinearRegression(loss="mse", method="gd", learning_rate=0.3, max_iter=20).fit(X, y)
    np.testing.assert_allclose(model.trace_.fun, costs, rtol=1e-10)
    A = np.column_stack([X, np.ones(4)])
    finding = next(finding for finding in model.diagnosis_ if finding.code == "learning-rate-too-high")
    assert finding.values["limit"] == pytest.approx(2 / np.linalg.eigvalsh(2 * A.T @ A / 4)[-1], rel=1e-9)
    assert not model.converged_
    assert not model.coef_.any()
    assert model.cost_history_[-1] == costs.min() == costs[0]


def test_unscaled_columns_are_blamed_with_numbers():
    """Descent that crawls on raw columns names the condition number before and after standardising."""
    X, y = datasets.load_wine(return_X_y=True)
    with pytest.warns(fl.ConvergenceWarning):
        model = fl.LinearRegression(loss="mse", method="gd", learning_rate=1e-6, max_iter=100).fit(X, y)
    values = next(finding for finding in model.diagnosis_ if finding.code == "features-unscaled").values
    assert values["condition"] == pytest.approx(4.5887e8, rel=1e-3)
    assert values["condition_standardised"] == pytest.approx(45.52, rel=1e-3)


def test_scaled_columns_converge_without_a_word():
    """The same descent on standardised columns converges and nothing is found."""
    X, y = datasets.load_wine(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    model = fl.LinearRegression(loss="mse", method="gd", learning_rate=0.1, max_iter=10_000).fit(X, y)
    assert model.converged_
    assert model.diagnosis_ == []
    assert model.n_iter_ < 10_000


@pytest.mark.parametrize("shape", [(1, 2), (5, 12)])
def test_more_columns_than_rows_are_fitted_exactly(shape):
    """With more columns than rows every row is fitted, and the finding says that many other fits would be as good."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=shape), rng.normal(size=shape[0])
    model = fl.LinearRegression().fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, rtol=1e-9)
    assert model.converged_
    assert [finding.code for finding in model.diagnosis_] == (["collinear"] if len(X) > 1 else [])


def test_targets_that_are_words_are_refused():
    """A regression on words is refused, and pointed to the classifier."""
    with pytest.raises(fl.errors.DataError, match="LogisticRegression"):
        fl.LinearRegression().fit([[1.0], [2.0]], ["yes", "no"])


def test_without_an_intercept_the_line_goes_through_zero():
    """fit_intercept=False fits a line through the origin, in any method."""
    X, y = LINE
    exact = linear_model.LinearRegression(fit_intercept=False).fit(X, y)
    for settings in ({}, {"method": "lbfgs", "tol": 1e-12}, {"method": "gd", "learning_rate": 0.2, "tol": 1e-12}):
        model = fl.LinearRegression(fit_intercept=False, **settings).fit(X, y)
        np.testing.assert_allclose(model.coef_, exact.coef_, rtol=1e-5)
        assert model.intercept_ == 0
        assert model.converged_


def nearly_collinear():
    """Make tables whose curvature is singular within rounding, though their columns are not."""
    rng = np.random.default_rng(0)
    a, noise = rng.normal(size=(2, 50))
    far, unit = np.linspace(100, 101, 50), np.linspace(0, 1, 60)
    return {
        "powers far from zero": (np.vander(far, 6)[:, :-1], np.sin(8 * far) * 5),
        "all but twice the same column": (np.column_stack([a, a + 1e-7 * noise]), a + rng.normal(size=50)),
        "degree eleven": (np.vander(unit, 12)[:, :-1], np.sin(9 * unit) + 0.1 * rng.normal(size=60)),
    }


@pytest.mark.parametrize("case", nearly_collinear())
def test_nearly_collinear_columns_are_fitted_to_the_end(case):
    """The fit is that of an orthogonal factorisation, the gap is true, and the finding says "nearly"."""
    X, y = nearly_collinear()[case]
    model = fl.LinearRegression().fit(X, y)
    columns = np.column_stack([(X - X.mean(axis=0)) / X.std(axis=0), np.ones(len(X))])
    least = 0.5 * np.mean((y - columns @ np.linalg.lstsq(columns, y, rcond=1e-15)[0]) ** 2)
    assert model.converged_
    assert model.cost_history_[-1] - least <= 1e-6 * np.var(y)
    assert [finding.code for finding in model.diagnosis_] == ["collinear"]
    assert "nearly" in model.diagnosis_[0].message


def test_collinear_columns_too_many_to_factor_claim_nothing(monkeypatch):
    """Where rows are too many to be factored, a gain that the Gram matrix cannot see is not denied."""
    X, y = nearly_collinear()["all but twice the same column"]
    monkeypatch.setattr(rows_factored, "CELLS", 0)
    with pytest.warns(fl.ConvergenceWarning):
        model = fl.LinearRegression().fit(X, y)
    assert not model.converged_
    assert model.certificate_.gap == model.cost_history_[-1]
    twice = fl.LinearRegression().fit(X[:, [0, 0]], y)
    assert twice.converged_


@pytest.mark.parametrize("settings", [{}, {"method": "gd", "learning_rate": 0.1}])
def test_a_start_of_infinite_cost_is_not_converged(settings):
    """A start whose cost overflows is left for zeros, or, by a textbook method, ends the fit unconverged."""
    X = np.random.default_rng(0).normal(size=(30, 3))
    model = fl.LinearRegression(init=[1e200] * 4, **settings)
    if not settings:
        assert model.fit(X, X[:, 0] ** 2).converged_
        assert np.isfinite(model.cost_history_[-1])
        return
    with pytest.warns(fl.ConvergenceWarning, match="cost at the start is inf"):
        model.fit(X, X[:, 0] ** 2)
    assert not model.converged_


def test_only_squares_are_least_squares():
    """A loss that is none of least squares is refused in a sentence."""
    with pytest.raises(InputError, match='loss must be "squared" or "mse"; got \'huber\''):
        fl.LinearRegression(loss="huber").fit([[1.0], [2.0]], [1.0, 2.0])
