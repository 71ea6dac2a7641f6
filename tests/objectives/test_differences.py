"""Measured gradients, also at the edge of a domain."""

import math

import numpy as np
import pytest

from fallline.objectives.differences import central_differences


def outside(function):
    """Return a function that is not finite where it raises."""

    def call(x):
        try:
            return function(x)
        except ValueError:
            return np.nan

    return call


def test_central_differences_are_good_to_ten_digits():
    """On a smooth function, and with each parameter's own step."""

    def f(x):
        return float(np.sum(np.exp(x)) + x[0] * x[1])

    x = np.array([0.3, -1.2])
    np.testing.assert_allclose(central_differences(f, x), np.exp(x) + x[::-1], rtol=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
def test_at_an_edge_the_slope_is_measured_inwards(sign):
    """Where one side has no value, two steps to the other side serve."""
    f = outside(lambda x: math.sqrt(sign * x[0] + 1.0) ** 3 + x[1] ** 2)
    slope = central_differences(f, np.array([sign * (-1.0 + 1e-9), 2.0]))
    np.testing.assert_allclose(slope, [0, 4], atol=2e-2)
    f = outside(lambda x: math.sqrt(sign * x[0]) ** 2 + x[1] ** 2)
    np.testing.assert_allclose(central_differences(f, np.array([0.0, 2.0])), [sign, 4], rtol=1e-7)


def test_float32_is_kept():
    """The gradient has the type of its point."""
    assert central_differences(lambda x: float(np.sum(x**2)), np.ones(2, np.float32)).dtype == np.float32
