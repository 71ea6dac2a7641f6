"""What `minimize` returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from fallline.trace.certificate import Certificate
from fallline.trace.drawing import view
from fallline.trace.finding import Finding
from fallline.trace.reason import StopReason
from fallline.trace.trace import Trace

__all__ = ["PlotKind", "Result"]

PlotKind = Literal["auto", "curve", "contour", "surface", "cost", "learning-rate", "parameters"]


@dataclass(frozen=True, repr=False)
class Result:
    """The outcome of a descent, under SciPy's names.

    Attributes
    ----------
    x : same kind and shape as ``x0``
        The best point seen; the average where the method says so, and after a run on mini-batches the last point.
    fun : float
        The cost at `x`.
    jac : same structure as ``x0``
        The gradient at `x`.
    nit, nfev, njev : int
        Iterations; evaluations of the function and of its gradient.
    success : bool
        True only where optimality of `x` was verified after the run.
    reason : StopReason
        Why the run stopped, which is another matter.
    message : str
        Both in words.
    trace : Trace
        Every step.
    diagnosis : list of Finding
        What was noticed, and what to change.
    certificate : Certificate
        How far `x` is from the minimum.
    gradient_source : str
        ``"compiled"``, ``"stepwise"``, ``"jax"``, ``"torch"``, ``"tensorflow"``, ``"finite-differences"`` or
        ``"user"``.
    method : str
        The method, with its settings.
    seconds : float
        The time taken, with compilation and verification.
    epoch_costs : array or None
        After a run on mini-batches the cost over all rows at the start and at the end of each epoch, shape
        (epochs + 1,); None after any other, whose trace has them.
    validation_costs : array or None
        With ``NoImprovement(patience, validation_fraction)`` the cost over the rows held out, at the start and after
        each epoch; the answer is the point where it was lowest.
    landscape : callable or None
        Maps flat points, shape (m, d), to costs, shape (m,), for pictures; None where the function is gone.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda t: (t - 2) ** 2, 3.0)
    >>> result.x, result.success, result.reason.value
    (2.0, True, 'converged')
    """

    x: Any
    fun: float
    jac: Any
    nit: int
    nfev: int
    njev: int
    success: bool
    reason: StopReason
    message: str
    trace: Trace
    diagnosis: list[Finding]
    certificate: Certificate
    gradient_source: str
    method: str
    seconds: float
    epoch_costs: np.ndarray | None = field(default=None, compare=False)
    validation_costs: np.ndarray | None = field(default=None, compare=False)
    landscape: Callable[[np.ndarray], np.ndarray] | None = field(default=None, compare=False)

    @property
    def status(self) -> int:
        """SciPy's status: 0 for a success, else the place of the reason in `StopReason`, from 1."""
        return 0 if self.success else 1 + list(StopReason).index(self.reason)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the function behind: a result that was pickled or copied has no `landscape`."""
        return {**self.__dict__, "landscape": None}

    def __str__(self) -> str:
        return view("result_text")(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return view("result_html")(self)

    def plot(self, kind: PlotKind = "auto", *, ax: Any = None) -> Any:
        """Draw the run and return a Display with ``ax_``, ``figure_`` and the artists; never shows a window.

        Parameters
        ----------
        kind : str
            ``"auto"`` draws the curve and the steps for one parameter, contours and the path for two, and the
            cost history for more. ``"curve"``, ``"contour"``, ``"surface"``, ``"cost"``, ``"learning-rate"`` and
            ``"parameters"`` ask for one of them.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.

        Raises
        ------
        InputError
            Where `kind` is unknown or does not fit the number of parameters.

        Examples
        --------
        >>> import fallline as fl
        >>> result = fl.minimize(lambda theta: theta**2, 3.0, learning_rate=0.3)
        >>> result.plot().ax_.get_xlabel()
        'theta'
        """
        return view("plot")(self, kind, ax=ax)
