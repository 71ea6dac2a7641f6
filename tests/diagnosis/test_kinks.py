"""Corners of functions: found by bisection, judged by the slopes around them, never seen where there are none."""

import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.diagnosis.kinks import find_kink, gap_at_kink
from fallline.objectives.ladder import differentiate
from fallline.objectives.penalised import PenalisedFunction

rng = np.random.default_rng(0)
A = rng.normal(size=(40, 5))
B = A @ rng.normal(size=5) + rng.standard_t(2, size=40)


def made(function, x):
    flat, layout, _ = flatten(x)
    return differentiate(function, flat, layout, ())[0]


CORNERED = {
    "absolute value": (lambda x: np.abs(x), 1.05, 0.0),
    "sum of them": (lambda x: np.sum(np.abs(x - np.array([1.0, -2.0, 0.5]))), np.zeros(3), 0.0),
    "largest of two": (lambda x: np.maximum(np.abs(x[0]), np.abs(x[1] - 1)), [3.0, 2.0], 0.0),
    "a corner and a bowl": (lambda x: 5 * np.abs(x[0]) + (x[1] - 1) ** 2, [1.0, 3.0], 0.0),
    "least absolute deviations": (lambda w: np.mean(np.abs(A @ w - B)), np.zeros(5), None),
    "hinge": (lambda w: np.mean(np.maximum(0, 1 - np.sign(B) * (A @ w))) + 0.01 * np.sum(w**2), np.zeros(5), None),
    "a cone": (lambda x: np.sqrt(np.sum((x - 1) ** 2)), np.zeros(4), 0.0),
    "Chebyshev-Rosenbrock": (lambda x: 0.25 * np.abs(x[0] - 1) + np.abs(x[1] - 2 * np.abs(x[0]) + 1), [-0.9, 0.7], 0.0),
}


@pytest.mark.parametrize("name", CORNERED)
def test_functions_with_corners_are_minimised_and_told(name):
    """Left to itself a run gets there, proves it by the slopes around, and says that the function is not smooth."""
    function, start, lowest = CORNERED[name]
    result = fl.minimize(function, start)
    assert result.success and result.reason.value == "converged"
    assert [(f.code, f.severity) for f in result.diagnosis] == [("nonsmooth", "info")]
    if lowest is None:
        rivals = result.x + 1e-3 * rng.normal(size=(300, result.x.size)) * rng.uniform(size=(300, 1))
        lowest = min(function(rival) for rival in rivals)
    assert result.fun <= lowest + 1e-9 and result.certificate.gap < 1e-7


def test_a_fixed_rate_at_a_corner_is_told_what_to_do():
    """Jumping to and fro across |x| is no oscillation of a rate too high: the finding names the corner."""
    result = fl.minimize(lambda x: np.abs(x), 1.05, learning_rate=0.1, max_iterations=500)
    (finding,) = result.diagnosis
    assert (finding.code, finding.severity) == ("nonsmooth", "warning") and not result.success
    assert finding.values["jump"] == pytest.approx(2.0) and "InverseSqrt" in finding.remedy


SMOOTH = {
    "a narrow valley": (lambda x: (1 - x[0]) ** 2 + 1e6 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0]),
    "a corner rounded off": (lambda x: np.sum(np.sqrt(1e-8 + x**2)), [1.0, -2.0]),
    "a fourth power": (lambda x: np.sum(x**4), [1.0, 2.0]),
    "a steep wall": (lambda x: np.exp(30 * x[0]) - 30 * x[0] + x[1] ** 2, [1.0, 1.0]),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("settings", [{}, {"method": "gd", "max_iterations": 50}, {"learning_rate": 1e-4}], ids=str)
def test_what_is_smooth_is_not_said_to_have_corners(name, settings):
    """Steep, narrow or flat functions have no kink, however the run ends."""
    function, start = SMOOTH[name]
    assert "nonsmooth" not in [f.code for f in fl.minimize(function, start, **settings).diagnosis]


def test_a_kink_is_found_where_it_is():
    """To the last bits, with the jump; gradual changes are none."""
    objective = made(lambda x: np.abs(x[0] - 0.3) + x[1] ** 2, [0.0, 0.0])
    kink = find_kink(objective, np.array([-1.0, 0.5]), np.array([1.0, 0.5]))
    assert kink.x[0] == pytest.approx(0.3, abs=1e-6) and kink.jump == pytest.approx(2.0)
    np.testing.assert_allclose(kink.direction, [1.0, 0.0])
    assert find_kink(objective, np.array([0.4, -1.0]), np.array([0.4, 1.0])) is None


def test_the_gap_at_a_kink_is_never_far_too_small():
    """Against the true gap of a maximum of lines, at the minimum and beside it."""
    objective = made(lambda x: np.max(np.abs(x)), np.ones(3))
    assert gap_at_kink(objective, np.zeros(3), 0.0, 1.0) < 1e-10
    for scale in (1e-6, 1e-3, 1.0):
        x = scale * np.array([1.0, 0.5, -0.2])
        assert gap_at_kink(objective, x, scale, float(np.linalg.norm(x))) >= 0.99 * scale
    assert gap_at_kink(made(lambda x: np.sum(np.abs(x)), np.ones(101)), np.zeros(101), 0.0, 1.0) == np.inf


def test_a_start_on_a_corner_is_not_optimal_for_not_having_moved():
    """Nesterov's Chebyshev-Rosenbrock function from its customary start: no slope there leads down, a valley does."""
    result = fl.minimize(lambda t: 0.25 * (t[0] - 1) ** 2 + np.abs(t[1] - 2 * t[0] ** 2 + 1), np.array([-1.0, 1.0]))
    assert not result.success and "nonsmooth" in [finding.code for finding in result.diagnosis]


def test_the_apex_of_a_cone_is_found_though_missed_by_a_rounding():
    """Ackley's function ends in one."""
    assert fl.minimize(fl.problems.ackley, fl.problems.ackley.x0).success


X = np.random.default_rng(0).normal(size=(30, 4))
Y = X @ [1, 0, -2, 0] + 0.1 * np.random.default_rng(1).normal(size=30)


@pytest.mark.parametrize(
    ("function", "settings"),
    [
        (lambda w: np.mean(np.abs(X @ w - Y)), {"penalty": fl.penalties.L1(0.1)}),
        (lambda w: np.mean(np.maximum(1 - np.sign(Y) * (X @ w), 0)), {"penalty": fl.penalties.L2(0.01)}),
        (lambda w: np.mean(np.maximum(1 - np.sign(Y) * (X @ w), 0)), {"bounds": [(0, None)] * 4}),
        (lambda w: np.sum(np.abs(w - np.array([0.3, 2.0, 0.0, -3.0]))), {"bounds": [(-1, 1)] * 4}),
    ],
)
def test_corners_under_a_penalty_are_judged_with_its_subgradients(function, settings):
    """The minimum is certified."""
    result = fl.minimize(function, np.zeros(4), **settings)
    assert result.success, result.diagnosis


def test_the_gap_at_a_corner_under_a_penalty_is_no_smaller_than_the_true_one():
    """At points beside the minimum of absolute deviations with absolute values."""
    penalty = fl.penalties.L1(0.1)
    objective = PenalisedFunction(made(lambda w: np.mean(np.abs(X @ w - Y)), np.full(4, 0.1)), penalty)
    best = fl.minimize(lambda w: np.mean(np.abs(X @ w - Y)), np.zeros(4), penalty=penalty)
    for scale in (1e-3, 1e-2, 1e-1):
        beside = best.x + scale * np.array([1.0, 1.0, -1.0, 0.5])
        fun = objective.value(beside)
        assert gap_at_kink(objective, beside, fun, 1.0) >= 0.99 * (fun - best.fun)


def test_a_corner_on_a_simplex_is_told():
    """The value of a game, which proximal steps do not reach: no success, and the reason."""
    payoff = np.array([[1.0, -1], [-2, 3]])
    result = fl.minimize(lambda x: np.max(payoff @ x), np.array([0.5, 0.5]), penalty=fl.penalties.Simplex())
    assert not result.success and "nonsmooth" in [finding.code for finding in result.diagnosis]
