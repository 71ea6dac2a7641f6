"""Schedules give the rates their formulas say, compiled too."""

import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError
from fallline.schedules import Constant, ExponentialDecay, InverseTimeDecay, StepDecay

EXPECTED = [
    (Constant(0.1), lambda k: 0.1),
    (StepDecay(0.1, 3, 0.5), lambda k: 0.1 * 0.5 ** (k // 3)),
    (ExponentialDecay(0.1, 0.9), lambda k: 0.1 * 0.9**k),
    (InverseTimeDecay(0.1, 0.5), lambda k: 0.1 / (1 + 0.5 * k)),
]


@pytest.mark.parametrize(("schedule", "formula"), EXPECTED, ids=lambda x: type(x).__name__)
def test_the_rates_are_the_formulas(schedule, formula):
    """The trace shows the rate of each step, and the steps are taken at it."""
    result = fl.minimize(lambda t: t**2, 3.0, learning_rate=schedule, max_iterations=10)
    rates = [formula(k) for k in range(10)]
    np.testing.assert_allclose(result.trace.learning_rate[1:], rates, rtol=1e-12)
    x = 3.0 * np.cumprod([1, *(1 - 2 * np.array(rates))])
    np.testing.assert_allclose(result.trace.x, x, rtol=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Constant(0.0),
        lambda: Constant(float("nan")),
        lambda: StepDecay(-1.0, 2),
        lambda: StepDecay(0.1, 0),
        lambda: StepDecay(0.1, 2.5),
        lambda: StepDecay(0.1, 2, 1.5),
        lambda: ExponentialDecay(0.1, 0.0),
        lambda: InverseTimeDecay(0.1, -1.0),
        lambda: InverseTimeDecay(float("inf"), 1.0),
    ],
)
def test_impossible_schedules_are_refused(make):
    """A schedule that could not give positive rates is refused at construction."""
    with pytest.raises(InputError, match="must be"):
        make()
