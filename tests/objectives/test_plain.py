"""The user's function as it is: one real number, and points where it has none."""

import math

import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.errors import InputTypeError
from fallline.objectives.plain import PlainFunction, is_undefined


def plain(function, x0):
    x, layout, _ = flatten(x0)
    return PlainFunction(function, layout, ()), x


UNDEFINED = [
    (lambda t: math.log(t[0]), 1.0, -1.0),
    (lambda t: math.sqrt(t[0]), 1.0, -1.0),
    (lambda t: 1 / float(t[0]), 1.0, 0.0),
    (lambda t: math.exp(t[0]), 1.0, 1e4),
    (lambda t: np.linalg.cholesky(t[0] * np.eye(2))[0, 0], 1.0, -1.0),
]


@pytest.mark.parametrize(("function", "inside", "outside"), UNDEFINED)
def test_where_a_function_is_not_defined_it_is_not_finite(function, inside, outside):
    """At the start its error is the user's to see; once it has answered, the cost there is NaN."""
    call, _ = plain(function, [inside])
    with pytest.raises((ArithmeticError, ValueError)):
        call(np.array([outside]))
    assert np.isfinite(call(np.array([inside])))
    assert np.isnan(call(np.array([outside])))


def test_other_errors_are_the_users():
    """An error that says that something is wrong with the function is never swallowed."""
    assert not is_undefined(ValueError("operands could not be broadcast together"))
    assert is_undefined(ValueError("expected a positive input, got -1.0"))

    def broken(t):
        if t[0] < 1:
            raise ValueError("a shape is wrong")
        return t[0] ** 2 + 0 * math.pi

    call, _ = plain(broken, [3.0])
    call(np.array([3.0]))
    with pytest.raises(ValueError, match="a shape is wrong"):
        call(np.array([0.0]))


@pytest.mark.parametrize("start", [3.0, 1e-9])
def test_a_descent_turns_back_at_the_edge_of_the_domain(start):
    """A line search meets points without a logarithm, and still finds the minimum."""
    result = fl.minimize(lambda t: t[0] - math.log(t[0]), [start])
    assert result.success and result.x[0] == pytest.approx(1, abs=1e-4)


def test_a_fixed_rate_that_leaves_the_domain_is_told():
    """Textbook descent out of the domain ends the run there, with the limit of the rate."""
    result = fl.minimize(lambda t: t[0] - math.log(t[0]), [0.1], gradient=lambda t: 1 - 1 / t, learning_rate=1.0)
    assert result.success
    result = fl.minimize(lambda t: t[0] - math.log(t[0]), [5.0], learning_rate=100.0)
    assert not result.success and result.reason.value in ("diverged", "not-finite") and np.isfinite(result.fun)


@pytest.mark.parametrize("pair", [True, False])
def test_a_given_gradient_may_end_there_too(pair):
    """Cost and gradient of the user's own, apart or together, may be undefined at a trial."""

    def cost(t):
        return t[0] - math.log(t[0])

    def slope(t):
        return np.array([1 - math.sqrt(1 / t[0]) ** 2])

    fun = (lambda t: (cost(t), slope(t))) if pair else cost
    result = fl.minimize(fun, [0.01], gradient=True if pair else slope)
    assert result.success and result.x[0] == pytest.approx(1, abs=1e-4)


def test_complex_costs_are_refused():
    """A complex number is no cost, and the sentence says what to do."""
    with pytest.raises(TypeError, match=r"one real number.*no order.*real part, or its size by np.abs"):
        fl.minimize(lambda t: (t[0] + 1j * t[1]) ** 2, [1.0, 2.0])


PAIRS = [lambda t: (t @ t, 2 * t), lambda t: [float(t @ t), 2 * t], lambda t: (t[0] ** 2, 2 * t[0])]


@pytest.mark.parametrize("answer", PAIRS)
def test_a_pair_of_cost_and_gradient_is_answered_with_the_setting_for_it(answer):
    """One sentence names ``gradient=True``."""
    with pytest.raises(InputTypeError, match=r"got a pair.*gradient=True"):
        fl.minimize(answer, np.ones(2))
