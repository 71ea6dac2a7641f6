"""What goes wrong is named, with the numbers; what goes well is left in peace."""

import numpy as np
import pytest

import fallline as fl
from fallline.stopping import CostChangeBelow, GradientBelow

LINE_X = np.arange(1.0, 6.0)
LINE_Y = 2 * LINE_X + 1


def line(p):
    return np.mean((p[0] * LINE_X + p[1] - LINE_Y) ** 2)


def line_gradient(p):
    error = p[0] * LINE_X + p[1] - LINE_Y
    return np.array([2 * np.mean(error * LINE_X), 2 * np.mean(error)])


def codes(result):
    return [finding.code for finding in result.diagnosis]


def find(result, code):
    assert code in codes(result), codes(result)
    return next(finding for finding in result.diagnosis if finding.code == code)


def test_a_rate_that_is_too_high():
    """The limit 2/L, the curvature and its direction are measured, and half the limit is offered."""
    result = fl.minimize(line, np.zeros(2), learning_rate=0.1, max_iterations=20)
    finding = find(result, "learning-rate-too-high")
    assert finding.severity == "error" and codes(result) == ["learning-rate-too-high"]
    assert finding.values["limit"] == pytest.approx(0.0845240526, rel=1e-8)
    assert finding.values["curvature"] == pytest.approx(23.6619038, rel=1e-8)
    assert finding.values["name"] == "p[0]" and finding.values["index"] == 0
    assert "0.0845" in finding.message and "57" in finding.message and "0.0845" in finding.remedy
    mended = fl.minimize(line, np.zeros(2), learning_rate=finding.values["better_rate"])
    assert mended.success and mended.diagnosis == []


@pytest.mark.parametrize(
    ("method", "factor"),
    [
        (fl.methods.GradientDescent(), 2.0),
        (fl.methods.Momentum(momentum=0.5), 3.0),
        (fl.methods.Nesterov(momentum=0.5), 1.5),
        (fl.methods.Momentum(momentum=0.5, dampening=0.5), 6.0),
    ],
    ids=["gd", "momentum", "nesterov", "dampened"],
)
def test_each_methods_own_limit(method, factor):
    """The limit told is the one at which the method's steps begin to grow."""
    limit = factor / 4

    def run(rate):
        return fl.minimize(lambda t: 2 * t**2, 3.0, method=method, learning_rate=rate, max_iterations=400)

    assert run(0.98 * limit).success
    high = run(1.02 * limit)
    assert not high.success and find(high, "learning-rate-too-high").values["limit"] == pytest.approx(limit)


def test_a_rate_that_is_too_low():
    """Small steps at a small rate are no convergence; a usable rate is offered."""
    result = fl.minimize(lambda t: t**2, 3.0, learning_rate=1e-7, tolerance=1e-5)
    finding = find(result, "learning-rate-too-low")
    assert result.reason == "small-steps" and not result.success and finding.severity == "warning"
    assert finding.values["better_rate"] == pytest.approx(0.5)
    assert codes(result) == ["learning-rate-too-low"]


@pytest.mark.parametrize("rule", [CostChangeBelow(1e-3), GradientBelow(0.2)])
def test_a_rule_that_stops_too_early(rule):
    """A loose rule is told to be loose, with the gap that is left."""
    result = fl.minimize(lambda t: 50 * t[0] ** 2 + 0.5 * t[1] ** 2, [1.0, 10.0], learning_rate=0.01, stopping=rule)
    finding = find(result, "stopped-early")
    assert not result.success and finding.values["gap"] == pytest.approx(result.fun, rel=1e-6)


def test_an_iteration_budget_that_is_used_up():
    """A run cut off on its way is told so."""
    result = fl.minimize(lambda t: 50 * t[0] ** 2 + 0.5 * t[1] ** 2, [1.0, 10.0], learning_rate=0.01, max_iterations=50)
    assert codes(result) == ["iteration-budget"] and result.reason == "max-iterations"


def test_a_saddle_and_a_maximum():
    """A stationary point that is no minimum is named for what it is, with the downward curvature."""
    saddle = fl.minimize(lambda t: t[0] ** 2 / 2 - t[1] ** 2 / 2 + t[1] ** 4 / 4, [1.0, 0.0], learning_rate=0.1)
    finding = find(saddle, "saddle-point")
    assert not saddle.success and finding.values["curvature"] == pytest.approx(-1) and finding.values["name"] == "t[1]"
    top = fl.minimize(lambda t: np.sum(np.cos(t)), np.zeros(2), learning_rate=0.1)
    assert not top.success and codes(top) == ["local-maximum"]


def test_beside_the_saddle_nothing_is_said():
    """A run that slides off the saddle to the minimum is a success."""
    result = fl.minimize(lambda t: t[0] ** 2 / 2 - t[1] ** 2 / 2 + t[1] ** 4 / 4, [1.0, 0.1], learning_rate=0.1)
    assert result.success and result.diagnosis == []


def test_a_plateau_is_no_minimum():
    """Level ground far from the minimum is not taken for it; the flat bottom of a quartic is."""
    flat = fl.minimize(lambda t: 1 - np.exp(-(t**2)), 30.0, learning_rate=0.1)
    assert not flat.success and codes(flat) == ["plateau"]
    bottom = fl.minimize(lambda t: t**4, 0.0)
    assert bottom.success and bottom.diagnosis == []


def test_level_ground_with_a_slope_beyond_is_no_minimum():
    """Where slope and curvature vanish but the cost is lower near by, no minimum is claimed."""
    result = fl.minimize(lambda t: t**3, 1.0)
    assert not result.success and find(result, "saddle-point").values["name"] == "t"
    assert result.certificate.gap == np.inf and "lower near by" in result.certificate.text


def test_a_cost_without_a_minimum():
    """A cost that falls for ever is called unbounded."""
    result = fl.minimize(lambda t: t, 0.0)
    assert result.reason == "unbounded" and codes(result) == ["unbounded"]


def test_a_start_without_a_value():
    """A start at which the cost is no number ends there, and nothing else is said."""
    result = fl.minimize(lambda t: np.sum(np.log(t)), np.array([-1.0, 2.0]), learning_rate=0.1)
    assert (result.reason, result.nit, codes(result)) == ("not-finite", 0, ["not-finite-start"])


def test_a_step_out_of_the_domain():
    """A step to where the cost is no number names a rate that stays inside, and the bad step stays on view."""
    result = fl.minimize(lambda t: t - np.log(t), 3.0, learning_rate=10.0)
    finding = find(result, "learning-rate-too-high")
    assert result.reason == "not-finite" and result.x == 3.0 and np.isnan(result.trace.fun[-1])
    mended = fl.minimize(lambda t: t - np.log(t), 3.0, learning_rate=finding.values["better_rate"], max_iterations=1)
    assert mended.fun < result.fun


def test_overflow():
    """Numbers beyond floating point are called that."""
    result = fl.minimize(lambda t: np.exp(t**2), 5.0, learning_rate=1.0)
    assert not result.success and {"overflow", "learning-rate-too-high"} & set(codes(result))
    assert np.isfinite(result.fun) and result.x == 5.0


def test_a_parameter_without_effect():
    """A parameter that changes nothing is named and left where it was."""
    result = fl.minimize(lambda t: (t[0] - 1) ** 2 + (t[1] + 2) ** 2, [0.0, 0.0, 7.0], learning_rate=0.2)
    assert find(result, "unused-parameter").values["index"] == 2 and result.x[2] == 7.0


def test_whole_numbers_and_lower_rungs_are_mentioned():
    """What was done on the user's behalf is said as information."""
    whole = fl.minimize(lambda x: np.sum(x**2), np.array([1, 2]), learning_rate=0.1)
    assert find(whole, "integer-start").severity == "info" and whole.x.dtype == np.float64 and whole.success
    branched = fl.minimize(lambda t: t**2 if t > 0 else -t, 3.0, learning_rate=0.1, max_iterations=3)
    assert find(branched, "lower-gradient-rung").severity == "info" and branched.gradient_source == "stepwise"


@pytest.mark.parametrize(
    ("change", "code", "factor"),
    [
        (lambda g: -g, "gradient-sign-flipped", -1.0),
        (lambda g: 2 * g, "wrong-gradient-scale", 2.0),
        (lambda g: g / 5, "wrong-gradient-scale", 0.2),
        (lambda g: -3 * g, "wrong-gradient-scale", -3.0),
    ],
)
def test_a_gradient_off_by_a_factor(change, code, factor):
    """A flipped sign and a wrong factor are told apart from a wrong gradient."""
    result = fl.minimize(
        line, [0.0, 0.0], gradient=lambda p: change(line_gradient(p)), learning_rate=1e-3, max_iterations=9
    )
    finding = find(result, code)
    assert not result.success and finding.severity == "error" and result.nit > 0
    assert finding.values["factor"] == pytest.approx(factor, rel=1e-6)


def test_a_gradient_wrong_in_one_component():
    """The component that is wrong is named, with what it says and what is measured."""
    result = fl.minimize(
        line, [0.0, 0.0], gradient=lambda p: line_gradient(p) + np.array([0.0, 1.0]), learning_rate=0.01
    )
    finding = find(result, "wrong-gradient")
    assert finding.values["index"] == 1 and finding.values["measured"] == pytest.approx(line_gradient([0.0, 0.0])[1])


@pytest.mark.parametrize(
    ("function", "gradient", "x0"),
    [
        (line, line_gradient, [0.0, 0.0]),
        (line, line_gradient, [1e4, -1e4]),
        (lambda t: np.sum(np.abs(t)), np.sign, [0.0, 1.0]),
        (lambda t: np.sum(np.maximum(t, 0)), lambda t: (t > 0).astype(float), [0.0, -1.0, 2.0]),
        (lambda t: 1e9 + np.sum(t**2), lambda t: 2 * t, [1.0, 1e-8]),
        (lambda t: np.sum(np.exp(5 * t)), lambda t: 5 * np.exp(5 * t), [-1.0, 2.0]),
        (lambda t: np.sum((t - 1) ** 4), lambda t: 4 * (t - 1) ** 3, [1.0, 1.0]),
        (lambda t: np.sum((t - 1).astype(float) ** 2), lambda t: 2 * (t - 1), np.array([3.0, 4.0], np.float32)),
    ],
    ids=["line", "far", "kink", "hinge", "large offset", "steep", "flat", "float32"],
)
def test_a_right_gradient_is_not_accused(function, gradient, x0):
    """Right gradients pass at kinks, on large offsets, on steep and on flat ground, and in single precision."""
    result = fl.minimize(function, x0, gradient=gradient, learning_rate=1e-4, max_iterations=2)
    assert not {"wrong-gradient", "wrong-gradient-scale", "gradient-sign-flipped"} & set(codes(result))


HEALTHY = {
    "the textbook's square": lambda: fl.minimize(
        lambda theta: theta**2, 3.0, learning_rate=0.3, tolerance=1e-5, max_iterations=20
    ),
    "just below the limit": lambda: fl.minimize(line, np.zeros(2), learning_rate=0.08),
    "no rate": lambda: fl.minimize(line, np.zeros(2)),
    "a given gradient": lambda: fl.minimize(line, np.zeros(2), gradient=line_gradient),
    "adam": lambda: fl.minimize(lambda t: np.sum((t - 1) ** 2), np.zeros(2), method="adam", learning_rate=0.1),
    "momentum": lambda: fl.minimize(line, np.zeros(2), method="momentum", learning_rate=0.02),
    "a curved valley": lambda: fl.minimize(lambda t: (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2, [-1.2, 1.0]),
    "a smooth kink": lambda: fl.minimize(lambda x: np.sqrt(1 + x**2), 1.05),
    "many parameters": lambda: fl.minimize(lambda t: np.sum(np.cosh(t - 1)), np.zeros(200)),
    "a minimum above zero": lambda: fl.minimize(lambda t: np.sum((t - 1) ** 2) + 3, np.array([4.0, -2.0])),
    "a start at the minimum": lambda: fl.minimize(lambda t: np.sum((t - 1) ** 2) + 3, np.ones(2)),
    "single precision": lambda: fl.minimize(lambda t: np.sum((t - 1) ** 2), np.array([2.0, -3.0], np.float32)),
    "finite differences": lambda: fl.minimize(line, np.zeros(2), gradient="finite-differences"),
    "huge units": lambda: fl.minimize(lambda t: 1e12 * np.sum((t - 1e-6) ** 2), np.zeros(2)),
    "tiny units": lambda: fl.minimize(lambda t: 1e-12 * np.sum((t - 1e6) ** 2), np.zeros(2)),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_raises_no_alarm(name):
    """A run with nothing wrong converges and carries no warning and no error."""
    result = HEALTHY[name]()
    assert result.success, result
    assert [finding.code for finding in result.diagnosis if finding.severity != "info"] == []
