"""fallline: gradient descent for Python, with every step on view and every claim checked.

Examples
--------
>>> import fallline as fl
>>> result = fl.minimize(lambda theta: theta**2, 3.0, learning_rate=0.3, tolerance=1e-5, max_iterations=20)
>>> result.success
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fallline import errors, methods, penalties, schedules, steps, stopping
from fallline.descent.check_gradient import check_gradient
from fallline.descent.compare import compare
from fallline.descent.find_learning_rate import find_learning_rate
from fallline.descent.minimize import minimize
from fallline.descent.stepping import Descent, descend
from fallline.trace import (
    Certificate,
    Comparison,
    Finding,
    GradientCheck,
    Minimum,
    RateRange,
    Record,
    Result,
    StopReason,
    Trace,
)

if TYPE_CHECKING:
    from fallline import problems
    from fallline.models import (
        ConvergenceWarning,
        ElasticNet,
        HuberRegressor,
        Lasso,
        LinearClassifier,
        LinearRegression,
        LinearRegressor,
        LinearSVC,
        LogisticRegression,
        PoissonRegressor,
        QuantileRegressor,
        Ridge,
        load,
    )

__version__ = "0.1.0"

__all__ = [
    "Certificate",
    "Comparison",
    "ConvergenceWarning",
    "Descent",
    "ElasticNet",
    "Finding",
    "GradientCheck",
    "HuberRegressor",
    "Lasso",
    "LinearClassifier",
    "LinearRegression",
    "LinearRegressor",
    "LinearSVC",
    "LogisticRegression",
    "Minimum",
    "PoissonRegressor",
    "QuantileRegressor",
    "RateRange",
    "Record",
    "Result",
    "Ridge",
    "StopReason",
    "Trace",
    "check_gradient",
    "compare",
    "descend",
    "errors",
    "find_learning_rate",
    "load",
    "methods",
    "minimize",
    "penalties",
    "problems",
    "schedules",
    "steps",
    "stopping",
]

# scikit-learn takes a second to import: only those who fit a model wait for it
MODELS = (
    "ConvergenceWarning",
    "ElasticNet",
    "HuberRegressor",
    "Lasso",
    "LinearClassifier",
    "LinearRegression",
    "LinearRegressor",
    "LinearSVC",
    "LogisticRegression",
    "PoissonRegressor",
    "QuantileRegressor",
    "Ridge",
    "load",
)


def __getattr__(name: str) -> Any:
    if name == "problems":
        return import_module("fallline.problems")
    if name in MODELS:
        return getattr(import_module("fallline.models"), name)
    raise AttributeError(f"module 'fallline' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *MODELS, "problems"])
