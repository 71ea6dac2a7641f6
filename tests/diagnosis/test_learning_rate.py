"""Rates that make a run climb are named, also where no limit is known."""

import numpy as np
import pytest

import fallline as fl


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


def find(result, code):
    found = [finding for finding in result.diagnosis if finding.code == code]
    assert found, result.diagnosis
    return found[0]


def test_a_method_without_a_limit_that_diverges():
    """A method that tunes itself and runs away is told so, with the lengths of its steps; less of its rate helps."""
    result = fl.minimize(rosenbrock, [-1.2, 1.0], method="dadapt-sgd", max_iterations=2000)
    finding = find(result, "learning-rate-too-high")
    assert result.reason == "diverged" and finding.severity == "error" and not result.success
    assert finding.values["learning_rate"] == 1.0 and finding.values["step_norm"] > 1
    better = fl.minimize(
        rosenbrock, [-1.2, 1.0], method="dadapt-sgd", learning_rate=finding.values["better_rate"], max_iterations=2000
    )
    assert better.reason != "diverged"


def test_a_method_without_a_limit_that_ends_above_its_start():
    """A cost that ends higher than it began is a warning where it is still finite."""
    result = fl.minimize(rosenbrock, [0.9, 0.8], method="adam", learning_rate=10.0, max_iterations=20)
    finding = find(result, "learning-rate-too-high")
    assert finding.severity == "warning" and "find_learning_rate" in finding.remedy
    assert [finding.code for finding in result.diagnosis] == ["learning-rate-too-high"]


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov"])
def test_a_method_with_a_limit_names_it(method):
    """Where the limit is known, it is what is told."""
    result = fl.minimize(lambda t: np.sum(t**2), np.ones(2), method=method, learning_rate=3.0, max_iterations=50)
    assert "limit" in find(result, "learning-rate-too-high").values


def test_a_rise_within_the_noise_of_mini_batches_is_no_climb():
    """A stable rate near the minimum: the cost over all rows wanders up by less than a percent."""
    random = np.random.default_rng(1)
    X = random.normal(size=(100, 2))
    y = (X @ [1.0, 2.0] + random.normal(size=100))[:, None]
    cost = lambda w, a, b: np.mean((a @ w - b) ** 2)
    result = fl.minimize(cost, np.zeros(2), data=(X, y), batch_size=16, epochs=2, method="gd", learning_rate=0.05)
    assert result.epoch_costs[0] < result.epoch_costs[-1] < 1.01 * result.epoch_costs[0]
    assert "learning-rate-too-high" not in [finding.code for finding in result.diagnosis]
    result = fl.minimize(cost, np.zeros(2), data=(X, y), batch_size=16, epochs=2, method="gd", learning_rate=5.0)
    assert find(result, "learning-rate-too-high").severity == "error"
