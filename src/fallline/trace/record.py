"""One step of a run."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Record"]


@dataclass(frozen=True)
class Record:
    """One step of a run, as seen by a callback or by indexing a trace.

    Attributes
    ----------
    iteration : int
        0 is the start.
    x : float, array or the structure of ``x0``
        The iterate (a copy).
    fun : float
        The cost at ``x``.
    gradient_norm : float
        The 2-norm of the gradient at ``x``.
    learning_rate, step_norm : float
        The rate and the 2-norm of the step that led to ``x``; not a number at the start.
    seconds : float
        Time since the run began.

    Examples
    --------
    >>> import fallline as fl
    >>> print(fl.minimize(lambda t: t**2, 3.0, learning_rate=0.25, max_iterations=9).trace[2])
    iteration 2: fun=0.5625 gradient_norm=1.5 learning_rate=0.25 step_norm=0.75
    """

    iteration: int
    x: Any
    fun: float
    gradient_norm: float
    learning_rate: float
    step_norm: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"iteration {self.iteration}: fun={self.fun:.9g} gradient_norm={self.gradient_norm:.3g} "
            f"learning_rate={self.learning_rate:.3g} step_norm={self.step_norm:.3g}"
        )
