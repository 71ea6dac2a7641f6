"""DoWG: distance over weighted gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import decayed, zero
from fallline.methods.ranges import check_not_negative, check_positive

__all__ = ["DoWG", "DoWGState"]


class DoWGState(NamedTuple):
    """The start and the weighted sum of points, shape (d,), the largest squared distance, the sums of V and weights."""

    start: Any
    sum: Any
    squared_distance: Any
    total: Any
    weights: Any


@dataclass(frozen=True, kw_only=True)
class DoWG(Method):
    """Gradient descent with the rate ``r² / (sqrt(V) + eps)``: the distance covered over the gradients, weighted by it.

    ``r² = max(r², ||x - start||²)`` begins at `eps`, ``V = V + r²||g||²``. The answer is the average of the points with
    the weights r², the last point included.

    Parameters
    ----------
    eps : float
        The first squared distance, and added to the denominator, positive.
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    learning_rate : float, schedule or None
        Scales the rate; None for 1.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    A. Khaled, K. Mishchenko and C. Jin, "DoWG unleashed", NeurIPS 2023, algorithm 1; the `eps` in the denominator is
    that of ``optax.contrib.dowg``.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda theta: theta**2, 3.0, method="dowg")
    >>> abs(result.x) < 1e-3
    True
    """

    name: ClassVar[str] = "dowg"
    default_rate: ClassVar[Any] = 1.0
    averages: ClassVar[bool] = True

    eps: float = 1e-4
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_positive("eps", self.eps, "The first squared distance is as large. The usual one is 1e-4.")
        check_not_negative(
            "weight_decay", self.weight_decay, "It pulls the parameters towards 0. With 0 there is none."
        )

    def init(self, x: Any) -> DoWGState:
        return DoWGState(x, namespace(x).zeros_like(x), zero(x) + self.eps, zero(x), zero(x))

    def update(self, gradient: Any, state: DoWGState, x: Any) -> tuple[Any, DoWGState]:
        xp = namespace(x)
        gradient = decayed(gradient, x, self.weight_decay)
        square = _reached(state, x)
        total = state.total + square * xp.sum(gradient * gradient)
        state = DoWGState(state.start, state.sum + square * x, square, total, state.weights + square)
        return square / (xp.sqrt(total) + self.eps) * gradient, state

    def answer(self, state: DoWGState, x: Any) -> Any:
        square = _reached(state, x)
        return (state.sum + square * x) / (state.weights + square)


def _reached(state: DoWGState, x: Any) -> Any:
    """Return the largest squared distance from the start, that of `x` included."""
    xp = namespace(x)
    return xp.maximum(state.squared_distance, xp.sum((x - state.start) ** 2))
