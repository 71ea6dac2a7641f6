"""The warning of a fit that did not converge."""

from sklearn.exceptions import ConvergenceWarning as SklearnConvergenceWarning

__all__ = ["ConvergenceWarning"]


class ConvergenceWarning(SklearnConvergenceWarning):
    """A fit stopped before it converged; the text is the finding: cause, number, remedy."""
