"""Steps that undo each other are named for what they are, and healthy steps are not."""

import numpy as np
import pytest

import fallline as fl

CURVATURES = np.array([1.0, 100.0])
START = np.array([10.0, 1.0])


def bowl(t):
    return np.sum(CURVATURES * t**2) / 2


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


def warned(result):
    return [finding.code for finding in result.diagnosis if finding.severity != "info"]


@pytest.mark.parametrize("rate", [0.99, 0.999, 1.0])
def test_a_rate_at_the_stable_limit_swings_to_and_fro(rate):
    """At 2/L each step undoes the last: the limit is told, and half of it mends the run."""
    result = fl.minimize(lambda t: t**2, 3.0, learning_rate=rate, max_iterations=100)
    assert warned(result) == ["oscillation"]
    values = result.diagnosis[0].values
    assert values["limit"] == pytest.approx(1) and values["better_rate"] == pytest.approx(0.5)
    assert values["curvature"] == pytest.approx(2) and values["factor"] < 0.05
    assert fl.minimize(lambda t: t**2, 3.0, learning_rate=values["better_rate"]).success


@pytest.mark.parametrize("momentum", [0.99, 0.999])
def test_momentum_that_swings_on_and_on(momentum):
    """Too much momentum is told with the best one for the curvatures, which arrives in the same iterations."""
    method = fl.methods.Momentum(momentum=momentum)
    result = fl.minimize(bowl, START, method=method, learning_rate=0.01, max_iterations=1000)
    assert warned(result) == ["oscillation"]
    better = result.diagnosis[0].values["better_momentum"]
    assert better == pytest.approx((9 / 11) ** 2)
    mended = fl.methods.Momentum(momentum=better)
    assert fl.minimize(bowl, START, method=mended, learning_rate=0.01, max_iterations=1000).success


def test_steps_of_one_length_without_a_limit():
    """Lion's steps at a fixed rate bounce about the minimum for ever: a falling rate is offered, and comes nearer."""
    result = fl.minimize(bowl, START, method="lion", learning_rate=0.013, max_iterations=3000)
    assert warned(result) == ["oscillation"] and "CosineDecay(0.013, 6000)" in result.diagnosis[0].remedy
    falling = fl.schedules.CosineDecay(0.013, 6000)
    assert fl.minimize(bowl, START, method="lion", learning_rate=falling, max_iterations=6000).fun < result.fun / 100


def test_a_fixed_rate_at_a_kink():
    """Over a kink the corner is to blame, and is what is named."""
    result = fl.minimize(lambda t: np.abs(t), 3.05, learning_rate=0.1, max_iterations=200)
    assert warned(result) == ["nonsmooth"]


@pytest.mark.parametrize(
    "run",
    [
        lambda: fl.minimize(lambda t: t**2, 3.0, learning_rate=0.9, max_iterations=30),
        lambda: fl.minimize(bowl, START, learning_rate=0.015, max_iterations=100),
        lambda: fl.minimize(bowl, START, method="momentum", learning_rate=0.01, max_iterations=100),
        lambda: fl.minimize(rosenbrock, [-1.2, 1.0], learning_rate=1e-3, max_iterations=1000),
        lambda: fl.minimize(rosenbrock, [-1.2, 1.0], method="gd", max_iterations=300),
        lambda: fl.minimize(rosenbrock, [-1.2, 1.0], method="adam", learning_rate=0.01, max_iterations=200),
        lambda: fl.minimize(bowl, START, learning_rate=0.0199, max_iterations=3),
    ],
    ids=["damped swings", "below the limit", "momentum", "a valley", "a line search", "adam", "too short to tell"],
)
def test_a_run_on_its_way_is_not_called_so(run):
    """A run that is cut off while it makes progress is told of its budget, not of swings."""
    result = run()
    assert not result.success and "oscillation" not in warned(result)


def test_a_thinned_trace_says_nothing_of_single_steps():
    """Where the steps between were not kept, nothing is claimed of them."""
    result = fl.minimize(lambda t: t**2, 3.0, learning_rate=1.0, max_iterations=100, record="ends")
    assert "oscillation" not in warned(result) and warned(result)
