"""DoG: distance over gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import decayed, zero
from fallline.methods.ranges import check_not_negative, check_positive

__all__ = ["DoG", "DoGState"]


class DoGState(NamedTuple):
    """The start and the average, shape (d,), the largest distance from the start, the sum of squares, the steps."""

    start: Any
    average: Any
    distance: Any
    total: Any
    count: Any


@dataclass(frozen=True, kw_only=True)
class DoG(Method):
    """Gradient descent with the rate ``r / sqrt(G + eps)``: the distance covered over the gradients met.

    ``r = max(r, ||x - start||)`` begins at ``reps_rel * (1 + ||start||)``, ``G = G + ||g||²``. The answer is an
    average that favours late points: ``a = (1-c)*a + c*x`` with ``c = (1+gamma)/(t+gamma)`` over the steps t = 1, 2, …

    Parameters
    ----------
    reps_rel : float
        The first distance, relative to the start, positive: the only length that must be guessed.
    eps : float
        Added to the sum of squares, positive.
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    gamma : float
        How strongly the average favours late points, at least 0; with 0 it is the plain mean.
    learning_rate : float, schedule or None
        Scales the rate; None for 1.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    M. Ivgi, O. Hinder and Y. Carmon, "DoG is SGD's best friend", ICML 2023, equation 1 and section 4.1; the average
    is that of O. Shamir and T. Zhang, "Stochastic gradient descent for non-smooth optimization", ICML 2013, section 4.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda theta: theta**2, 3.0, method="dog")
    >>> abs(result.x) < 1e-3
    True
    """

    name: ClassVar[str] = "dog"
    default_rate: ClassVar[Any] = 1.0
    averages: ClassVar[bool] = True

    reps_rel: float = 1e-6
    eps: float = 1e-8
    weight_decay: float = 0.0
    gamma: float = 8.0

    def __post_init__(self) -> None:
        check_positive("reps_rel", self.reps_rel, "The first step is as long. The usual one is 1e-6.")
        check_positive("eps", self.eps, "It keeps the step finite where the gradient is zero. The usual one is 1e-8.")
        check_not_negative(
            "weight_decay", self.weight_decay, "It pulls the parameters towards 0. With 0 there is none."
        )
        check_not_negative("gamma", self.gamma, "The average may not favour early points. The usual one is 8.")

    def init(self, x: Any) -> DoGState:
        xp = namespace(x)
        return DoGState(x, x, self.reps_rel * (1 + xp.sqrt(xp.sum(x * x))), zero(x), zero(x))

    def update(self, gradient: Any, state: DoGState, x: Any) -> tuple[Any, DoGState]:
        xp = namespace(x)
        gradient = decayed(gradient, x, self.weight_decay)
        distance = xp.maximum(state.distance, xp.sqrt(xp.sum((x - state.start) ** 2)))
        total = state.total + xp.sum(gradient * gradient)
        state = DoGState(state.start, self.answer(state, x), distance, total, state.count + 1)
        return distance / xp.sqrt(total + self.eps) * gradient, state

    def answer(self, state: DoGState, x: Any) -> Any:
        # the start, at count 0, is forgotten at once: the share of the first step is 1
        xp = namespace(x)
        share = (1 + self.gamma) / (xp.maximum(state.count, 1 + 0 * state.count) + self.gamma)
        return (1 - share) * state.average + share * x
