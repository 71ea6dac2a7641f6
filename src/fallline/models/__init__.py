"""scikit-learn estimators: each checks its input, builds an objective over rows, and lets the descent do the rest."""

from fallline.models.elastic_net import ElasticNet
from fallline.models.files import load
from fallline.models.huber import HuberRegressor
from fallline.models.lasso import Lasso
from fallline.models.linear import LinearRegression
from fallline.models.linear_classifier import LinearClassifier
from fallline.models.linear_regressor import LinearRegressor
from fallline.models.logistic import LogisticRegression
from fallline.models.poisson import PoissonRegressor
from fallline.models.quantile import QuantileRegressor
from fallline.models.ridge import Ridge
from fallline.models.svc import LinearSVC
from fallline.models.warnings import ConvergenceWarning

__all__ = [
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
]

ESTIMATORS = tuple(name for name in __all__ if name not in ("ConvergenceWarning", "load"))
"""The names of the estimators, those that a file can be of."""
