"""How good an answer is, proven or estimated."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Certificate"]


@dataclass(frozen=True)
class Certificate:
    """How far an answer is from the minimum.

    Attributes
    ----------
    kind : {"bound", "estimate"}
        A bound is proven for the problem at hand; an estimate is measured at the answer.
    gap : float
        ``fun - minimum``, in the cost's units; infinite where nothing can be said.
    distance : float
        Distance from ``x`` to the minimiser, in the parameters' units.
    smallest_curvature : float
        Smallest eigenvalue of the Hessian at ``x``; negative on a saddle.
    text : str
        The same in one sentence.

    Examples
    --------
    >>> import fallline as fl
    >>> certificate = fl.minimize(lambda t: 2 * t**2 + 1, 3.0, learning_rate=0.1, max_iterations=1).certificate
    >>> certificate.kind, round(certificate.gap, 6), certificate.smallest_curvature
    ('estimate', 6.48, 4.0)
    """

    kind: Literal["bound", "estimate"]
    gap: float
    distance: float
    smallest_curvature: float
    text: str

    def __str__(self) -> str:
        return self.text
