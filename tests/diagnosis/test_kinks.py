"""Corners of functions: found by bisection, judged by the slopes around them, never seen where there are none."""

import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.diagnosis.kinks import find_kink, gap_at_kink
from fallline.objectives.ladder import differentiate

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
