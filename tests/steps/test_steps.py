"""Step rules keep the promises of their conditions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fallline as fl
from fallline.errors import InputError
from fallline.steps import AdGDStep, Backtracking, BarzilaiBorweinStep, Evaluate, Point, Polyak, StrongWolfe


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
        taken = rule.take(here, direction, evaluate, rule.init(x))
    derivative = -float(here.gradient @ direction)
    assert taken.rate > 0
    np.testing.assert_allclose(taken.point.x, x - taken.rate * direction, rtol=1e-12)
    there = -float(taken.point.gradient @ direction)
    fell = taken.point.fun <= here.fun + rule.c1 * taken.rate * derivative
    approximately = taken.point.fun <= here.fun and there <= (2 * rule.c1 - 1) * derivative
    assert fell or approximately
    assert abs(there) <= rule.c2 * abs(derivative) * (1 + 1e-9)
    assert taken.evaluations <= 40


def counted(function, slope):
    """Return the function along a line, and the list of the points it is asked at."""
    asked = []

    def point(x):
        asked.append(float(x[0]))
        return Point(x, np.float64(function(x[0])), np.array([slope(x[0])]))

    return Evaluate(lambda x: point(x).fun, point), asked


def test_a_search_that_found_nothing_is_not_made_again():
    """A kink that slopes down on neither side: the first search ends in vain, the same one again asks nothing."""
    evaluate, asked = counted(abs, lambda a: 1.0)
    rule, here = StrongWolfe(), Point(np.array([0.0]), np.float64(0.0), np.array([1.0]))
    first = rule.take(here, np.array([1.0]), evaluate, rule.init(here.x))
    count = len(asked)
    again = rule.take(here, np.array([1.0]), evaluate, first.state)
    assert first.rate == again.rate == 0 and 0 < count == len(asked) and again.evaluations == 0
    other = rule.take(here, np.array([2.0]), evaluate, first.state)
    assert other.rate == 0 and len(asked) > count


def test_a_search_within_rounding_ends_soon():
    """Where no cost on the line can differ, few points are asked."""
    evaluate, asked = counted(lambda a: 1.0 + 0 * a, lambda a: -1e-17)
    rule = StrongWolfe()
    here = Point(np.array([3.0]), np.float64(1.0), np.array([1e-17]))
    taken = rule.take(here, np.array([1e-17]), evaluate, rule.init(here.x))
    assert len(asked) <= 3 and taken.point.fun == 1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_trial_without_a_number_is_stepped_back_from(bad):
    """Beyond a wall the cost is no number; the point taken is on this side and lower."""
    evaluate, _ = counted(lambda a: (a - 1) ** 2 if a < 2 else abs(bad), lambda a: 2 * (a - 1) if a < 2 else np.nan)
    rule, x = StrongWolfe(), np.array([0.0])
    taken = rule.take(evaluate.point(x), np.array([-100.0]), evaluate, rule.init(x))
    assert 0 < float(taken.point.x[0]) < 2 and taken.point.fun < 1


def test_a_cost_too_large_to_reckon_with_is_stepped_back_from():
    """A first step to exp(500): its square overflows in the cubic, and the search goes on all the same."""
    evaluate, _ = counted(lambda a: np.exp(a) - 50 * a, lambda a: np.exp(a) - 50)
    rule, x = StrongWolfe(), np.array([0.0])
    with np.errstate(over="ignore", invalid="ignore"):
        taken = rule.take(evaluate.point(x), np.array([-500.0]), evaluate, rule.init(x))
    assert taken.rate > 0 and taken.point.fun < -50


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
    for rule in (StrongWolfe(), Backtracking(), BarzilaiBorweinStep(), Polyak()):
        taken = rule.take(here, -here.gradient, evaluate, rule.init(here.x))
        assert taken.rate == 0 and taken.point.x == here.x


def test_the_rate_grows_again():
    """Backtracking recovers from a short step: the next one starts from a longer rate."""
    result = fl.minimize(lambda t: t**2 / 200, 3.0, method="gd", learning_rate=Backtracking(initial=0.01))
    rates = result.trace.learning_rate[1:]
    assert rates[0] == 0.01 and rates.max() > 10 and result.success


CURVATURES = np.array([1.0, 4.0, 25.0])


def valley(t):
    return np.sum(CURVATURES * t**2) / 2


def rates_by_hand(formula, first, count):
    """The rates of plain descent on the valley by a formula of the last two points, gradients and rates."""
    x = np.array([3.0, -2.0, 1.0])
    points, rates, ratio = [x], [], 1 / 3
    for k in range(count):
        if k == 0:
            rate = first(x)
        else:
            rate = formula(x - points[-2], CURVATURES * (x - points[-2]), rates[-1], ratio, k)
            ratio = rate / rates[-1]
        rates.append(rate)
        x = x - rate * CURVATURES * x
        points.append(x)
    return rates


def adgd(s, y, before, ratio, k):
    curvature = np.linalg.norm(y) / np.linalg.norm(s)
    room = 2 * before**2 * curvature**2 - 1
    return min(np.sqrt(2 / 3 + ratio) * before, before / np.sqrt(room) if room > 0 else np.inf)


@pytest.mark.parametrize(
    ("rule", "first", "formula"),
    [
        (AdGDStep(initial=0.01), lambda x: 0.01, adgd),
        (
            BarzilaiBorweinStep(kind="long"),
            lambda x: 1 / np.abs(CURVATURES * x).max(),
            lambda s, y, *_: s @ s / (s @ y),
        ),
        (
            BarzilaiBorweinStep(kind="short"),
            lambda x: 1 / np.abs(CURVATURES * x).max(),
            lambda s, y, *_: s @ y / (y @ y),
        ),
        (
            BarzilaiBorweinStep(),
            lambda x: 1 / np.abs(CURVATURES * x).max(),
            lambda s, y, before, ratio, k: s @ s / (s @ y) if k % 2 else s @ y / (y @ y),
        ),
    ],
    ids=["adgd", "long", "short", "alternate"],
)
def test_the_rates_are_the_papers(rule, first, formula):
    """The first steps on a quadratic have the rates of the published formulas."""
    stopping = fl.stopping.MaxIterations(6)
    result = fl.minimize(valley, [3.0, -2.0, 1.0], method="gd", learning_rate=rule, stopping=stopping)
    np.testing.assert_allclose(result.trace.learning_rate[1:], rates_by_hand(formula, first, 6), rtol=1e-8)


def test_the_first_rate_of_adgd_is_one_over_the_curvature():
    """Without a first rate the rule measures one, to a power of two, for one more evaluation."""
    result = fl.minimize(lambda t: 50 * t**2, 3.0, method="gd", learning_rate=AdGDStep(), max_iterations=1)
    np.testing.assert_allclose(result.trace.learning_rate[1], 2.0**-7, rtol=1e-14)
    assert result.nfev == 3


def test_polyak_halves_a_parabola():
    """The step goes to where the tangent meets the minimum, and no further than the cap."""
    path = fl.minimize(lambda t: t**2 + 5, 8.0, method="gd", learning_rate=Polyak(minimum=5.0), max_iterations=3).trace
    np.testing.assert_allclose(path.x, [8, 4, 2, 1])
    capped = fl.minimize(
        lambda t: t**2 + 5, 8.0, method="gd", learning_rate=Polyak(minimum=5.0, cap=0.1), max_iterations=3
    )
    np.testing.assert_allclose(capped.trace.learning_rate[1:], 0.1)


def test_barzilai_borwein_may_rise_but_not_above_the_past():
    """The cost rises now and then, never above the worst of the last ten, and with a memory of one never at all."""
    rosenbrock = lambda t: (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2
    costs = fl.minimize(rosenbrock, [-1.2, 1.0], method="gd", learning_rate=BarzilaiBorweinStep()).trace.fun
    assert (np.diff(costs) > 0).any()
    assert all(costs[k] <= costs[max(0, k - 10) : k].max() for k in range(1, len(costs)))
    monotone = BarzilaiBorweinStep(memory=1)
    assert (np.diff(fl.minimize(rosenbrock, [-1.2, 1.0], method="gd", learning_rate=monotone).trace.fun) <= 0).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Backtracking(initial=0.0),
        lambda: Backtracking(c=1.0),
        lambda: Backtracking(shrink=1.0),
        lambda: Backtracking(grow=0.5),
        lambda: Backtracking(max_trials=0),
        lambda: AdGDStep(initial=0.0),
        lambda: AdGDStep(initial=float("nan")),
        lambda: BarzilaiBorweinStep(kind="medium"),
        lambda: BarzilaiBorweinStep(memory=0),
        lambda: BarzilaiBorweinStep(c=1.0),
        lambda: BarzilaiBorweinStep(max_trials=0),
        lambda: Polyak(minimum=float("inf")),
        lambda: Polyak(cap=0.0),
        lambda: StrongWolfe(c1=0.5, c2=0.1),
        lambda: StrongWolfe(max_trials=0),
    ],
)
def test_impossible_rules_are_refused(make):
    """Parameters with which no search could end well are refused."""
    with pytest.raises(InputError, match="must"):
        make()


def test_a_slope_that_does_not_change_makes_the_steps_grow():
    """A linear cost on shares with two nearly equal prices: Barzilai and Borwein's rates ask for curvature."""
    prices = np.array([3.0, 1, 2, 1.0001])
    result = fl.minimize(lambda x: x @ prices, np.full(4, 0.25), penalty=fl.penalties.Simplex())
    assert result.success and result.nit < 30
    np.testing.assert_array_equal(result.x, [0, 1, 0, 0])
