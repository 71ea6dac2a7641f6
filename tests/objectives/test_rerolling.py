"""Python loops in a traced program become operations on whole arrays, with the same values and slopes."""

import time

import jax
import numpy as np
import pytest
from jax.core import eval_jaxpr

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.objectives.lifted import lifted_value
from fallline.objectives.rerolling import rerolled

N = 40
RNG = np.random.default_rng(0)
X, Y, TABLE = np.linspace(0, 1, N), 2 * np.linspace(0, 1, N) + 1, RNG.standard_normal((N, 12))


def squares(t):
    s = 0.0
    for i in range(N):
        s += (t[0] * X[i] + t[1] - Y[i]) ** 2
    return s / N


def rows(t):
    s = 0.0
    for row, y in zip(TABLE, Y, strict=True):
        s += (row @ t - y) ** 2
    return s / N


def listed(t):
    residuals = []
    for i in range(N):
        residuals.append(np.maximum(0, t[0] * X[i] + t[1] - Y[i]))  # noqa: PERF401 (as a user writes it)
    return np.mean(np.array(residuals) ** 2)


def neighbours(t):
    return sum(100 * (t[i + 1] - t[i] ** 2) ** 2 + (1 - t[i]) ** 2 for i in range(len(t) - 1))


def logistic(t):
    s = 0.0
    for x, y in zip(X, Y, strict=True):
        z = t[0] * x + t[1]
        s -= y * np.log(1 / (1 + np.exp(-z))) + (1 - y) * np.logaddexp(0, z)
    return s


def series(t):
    h, s = 0.0, 0.0
    for i in range(N):
        h = t[0] * h + t[1] * X[i]
        s += (h - Y[i]) ** 2
    return s


def oscillator(t):
    p, q = t[0], t[1]
    for _ in range(50):
        p, q = p + 0.1 * q, q - 0.1 * p
    return p**2 + 3 * q


def nested(t):
    total = 0.0
    for i in range(N):
        z = 0.0
        for j in range(5):
            z += TABLE[i, j] * t[j]
        total += (z - Y[i]) ** 2
    return total


def written(t):
    out = np.zeros(N)
    for i in range(N):
        out[i] = t[0] * X[i] + np.exp(t[1])
    return out @ out


def two_lists(t):
    first = [t[0] * X[i] for i in range(N)]
    return sum([v * v + t[1] for v in first]) / first[3]


def alternating(t):
    s = 0.0
    for i in range(N):
        if i % 2:
            s += t[0] * X[i]
        else:
            s -= t[1] * X[i] ** 2
    return s**2


def largest(t):
    return max(t[0] * X[i] + t[1] for i in range(N))


CASES = [squares, rows, listed, neighbours, logistic, series, oscillator, nested, written, two_lists, alternating]


@pytest.mark.parametrize("function", [*CASES, largest], ids=lambda function: function.__name__)
def test_a_loop_becomes_short_with_the_same_value_and_slope(function):
    """Sums over rows, lists, neighbours, recurrences, loops in loops: as short as on whole arrays."""
    x0, layout, _ = flatten(RNG.standard_normal(12))
    with jax.enable_x64(True):
        program = jax.make_jaxpr(lifted_value(function, layout, ()))(x0)
        short = rerolled(program)
        before, after = (
            jax.value_and_grad(lambda x, p=p: eval_jaxpr(p.jaxpr, p.consts, x)[0])(x0) for p in (program, short)
        )
    longest = 8 * len(x0) if function is neighbours else 60
    assert len(short.jaxpr.eqns) < min(len(program.jaxpr.eqns), longest)
    np.testing.assert_allclose(before[0], function(x0), rtol=1e-12)
    np.testing.assert_allclose(after[0], before[0], rtol=1e-12)
    np.testing.assert_allclose(after[1], before[1], rtol=1e-10, atol=1e-12)


def test_a_program_without_loops_is_left_alone():
    """It is the very same."""
    with jax.enable_x64(True):
        program = jax.make_jaxpr(lambda x: (x * x).sum())(np.ones(3))
        assert rerolled(program) is program


def test_a_loop_over_a_thousand_rows_is_compiled_in_seconds():
    """Without being found again it would take minutes."""
    x = np.linspace(0, 1, 1000)
    y = 2 * x + 1

    def cost(t):
        s = 0.0
        for i in range(1000):
            s += (t[0] * x[i] + t[1] - y[i]) ** 2
        return s / 1000

    began = time.perf_counter()
    result = fl.minimize(cost, np.zeros(2))
    assert time.perf_counter() - began < 30
    assert result.success
    assert result.gradient_source == "compiled"
    np.testing.assert_allclose(result.x, [2, 1], atol=1e-6)


def test_what_is_too_long_to_compile_is_told_with_the_remedy():
    """An `if` on the data has no order that repeats itself: differences are measured."""
    x = RNG.standard_normal(1000)
    labels = RNG.random(1000) < 0.5

    def cost(t):
        s = 0.0
        for i in range(1000):  # in no regular order
            p = 1 / (1 + np.exp(-(t[0] * x[i] + t[1])))
            if labels[i]:
                s -= np.log(p)
            else:
                s -= np.log(1 - p)
        return s / 1000

    result = fl.minimize(cost, np.zeros(2))
    assert result.success
    assert result.gradient_source == "finite-differences"
    (finding,) = result.diagnosis
    assert finding.code == "lower-gradient-rung"
    assert "operations one by one" in finding.message
    assert "whole arrays" in finding.remedy
