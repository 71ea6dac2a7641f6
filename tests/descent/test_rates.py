"""A rate for each parameter, in the structure of the parameters."""

import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError, InputTypeError

START = {"w": np.array([3.0, -2.0]), "b": 1.0}


def cost(p):
    return np.sum(p["w"] ** 2) + 5 * p["b"] ** 2


def cost_with_a_branch(p):
    return cost(p) if p["b"] < 9 else p["b"]


@pytest.mark.parametrize("function", [cost, cost_with_a_branch])
@pytest.mark.parametrize(
    ("rates", "of_w"), [({"w": 0.2, "b": 0.05}, [0.2, 0.2]), ({"w": np.array([0.2, 0.1]), "b": 0.05}, [0.2, 0.1])]
)
def test_each_parameter_has_its_rate(function, rates, of_w):
    """A tree of rates moves each parameter at its own, compiled and step by step; the trace shows the largest."""
    stopping = fl.stopping.MaxIterations(5)
    result = fl.minimize(function, START, learning_rate=rates, stopping=stopping)
    k = np.arange(6)
    np.testing.assert_allclose(result.trace.x["w"], START["w"] * (1 - 2 * np.array(of_w)) ** k[:, None], rtol=1e-12)
    np.testing.assert_allclose(result.trace.x["b"], (1 - 10 * 0.05) ** k, rtol=1e-12)
    np.testing.assert_array_equal(result.trace.learning_rate[1:], 0.2)


def test_rates_of_an_array_have_its_shape():
    """For an array the rates are an array or a list, and the type of the parameters is kept."""
    x0 = np.array([3.0, 1.0], np.float32)
    for rates in (np.array([0.5, 0.25]), [0.5, 0.25]):
        path = fl.minimize(lambda x: np.sum(x**2), x0, learning_rate=rates, max_iterations=1).trace.x
        np.testing.assert_array_equal(path[1], [0.0, 0.5])
        assert path.dtype == np.float32


def test_one_number_as_an_array_is_a_number():
    """A rate that came out of an array is a plain rate."""
    for rate in (np.float32(0.25), np.array(0.25)):
        assert fl.minimize(lambda x: x**2, 3.0, learning_rate=rate, max_iterations=1).x == 1.5


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ({"w": 0.2}, r"learning_rate must have a rate for each part of x0, which has \['w', 'b'\]; got \['w'\]"),
        ({"w": 0.2, "b": 0.1, "c": 0.1}, r"got \['w', 'b', 'c'\]"),
        ({"w": [0.1, 0.2, 0.3], "b": 0.1}, r"learning_rate\['w'\] must be a number, or numbers in the shape \(2,\)"),
        ({"w": [0.1, -0.2], "b": 0.1}, r"positive and finite for every parameter; got -0.2 for w\[1\]"),
        ({"w": 0.1, "b": float("nan")}, r"got nan for b"),
        ({"w": "0.1s", "b": 0.1}, r"learning_rate\['w'\] must be a number"),
    ],
)
def test_rates_that_do_not_fit_are_refused(rates, said):
    """A tree of another structure, shape or sign is refused before the first step, by the place of the fault."""
    with pytest.raises(InputError, match=said):
        fl.minimize(cost, START, learning_rate=rates)


def test_a_method_that_sums_over_parameters_wants_one_rate():
    """Prodigy weighs all parameters by one rate, and says so."""
    with pytest.raises(InputTypeError, match="one number or a schedule with Prodigy"):
        fl.minimize(cost, START, method="prodigy", learning_rate={"w": 0.2, "b": 0.05})


def test_a_schedule_and_its_formula_take_the_same_steps_in_every_block():
    """A long run crosses many blocks, and every step has its own rate."""
    schedule = fl.schedules.InverseTimeDecay(0.4, 0.01)
    stopping = fl.stopping.MaxIterations(3000)
    trace = fl.minimize(
        lambda x: 1e-3 * x**2, 3.0, learning_rate=schedule, max_iterations=3000, stopping=stopping
    ).trace
    rates = 0.4 / (1 + 0.01 * np.arange(3000))
    np.testing.assert_array_equal(trace.learning_rate[1:], rates)
    np.testing.assert_allclose(trace.x[1:] / trace.x[:-1], 1 - 2e-3 * rates, rtol=1e-12)
