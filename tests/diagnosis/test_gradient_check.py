"""A wrong gradient is found wherever it is wrong, and a right one is never accused."""

import numpy as np
import pytest

from fallline.diagnosis.gradient_check import compare_gradient, measure_slopes


def check(cost, gradient, x):
    with np.errstate(all="ignore"):
        return compare_gradient(cost, np.asarray(gradient), np.asarray(x), lambda index: f"x[{index}]")


SCALES = 10.0 ** np.arange(-6, 7, 3)
RIGHT = {
    "scales apart": (lambda x: np.sum((SCALES * x) ** 2), lambda x: 2 * SCALES**2 * x, np.ones(5)),
    "small parameters": (lambda x: np.sum((SCALES * x) ** 2), lambda x: 2 * SCALES**2 * x, 1 / SCALES),
    "near the edge of a domain": (lambda x: -np.sum(np.log(x)), lambda x: -1 / x, np.array([1e-7, 1e-3, 2.0])),
    "a kink": (lambda x: np.sum(np.abs(x)), np.sign, np.array([0.0, 1.0, -1e-3])),
    "beside a kink": (lambda x: np.sum(np.abs(x)), np.sign, np.array([1e-6, -1e-9])),
    "a root": (lambda x: np.sum(np.sqrt(x)), lambda x: 0.5 / np.sqrt(x), np.array([1e-8, 4.0])),
    "at rest": (lambda x: np.sum(x**4), lambda x: 4 * x**3, np.zeros(3)),
    "a large offset": (lambda x: 1e12 + np.sum(x**2), lambda x: 2 * x, np.array([1.0, 1e-8])),
    "many": (lambda x: np.sum(np.cosh(x)), np.sinh, np.linspace(-2, 2, 3000)),
    "many kinks": (lambda x: np.sum(np.abs(x - 0.5)), lambda x: np.sign(x - 0.5), np.linspace(0, 1, 3001)),
    "many scales": (lambda x: x @ (np.geomspace(1e-6, 1e6, 500) * x), lambda x: 2 * np.geomspace(1e-6, 1e6, 500) * x,
                    np.ones(500)),
    "single precision": (lambda x: np.sum((x - 1) ** 2), lambda x: 2 * (x - 1), np.array([3, 4e3, 1e-3], np.float32)),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_gradient_is_not_accused(name):
    """Scales, kinks, edges, offsets and thousands of parameters make no right gradient wrong."""
    cost, gradient, x = RIGHT[name]
    with np.errstate(all="ignore"):
        assert check(cost, gradient(x), x) is None


@pytest.mark.parametrize("name", [name for name in RIGHT if name not in ("a kink", "at rest", "a large offset")])
def test_the_same_gradient_doubled_is_a_factor_too_large(name):
    """The factor is told to four digits, whatever the scales."""
    cost, gradient, x = RIGHT[name]
    finding = check(cost, 2 * gradient(x), x)
    assert finding is not None and finding.code == "wrong-gradient-scale", finding
    assert finding.values["factor"] == pytest.approx(2, rel=1e-3 if x.dtype == np.float32 else 1e-4)


@pytest.mark.parametrize("index", range(4))
def test_a_wrong_component_is_found_beside_much_larger_ones(index):
    """A component that is wrong by a fifth is named, also where the largest is a million times its size."""
    weights = np.array([1e-3, 1e-1, 1e1, 1e3])
    gradient = 2 * weights
    gradient[index] *= 1.2
    finding = check(lambda x: np.sum(weights * x**2), gradient, np.ones(4))
    assert finding.code == "wrong-gradient" and finding.values["index"] == index
    assert finding.values["measured"] == pytest.approx(gradient[index] / 1.2, rel=1e-3)


@pytest.mark.parametrize("size", [65, 1000, 100_000])
def test_one_wrong_component_among_many_is_found_by_halving(size):
    """Of a hundred thousand components the one that is wrong is named, at a cost of a few hundred evaluations."""
    calls = []

    def cost(x):
        calls.append(1)
        return np.sum(np.cosh(x))

    x = np.linspace(-1, 1, size)
    gradient = np.sinh(x)
    gradient[size // 3] += 0.1
    finding = check(cost, gradient, x)
    assert finding.code == "wrong-gradient" and finding.values["index"] == size // 3
    assert len(calls) < 1000


def test_a_gradient_with_no_number_is_wrong():
    """A component that is not a number is named, among many too."""
    x = np.linspace(-1, 1, 500)
    gradient = 2 * x
    gradient[400] = np.nan
    assert check(lambda x: np.sum(x**2), gradient, x).values["index"] == 400


def test_a_noisy_function_accuses_nobody():
    """Where two calls differ, the difference is noise, not an error of the gradient."""
    rng = np.random.default_rng(0)
    assert check(lambda x: np.sum(x**2) + 1e-3 * rng.normal(), 2 * np.ones(2), np.ones(2)) is None


def test_relative_errors_are_zero_within_the_measurement():
    """A right gradient has errors of zero or nearly so; a wrong component has its own."""
    slopes = measure_slopes(lambda x: np.sum(x**3), np.array([3.0, 15.0]), np.array([1.0, 2.0]))
    np.testing.assert_allclose(slopes.relative_errors, [0, 0.2], atol=1e-8)
    assert slopes.worst == 1 and slopes.wrong.tolist() == [False, True]
