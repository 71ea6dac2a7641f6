"""Points that only look like minima: the cost near by decides."""

import numpy as np
import pytest

import fallline as fl
from fallline.diagnosis.surroundings import Surroundings
from fallline.penalties import NonNegative


@pytest.mark.parametrize(
    ("function", "start", "bounds"),
    [
        (lambda x: -np.sum(x**2), np.zeros(2), [(0, 3)] * 2),
        (lambda x: -x[0] * x[1] + x[0] ** 2 / 4 + x[1] ** 2 / 4, np.zeros(2), [(0, 1)] * 2),
        (lambda x: -(x[0] ** 4) + x[1] ** 2, np.array([0.0, 1.0]), [(0, 1)] * 2),
        (lambda x: -((3 - x[0]) ** 3) + x[1] ** 2, np.array([3.0, 1.0]), [(0, 3)] * 2),
        (lambda t: t[0] ** 5 / 5 + t[0] ** 6 / 6, np.array([1.0]), None),
        (lambda t: -(t[0] ** 4) + t[0] ** 6 + t[1] ** 2, np.array([0.0, 1.0]), None),
    ],
)
def test_a_point_beside_which_the_cost_is_lower_is_no_success(function, start, bounds):
    """A maximum in a corner of the bounds that nothing holds it at; inflections without curvature."""
    result = fl.minimize(function, start, bounds=bounds)
    assert not result.success
    assert "saddle-point" in [finding.code for finding in result.diagnosis]


def test_a_users_gradient_does_not_hide_an_inflection():
    """At a start where slope and curvature vanish, curvature being measured by differences."""
    result = fl.minimize(
        lambda t: t[0] ** 3 + t[0] ** 4 + t[1] ** 2,
        np.zeros(2),
        gradient=lambda t: np.array([3 * t[0] ** 2 + 4 * t[0] ** 3, 2 * t[1]]),
    )
    assert not result.success


def test_factors_at_zero_are_no_minimum():
    """A product of nonnegative factors has no slope at zero, and falls on the way inwards."""
    start = {"W": np.zeros((3, 2)), "H": np.zeros((2, 3))}
    assert not fl.minimize(lambda t: np.sum((t["W"] @ t["H"] - 1) ** 2), start, penalty=NonNegative()).success


@pytest.mark.parametrize("settings", [{}, {"penalty": NonNegative()}])
@pytest.mark.parametrize("seed", range(3))
def test_a_direction_that_the_cost_does_not_depend_on_is_no_saddle(settings, seed):
    """Factors may be scaled against each other: what is left of the slope looks like a slight downward curvature."""
    rng = np.random.default_rng(seed)
    table = np.random.default_rng(9).uniform(size=(6, 5))
    start = {"W": rng.uniform(size=(6, 2)), "H": rng.uniform(size=(2, 5))}
    result = fl.minimize(lambda t: np.sum((t["W"] @ t["H"] - table) ** 2), start, **settings)
    assert result.success, result.diagnosis


@pytest.mark.parametrize("count", [4, 100])
def test_a_level_bottom_that_rises_on_both_sides_is_a_minimum(count):
    """The median of an even count is a segment."""
    rows = np.random.default_rng(3).normal(size=count)
    result = fl.minimize(lambda m: np.mean(np.abs(rows - m)), 0.0)
    assert result.success, result.diagnosis
    assert result.fun == pytest.approx(np.mean(np.abs(rows - np.median(rows))))


def test_level_ground_without_an_end_tells_nothing():
    """A saturated sigmoid: no success."""
    result = fl.minimize(lambda t: 1 / (1 + np.exp(-t)), 800.0)
    assert not result.success and [finding.code for finding in result.diagnosis] == ["plateau"]


def test_beyond_a_rise_a_lower_cost_does_not_count():
    """Another valley is another minimum."""
    behind_a_ridge = Surroundings(np.array([[2.0, 0.0]]), np.empty((1, 0)))
    assert not behind_a_ridge.falls(1.0, 0.1)
    assert Surroundings(np.array([[1.0, 0.0]]), np.empty((1, 0))).falls(1.0, 0.1)
    assert Surroundings(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0]])).is_level(1.0)
    assert not Surroundings(np.array([[1.0, 1.0]]), np.array([[1.0, 3.0]])).is_level(1.0)
