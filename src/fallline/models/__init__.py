"""scikit-learn estimators: each checks its input, builds an objective over rows, and lets the descent do the rest."""

from fallline.models.linear import LinearRegression
from fallline.models.logistic import LogisticRegression
from fallline.models.warnings import ConvergenceWarning

__all__ = ["ConvergenceWarning", "LinearRegression", "LogisticRegression"]
