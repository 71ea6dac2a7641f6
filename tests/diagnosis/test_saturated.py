"""A logarithm of zero is told as what it is, whatever the gradient's source, and nothing else is taken for it."""

import numpy as np
import pytest

import fallline as fl

X = np.array([20.0, 35, 50, 65, 80, 95])
Y = np.array([0.0, 0, 1, 0, 1, 1])


def cross_entropy(theta):
    p = 1 / (1 + np.exp(-(theta[0] * X + theta[1])))
    return -np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p))


def gradient(theta):
    p = 1 / (1 + np.exp(-(theta[0] * X + theta[1])))
    return np.array([np.mean((p - Y) * X), np.mean(p - Y)])


@pytest.mark.parametrize(
    "settings",
    [{}, {"gradient": gradient}, {"gradient": "finite-differences"}, {"penalty": fl.penalties.L2(0.1)}],
    ids=["compiled", "user", "differences", "penalty"],
)
def test_a_probability_that_became_zero(settings):
    """The finding tells where, and how to write it; the answer stays finite and is no success."""
    result = fl.minimize(cross_entropy, [0.0, 0.0], learning_rate=1.0, max_iterations=100, **settings)
    finding = next(finding for finding in result.diagnosis if finding.code == "saturated")
    assert finding.severity == "error" and finding.values["iteration"] == result.nit and "logaddexp" in finding.remedy
    assert "overflow" not in [finding.code for finding in result.diagnosis]
    assert not result.success and np.isfinite(result.fun) and np.isfinite(result.x).all()


@pytest.mark.parametrize(
    ("fun", "start", "rate"),
    [
        (lambda t: np.sum(t**4), [1.0], 1.0),
        (lambda t: np.sqrt(t[0] + 1) - 0.1 * t[0] ** 2, [0.0], 5.0),
        (lambda t: t[0] - np.log(t[0]), [0.01], 1.5),
        (lambda t: np.sum(np.exp(t)), [1.0], 1e3),
    ],
)
def test_other_breakdowns_have_other_names(fun, start, rate):
    """Overflow, the root of a negative number, a logarithm beyond its domain."""
    result = fl.minimize(fun, start, learning_rate=rate, max_iterations=100)
    assert "saturated" not in [finding.code for finding in result.diagnosis]
    assert not result.success


def test_written_as_the_finding_says_it_runs():
    """The remedy is the truth."""

    def stable(theta):
        z = theta[0] * X + theta[1]
        return np.mean(Y * np.logaddexp(0, -z) + (1 - Y) * np.logaddexp(0, z))

    theta = np.array([0.02, -1.0])
    assert stable(theta) == pytest.approx(cross_entropy(theta))
    assert np.isfinite(fl.minimize(stable, [0.0, 0.0], learning_rate=1.0, max_iterations=100).trace.fun).all()
