"""Schedules refuse what could not give positive rates."""

import pytest

from fallline.errors import InputError, InputTypeError
from fallline.schedules import (
    Constant,
    CosineDecay,
    CosineRestarts,
    Custom,
    Cyclic,
    ExponentialDecay,
    InverseSqrt,
    InverseTimeDecay,
    OneCycle,
    Piecewise,
    PolynomialDecay,
    ReduceOnPlateau,
    StepDecay,
    Warmup,
)

NAN, INFINITY = float("nan"), float("inf")
REFUSED = [
    (Constant, {"rate": 0.0}, "learning_rate"),
    (Constant, {"rate": NAN}, "learning_rate"),
    (StepDecay, {"rate": -1.0, "every": 2}, "rate"),
    (StepDecay, {"rate": 0.1, "every": 0}, "every"),
    (StepDecay, {"rate": 0.1, "every": 2.5}, "every"),
    (StepDecay, {"rate": 0.1, "every": 2, "factor": 1.5}, "factor"),
    (ExponentialDecay, {"rate": 0.1, "factor": 0.0}, "factor"),
    (InverseTimeDecay, {"rate": 0.1, "decay": -1.0}, "decay"),
    (InverseTimeDecay, {"rate": INFINITY, "decay": 1.0}, "rate"),
    (InverseSqrt, {"rate": 0.1, "decay": NAN}, "decay"),
    (PolynomialDecay, {"rate": 0.1, "steps": 0}, "steps"),
    (PolynomialDecay, {"rate": 0.1, "steps": 5, "end": 0.2}, "end"),
    (PolynomialDecay, {"rate": 0.1, "steps": 5, "power": 0.0}, "power"),
    (CosineDecay, {"rate": 0.1, "steps": True}, "steps"),
    (CosineDecay, {"rate": 0.1, "steps": 5, "end": -0.1}, "end"),
    (CosineRestarts, {"rate": 0.1, "period": 0}, "period"),
    (CosineRestarts, {"rate": 0.1, "period": 3, "multiplier": 1.5}, "multiplier"),
    (OneCycle, {"peak": 0.0, "steps": 10}, "peak"),
    (OneCycle, {"peak": 0.1, "steps": 3}, "steps"),
    (OneCycle, {"peak": 0.1, "steps": 10, "pct_start": 1.0}, "pct_start"),
    (OneCycle, {"peak": 0.1, "steps": 10, "div_factor": 0.5}, "div_factor"),
    (Cyclic, {"low": 0.2, "high": 0.1, "half_period": 3}, "high"),
    (Cyclic, {"low": 0.0, "high": 0.1, "half_period": 3}, "low"),
    (Cyclic, {"low": 0.1, "high": 0.2, "half_period": 0}, "half_period"),
    (Piecewise, {"boundaries": [5, 3], "rates": [0.3, 0.2, 0.1]}, "boundaries"),
    (Piecewise, {"boundaries": [3, 3], "rates": [0.3, 0.2, 0.1]}, "boundaries"),
    (Piecewise, {"boundaries": [0], "rates": [0.3, 0.2]}, "boundaries"),
    (Piecewise, {"boundaries": [3], "rates": [0.3]}, "rates"),
    (Piecewise, {"boundaries": [3], "rates": [0.3, 0.0]}, "rates"),
    (Warmup, {"steps": 0, "then": 0.1}, "steps"),
    (Warmup, {"steps": 3, "then": -0.1}, "learning_rate"),
    (ReduceOnPlateau, {"rate": 0.0}, "learning_rate"),
    (ReduceOnPlateau, {"rate": 0.1, "factor": 1.0}, "factor"),
    (ReduceOnPlateau, {"rate": 0.1, "patience": -1}, "patience"),
    (ReduceOnPlateau, {"rate": 0.1, "threshold": 1.0}, "threshold"),
    (ReduceOnPlateau, {"rate": 0.1, "cooldown": 0.5}, "cooldown"),
    (ReduceOnPlateau, {"rate": 0.1, "minimum": -1.0}, "minimum"),
]


@pytest.mark.parametrize(("cls", "settings", "name"), REFUSED, ids=lambda x: x.__name__ if isinstance(x, type) else "")
def test_impossible_schedules_are_refused(cls, settings, name):
    """A schedule that could not give usable rates is refused at construction, with the name of what is wrong."""
    with pytest.raises(InputError, match=rf"^{name} must .*; got .*\. .*\."):
        cls(**settings)


@pytest.mark.parametrize("thing", ["0.1", True, None, Constant])
def test_what_is_no_function_is_refused(thing):
    """Only numbers, schedules and functions follow a warm-up."""
    with pytest.raises(InputTypeError, match="learning_rate must be a number, a schedule"):
        Warmup(3, thing)
    with pytest.raises(InputTypeError, match="learning_rate must be a number, a schedule"):
        Custom(thing)
