"""Bounds and penalties in minimize: right answers against peers, every method, every way to say them, bad ones."""

import numpy as np
import pytest
import scipy.optimize
from sklearn.linear_model import ElasticNet as Peer
from sklearn.linear_model import Lasso

import fallline as fl
from fallline.errors import InputError, InputTypeError
from fallline.methods import CLASSES
from fallline.penalties import L1, L2, Ball, Box, ElasticNet, NonNegative, Simplex

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 12)) * np.logspace(0, 1, 12)
Y = X[:, :4] @ [2.0, -1.0, 0.5, 1.0] + 0.1 * rng.normal(size=60)
START = np.full(12, 1 / 12)


def cost(w, X, y):
    return 0.5 * np.mean((X @ w - y) ** 2)


def gradient(w):
    return X.T @ (X @ w - Y) / len(Y)


def cost_with_a_branch(w, X, y):
    return cost(w, X, y) if w[0] < 1e9 else w[0]


def test_bounds_reach_scipys_answer_in_as_few_evaluations():
    """A bounded problem of condition 100, beside L-BFGS-B with the exact gradient."""
    bounds = [(-0.02, 0.3)] * 12
    result = fl.minimize(cost, np.zeros(12), args=(X, Y), bounds=bounds)
    peer = scipy.optimize.minimize(
        cost,
        np.zeros(12),
        args=(X, Y),
        jac=lambda w, X, y: gradient(w),
        bounds=bounds,
        options={"ftol": 1e-15, "gtol": 1e-9},
    )
    assert result.success and result.fun <= peer.fun * (1 + 1e-12)
    assert result.nfev <= 1.5 * peer.nfev + 5


@pytest.mark.parametrize(
    ("penalty", "peer"),
    [
        (L1(0.5), Lasso(alpha=0.5, fit_intercept=False, tol=1e-14, max_iter=100_000)),
        (ElasticNet(0.5, 0.7), Peer(alpha=0.5, l1_ratio=0.7, fit_intercept=False, tol=1e-14, max_iter=100_000)),
    ],
)
def test_penalties_reach_scikit_learns_answer(penalty, peer):
    """The same zeros, the same coefficients, a cost that includes the penalty."""
    result = fl.minimize(cost, np.zeros(12), args=(X, Y), penalty=penalty)
    w = peer.fit(X, Y).coef_
    np.testing.assert_array_equal(result.x == 0, w == 0)
    np.testing.assert_allclose(result.x, w, atol=1e-6)
    assert result.fun == pytest.approx(cost(w, X, Y) + penalty.value(w), rel=1e-10)
    assert result.success and result.certificate.gap < 1e-8


@pytest.mark.parametrize("function", [cost, cost_with_a_branch], ids=["compiled", "stepwise"])
@pytest.mark.parametrize("penalty", [L1(0.3), L2(0.3), NonNegative(), Box(-0.1, 0.4), Simplex(), Ball(0.7)], ids=repr)
def test_every_penalty_ends_at_a_point_that_a_proximal_step_keeps(function, penalty):
    """Left to itself, compiled and step by step."""
    result = fl.minimize(function, START, args=(X, Y), penalty=penalty)
    after = penalty.prox(result.x - 1e-3 * gradient(result.x), 1e-3)
    assert np.abs(after - result.x).max() < 1e-7
    assert result.success and result.reason.value == "converged"
    assert [f for f in result.diagnosis if f.severity != "info"] == []


@pytest.mark.parametrize("penalty", [L1(0.3), Box(-0.1, 0.4), Simplex(), Ball(0.7)], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)
def test_every_method_keeps_to_the_penalty(cls, penalty):
    """Every row of the trace obeys it, and the cost falls; or the method is refused, with what to do."""
    if cls.name == "lbfgs" and not penalty.separable:
        with pytest.raises(InputError, match=r"LBFGS with a .*Leave method out"):
            fl.minimize(cost, START, args=(X, Y), penalty=penalty, method="lbfgs")
        return
    x0 = START.reshape(3, 4) if cls.name == "muon" else START
    result = fl.minimize(
        lambda w: cost(w.reshape(12), X / 4, Y),
        x0,
        penalty=penalty,
        method=cls.name,
        max_iterations=60,
        stopping=fl.stopping.GradientBelow(1e-12),
    )
    rows = result.trace.x.reshape(len(result.trace), 12)
    for row in rows:
        np.testing.assert_allclose(penalty.prox(row, 0.0), row, rtol=0, atol=1e-14)
    assert result.fun < result.trace.fun[0]
    best = cost(result.x.reshape(12), X / 4, Y) + penalty.value(result.x.reshape(12))
    assert result.fun == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize(
    ("method", "rate"), [("adam", 0.01), ("momentum", 1e-3), ("rmsprop", 0.002), ("nesterov", 1e-3)]
)
@pytest.mark.parametrize("penalty", [L1(0.3), Simplex()], ids=["L1", "Simplex"])
def test_methods_that_scale_their_steps_come_to_rest_at_the_optimum(method, rate, penalty):
    """A proximal step of the rate alone would leave Adam and momentum at another point."""
    schedule = fl.schedules.CosineDecay(rate, 20_000)
    result = fl.minimize(
        cost, START, args=(X, Y), penalty=penalty, method=method, learning_rate=schedule, max_iterations=20_000
    )
    best = fl.minimize(cost, START, args=(X, Y), penalty=penalty)
    assert result.fun - best.fun <= 1e-8 * (result.trace.fun[0] - best.fun)
    assert result.success


def test_plain_descent_with_l1_is_ista():
    """One step is the soft threshold of the gradient step, as in the book."""
    result = fl.minimize(cost, START, args=(X, Y), penalty=L1(0.5), method="gd", learning_rate=0.01, max_iterations=2)
    w = START
    for row in range(3):
        np.testing.assert_allclose(result.trace.x[row], w, rtol=0, atol=1e-14)
        z = w - 0.01 * gradient(w)
        w = np.sign(z) * np.maximum(np.abs(z) - 0.005, 0)


@pytest.mark.parametrize(
    "bounds",
    [
        [(-1, 1), (None, 0.5), (0, np.inf)],
        (np.array([-1.0, -np.inf, 0.0]), np.array([1.0, 0.5, np.inf])),
        scipy.optimize.Bounds([-1.0, -np.inf, 0.0], [1.0, 0.5, np.inf]),
        np.array([[-1.0, 1.0], [-np.inf, 0.5], [0.0, np.inf]]),
    ],
    ids=["pairs", "arrays", "scipy", "table"],
)
def test_bounds_in_every_form(bounds):
    """Pairs, two arrays, SciPy's Bounds, a table of pairs."""
    result = fl.minimize(lambda x: np.sum((x - [3.0, 1.0, -2.0]) ** 2), np.zeros(3), bounds=bounds)
    np.testing.assert_array_equal(result.x, [1.0, 0.5, 0.0])
    assert result.success and "holds every parameter" in result.certificate.text


def test_two_pairs_for_two_parameters_are_pairs():
    """Lists are pairs; only arrays are lower and upper bounds."""
    result = fl.minimize(lambda x: np.sum((x - 9) ** 2), [0.0, 0.0], bounds=([-1, 5], [-2, 7]))
    np.testing.assert_array_equal(result.x, [5.0, 7.0])


def test_bounds_and_a_penalty_together():
    """The cost is penalised and every parameter stays between its bounds."""
    result = fl.minimize(lambda x: np.sum((x - [3.0, 0.2]) ** 2), [0.0, 0.0], bounds=[(0, 1)] * 2, penalty=L1(1.0))
    np.testing.assert_array_equal(result.x, [1.0, 0.0])


def test_bounds_on_a_tree():
    """Bounds in the structure of the parameters."""
    low, high = {"a": -1.0, "b": np.zeros(2)}, {"a": 1.0, "b": 0.5}
    start = {"a": 0.0, "b": np.zeros(2)}
    result = fl.minimize(lambda p: (p["a"] - 3) ** 2 + np.sum((p["b"] - 1) ** 2), start, bounds=(low, high))
    assert result.x["a"] == 1.0
    np.testing.assert_array_equal(result.x["b"], [0.5, 0.5])


def test_a_saddle_at_an_edge_is_left_and_a_corner_is_a_minimum():
    """The curvature is judged along the directions that are free only."""
    corner = fl.minimize(lambda x: -np.sum(x**2), [0.3, 0.2], bounds=[(-1, 1)] * 2)
    np.testing.assert_array_equal(corner.x, [1.0, 1.0])
    assert corner.success
    ridge = fl.minimize(
        lambda x: x[0] - x[1] ** 2, [0.5, 0.0], bounds=[(0, 1), (-1, 1)], method="gd", learning_rate=0.1
    )
    assert not ridge.success and "saddle-point" in [f.code for f in ridge.diagnosis]


def test_mini_batches_keep_to_the_penalty():
    """Compiled by the epoch and step by step, the same points."""
    runs = [
        fl.minimize(f, START, data=(X, Y), penalty=L1(0.2), method="gd", learning_rate=1e-3, batch_size=16, epochs=3)
        for f in (cost, cost_with_a_branch)
    ]
    assert [run.gradient_source for run in runs] == ["compiled", "stepwise"]
    np.testing.assert_allclose(runs[0].trace.x, runs[1].trace.x, atol=1e-12)
    assert runs[0].fun == pytest.approx(cost(runs[0].x, X, Y) + 0.2 * np.abs(runs[0].x).sum())


def test_float32_stays_float32():
    """The bounds take the type of the parameters."""
    start = np.array([0.3, 0.2], np.float32)
    result = fl.minimize(lambda x: np.sum(x**2), start, bounds=[(0.1, 1), (0, 1)])
    assert result.x.dtype == np.float32
    np.testing.assert_array_equal(result.x, np.array([0.1, 0.0], np.float32))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bounds": [(1, 0)] * 2}, r"low <= high.*got 1 and 0 for x\[0\]"),
        ({"bounds": [(0, 1)]}, "for each of the 2 parameters"),
        ({"bounds": 5}, r"bounds must be pairs \(low, high\)"),
        ({"bounds": [("a", 1)] * 2}, "bounds must be numbers or None; got 'a'"),
        ({"bounds": [(0, 1), (np.nan, 1)]}, "low <= high"),
        ({"bounds": [(0.5, 1)] * 2}, r"x0 must lie within the bounds; got x\[0\] = 0.3.*nearest.*0.5"),
        ({"penalty": "l1"}, "penalty must be one of fallline.penalties"),
        ({"penalty": Simplex()}, "sum to 1 for a Simplex"),
        ({"penalty": Ball(0.1)}, "Ball of radius 0.1"),
        ({"penalty": Simplex(), "bounds": [(0, 1)] * 2}, "bounds must be left out with Simplex"),
        ({"penalty": L1(0.1), "method": "gd", "learning_rate": fl.steps.StrongWolfe()}, "knows nothing of the penalty"),
        ({"penalty": L1(0.1), "method": "adam", "learning_rate": fl.steps.Backtracking()}, "Adam with a L1"),
        ({"penalty": L1([0.1, 0.2, 0.3])}, "strength must be a number, or numbers in the shape"),
    ],
)
def test_bad_constraints_are_refused(given, said):
    """Before the first step, with what to do."""
    with pytest.raises((InputError, InputTypeError), match=said):
        fl.minimize(lambda x: np.sum((x - 3) ** 2), [0.3, 0.3], **given)
