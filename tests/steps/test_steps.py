"""Step rules keep the promises of their conditions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fallline as fl
from fallline.errors import InputError
from fallline.steps import Backtracking, Evaluate, Point, StrongWolfe


def along(function, slope):
    def point(x):
        return Point(x, np.float64(function(x[0])), np.array([slope(x[0])]))

    return Evaluate(lambda x: point(x).fun, point)


LINES = {
    "quadratic": (lambda a: a**2, lambda a: 2 * a, 3.0),
    "steep": (lambda a: 1e6 * a**2, lambda a: 2e6 * a, 1.0),
    "shallow": (lambda a: 1e-6 * a**2, lambda a: 2e-6 * a, 1.0),
    "quartic": (lambda a: a**4 - a, lambda a: 4 * a**3 - 1, 5.0),
    "wall": (lambda a: a - np.log(a) if a > 0 else np.nan, lambda a: 1 - 1 / a if a > 0 else np.nan, 3.0),
    "overflow": (lambda a: np.exp(a), lambda a: np.exp(a), 4.0),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_strong_wolfe_holds_where_it_stops(name, scale):
    """The rate found satisfies the strong Wolfe conditions, from too short and too long a direction alike."""
    function, slope, start = LINES[name]
    rule, x = StrongWolfe(c2=0.5), np.array([start])
    with np.errstate(all="ignore"):
        evaluate = along(function, slope)
        here = evaluate.point(x)
        direction = scale * here.gradient
        taken = rule.take(here, direction, evaluate, ())
    derivative = -float(here.gradient @ direction)
    assert taken.rate > 0
    np.testing.assert_allclose(taken.point.x, x - taken.rate * direction, rtol=1e-12)
    there = -float(taken.point.gradient @ direction)
    fell = taken.point.fun <= here.fun + rule.c1 * taken.rate * derivative
    approximately = taken.point.fun <= here.fun and there <= (2 * rule.c1 - 1) * derivative
    assert fell or approximately
    assert abs(there) <= rule.c2 * abs(derivative) * (1 + 1e-9)
    assert taken.evaluations <= 40


@given(st.floats(-3, 3), st.floats(1e-3, 1e3))
def test_backtracking_lowers_the_cost_enough(start, initial):
    """Armijo's condition holds at the step taken, unless the point is already stationary."""
    rule, x = Backtracking(initial=initial), np.array([start])
    evaluate = along(lambda a: a**4 + a**2, lambda a: 4 * a**3 + 2 * a)
    here = evaluate.point(x)
    taken = rule.take(here, here.gradient, evaluate, rule.init(x))
    assert taken.point.fun <= here.fun - rule.c * taken.rate * float(here.gradient @ here.gradient)
    assert taken.rate > 0 or abs(here.gradient[0]) < 1e-100


def test_no_step_is_taken_uphill():
    """A direction that climbs gets a rate of zero, and the point stays."""
    evaluate = along(lambda a: a**2, lambda a: 2 * a)
    here = evaluate.point(np.array([1.0]))
    for rule in (StrongWolfe(), Backtracking()):
        taken = rule.take(here, -here.gradient, evaluate, rule.init(here.x))
        assert taken.rate == 0 and taken.point.x == here.x


def test_the_rate_grows_again():
    """Backtracking recovers from a short step: the next one starts from a longer rate."""
    result = fl.minimize(lambda t: t**2 / 200, 3.0, method="gd", learning_rate=Backtracking(initial=0.01))
    rates = result.trace.learning_rate[1:]
    assert rates[0] == 0.01 and rates.max() > 10 and result.success


@pytest.mark.parametrize(
    "make",
    [
        lambda: Backtracking(initial=0.0),
        lambda: Backtracking(c=1.0),
        lambda: Backtracking(shrink=1.0),
        lambda: Backtracking(grow=0.5),
        lambda: Backtracking(max_trials=0),
        lambda: StrongWolfe(c1=0.5, c2=0.1),
        lambda: StrongWolfe(max_trials=0),
    ],
)
def test_impossible_rules_are_refused(make):
    """Parameters with which no search could end well are refused."""
    with pytest.raises(InputError, match="must"):
        make()
