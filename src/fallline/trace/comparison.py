"""What `compare` returns: many runs side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from fallline.trace.drawing import view
from fallline.trace.finding import Finding
from fallline.trace.reason import StopReason
from fallline.trace.result import Result

if TYPE_CHECKING:
    import pandas

__all__ = ["Comparison", "ComparisonKind", "Minimum", "Results"]

ComparisonKind = Literal["auto", "cost", "learning-rate"]


class Results(Sequence[Result]):
    """The results of many runs; each is verified and diagnosed when it is first asked for, and then kept.

    Parameters
    ----------
    count : int
        How many there are.
    make : callable
        Returns one by its number.
    """

    def __init__(self, count: int, make: Callable[[int], Result]) -> None:
        self._made: list[Result | None] = [None] * count
        self._make: Callable[[int], Result] | None = make

    def __len__(self) -> int:
        return len(self._made)

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> list[Result]: ...
    def __getitem__(self, index: int | slice) -> Result | list[Result]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        place = range(len(self))[index]
        found = self._made[place]
        if found is None:
            if self._make is None:
                raise RuntimeError("a copy has all its results")
            found = self._made[place] = self._make(place)
        return found

    def __iter__(self) -> Iterator[Result]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        return f"<{len(self):,} results>"

    def __getstate__(self) -> dict[str, Any]:
        """Leave the functions behind, as a result does: a copy has every result made."""
        return {"_made": list(self), "_make": None}


@dataclass(frozen=True)
class Minimum:
    """A minimum that runs ended at.

    Attributes
    ----------
    x : same kind and shape as ``x0``
        Where it lies, by the run that came lowest.
    fun : float
        The cost there.
    runs : tuple of int
        The runs that ended there, by their place in `Comparison.results`.

    Examples
    --------
    >>> import fallline as fl
    >>> two = fl.compare(lambda t: (t**2 - 1) ** 2 + 0.3 * t, 0.5, starts=[-0.5, -2.0]).minima
    >>> [(round(minimum.x, 3), minimum.runs) for minimum in two]
    [(-1.036, (1, 2)), (0.96, (0,))]
    """

    x: Any
    fun: float
    runs: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class Comparison:
    """Many runs of one function, method by method, rate by rate, start by start.

    Attributes
    ----------
    results : sequence of Result
        What `minimize` would have returned, run by run, each with its own history, reason and findings. A result is
        verified and diagnosed when it is first looked at.
    method : tuple of str
        The method of each run.
    learning_rate : tuple of float or str
        Its learning rate: a number, or the schedule or rule in words.
    start : array of int, shape (n,)
        The start of each run: 0 for ``x0``.
    iterations : array of int, shape (n,)
    fun, gradient_norm : array, shape (n,)
        The cost at each answer, and the 2-norm of the gradient there.
    reason : tuple of StopReason
        Why each run stopped.
    minima : list of Minimum
        The distinct minima that runs from several starts ended at, the lowest first; empty for a single start.
    diagnosis : list of Finding
        What the runs say together: ``other-minima`` where starts led to different ones.
    seconds : float
        The time taken, verification of the results not included.

    Examples
    --------
    >>> import fallline as fl
    >>> rates = fl.compare(lambda theta: theta**2, 3.0, learning_rates=[0.01, 0.1, 1.5], max_iterations=50)
    >>> rates.learning_rate[rates.order[0]], [finding.code for finding in rates.results[2].diagnosis]
    (0.1, ['learning-rate-too-high'])
    """

    results: Results
    method: tuple[str, ...]
    learning_rate: tuple[float | str, ...]
    start: np.ndarray
    iterations: np.ndarray
    fun: np.ndarray
    gradient_norm: np.ndarray
    reason: tuple[StopReason, ...]
    minima: list[Minimum] = field(default_factory=list)
    diagnosis: list[Finding] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def order(self) -> np.ndarray:
        """The numbers of the runs, the one with the lowest cost first; those without a finite cost last."""
        return np.argsort(np.where(np.isfinite(self.fun), self.fun, np.inf), kind="stable")

    @property
    def best(self) -> Result:
        """The result with the lowest cost; of equal ones the first."""
        return self.results[int(self.order[0])]

    def __len__(self) -> int:
        return len(self.results)

    def __str__(self) -> str:
        return view("comparison_text")(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return view("comparison_html")(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the table by columns, a row for each run.

        ``success`` and ``findings`` (their codes) are of the results, each of which is verified for that.
        """
        return {
            "method": list(self.method),
            "learning_rate": list(self.learning_rate),
            "start": self.start,
            "iterations": self.iterations,
            "fun": self.fun,
            "gradient_norm": self.gradient_norm,
            "reason": [reason.value for reason in self.reason],
            "success": np.array([result.success for result in self.results]),
            "findings": [", ".join(finding.code for finding in result.diagnosis) for result in self.results],
        }

    def to_pandas(self) -> pandas.DataFrame:
        """Return the table as a pandas data frame."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def plot(self, kind: ComparisonKind = "auto", *, ax: Any = None) -> Any:
        """Draw the runs and return a Display with ``ax_``, ``figure_`` and the artists; never shows a window.

        Parameters
        ----------
        kind : str
            ``"cost"`` draws the cost of each run by iteration; of very many, the best. ``"learning-rate"`` draws the
            cost that each method reached by learning rate. ``"auto"`` draws the second where there are many rates.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.

        Raises
        ------
        InputError
            Where `kind` is unknown, or the rates are no numbers.

        Examples
        --------
        >>> import fallline as fl
        >>> rates = fl.compare(lambda theta: theta**2, 3.0, learning_rates=[0.01, 0.1], max_iterations=50)
        >>> rates.plot().ax_.get_xlabel()
        'iteration'
        """
        return view("comparison_plot")(self, kind, ax=ax)
