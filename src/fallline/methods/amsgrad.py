"""AMSGrad: Adam whose scale never forgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.moments import Moments, check_adam, decayed, first_moments, next_moments

__all__ = ["AMSGrad", "AMSGradState"]


class AMSGradState(NamedTuple):
    """Adam's averages, and the largest average square so far, shape (d,)."""

    moments: Moments
    largest: Any


@dataclass(frozen=True, kw_only=True)
class AMSGrad(Method):
    """Adam with the largest average square so far in place of the last: ``u = max(u, v)``.

    The direction is ``m/(1-beta1ᵗ) / (sqrt(u/(1-beta2ᵗ)) + eps)``, so that no parameter's steps grow again.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the averages kept, each in [0, 1).
    eps : float
        Added to the denominator, positive.
    weight_decay : float
        Times `x` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    learning_rate : float, schedule, step rule or None
        About the length of a step in each parameter; None for 1e-3.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    Notes
    -----
    The maximum is over the raw averages, corrected afterwards, as in ``torch.optim.Adam(amsgrad=True)``; the paper
    corrects nothing, optax takes the maximum of corrected averages.

    References
    ----------
    S. Reddi, S. Kale and S. Kumar, "On the convergence of Adam and beyond", ICLR 2018, algorithm 2.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="amsgrad", learning_rate=0.5, max_iterations=2).trace.x.round(4)
    array([3.    , 2.5   , 2.0044])
    """

    name: ClassVar[str] = "amsgrad"
    default_rate: ClassVar[Any] = 1e-3

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, self.weight_decay)

    def init(self, x: Any) -> AMSGradState:
        return AMSGradState(first_moments(x), namespace(x).zeros_like(x))

    def update(self, gradient: Any, state: AMSGradState, x: Any) -> tuple[Any, AMSGradState]:
        xp = namespace(x)
        moments = next_moments(decayed(gradient, x, self.weight_decay), state.moments, self.betas)
        largest = xp.maximum(state.largest, moments.square)
        size = xp.sqrt(largest / (1 - moments.power2)) + self.eps
        return moments.mean / (1 - moments.power1) / size, AMSGradState(moments, largest)
