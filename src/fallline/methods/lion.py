"""Lion: steps by the sign of a momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fallline.arrays.namespace import namespace
from fallline.methods.base import Method
from fallline.methods.ranges import check_betas, check_not_negative

__all__ = ["Lion"]


@dataclass(frozen=True, kw_only=True)
class Lion(Method):
    """Step by the sign of a momentum, without regard to its size.

    The direction is ``sign(beta1*m + (1-beta1)*g) + weight_decay*x``, and then ``m = beta2*m + (1-beta2)*g``. Every
    parameter moves by the learning rate at every step, so that the run comes no nearer than that.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the momentum in the direction, and of it kept, each in [0, 1).
    weight_decay : float
        Share of `x` taken off at a step, in units of the learning rate.
    learning_rate : float, schedule, step rule or None
        The length of a step in each parameter; None for 1e-4, a tenth of Adam's as the authors advise.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    X. Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2. The default decay is
    that of the authors' program; ``optax.lion`` has 1e-3.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda theta: theta**2, 3.0, method="lion", learning_rate=0.5, max_iterations=2).trace.x
    array([3. , 2.5, 2. ])
    """

    name: ClassVar[str] = "lion"
    default_rate: ClassVar[Any] = 1e-4

    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_betas(self.betas)
        check_not_negative(
            "weight_decay", self.weight_decay, "It pulls the parameters towards 0. With 0 there is none."
        )

    def init(self, x: Any) -> Any:
        return namespace(x).zeros_like(x)

    def update(self, gradient: Any, state: Any, x: Any) -> tuple[Any, Any]:
        beta1, beta2 = self.betas
        direction = namespace(x).sign(beta1 * state + (1 - beta1) * gradient)
        return direction + self.weight_decay * x, beta2 * state + (1 - beta2) * gradient
