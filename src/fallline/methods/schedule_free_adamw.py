"""Schedule-free AdamW."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import RatedMethod
from fallline.methods.moments import check_adam, zero
from fallline.methods.schedule_free import Averaging, averaged, check_averaging, first_averaging, next_averaging
from fallline.steps.base import Evaluate, Point

__all__ = ["ScheduleFreeAdamW", "ScheduleFreeAdamWState"]


class ScheduleFreeAdamWState(NamedTuple):
    """The averaging, the moving average of the squared gradient, shape (d,), and the power of the second beta."""

    averaging: Averaging
    square: Any
    power2: Any


@dataclass(frozen=True, kw_only=True)
class ScheduleFreeAdamW(RatedMethod):
    """AdamW with an average as its answer in place of momentum and of a rate that decays.

    As `ScheduleFreeSGD`, with ``g/(sqrt(v/(1-beta2ᵗ)) + eps) + weight_decay*y`` for the gradient and beta1 for the
    momentum.

    Parameters
    ----------
    betas : tuple of two floats
        How far gradients are taken towards the average, in (0, 1), and the share of the average square kept, in [0, 1).
    eps : float
        Added to the denominator, positive.
    weight_decay : float
        Share of `y` taken off at a step, in units of the learning rate.
    r, weight_lr_power : float
        Powers of the iteration and of the learning rate in the weights, at least 0.
    learning_rate : float or schedule
        About the length of a step in each parameter; None for 0.0025; for a warm-up give a schedule.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    A. Defazio et al., "The road less scheduled", NeurIPS 2024, algorithm 1; the learning rate in the weights is the
    one given, without the paper's correction of bias, as in ``optax.contrib.schedule_free_adamw``.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda t: t**2, 3.0, method="schedule-free-adamw", learning_rate=0.1, max_iterations=20)
    >>> round(result.x, 4)
    2.0186
    """

    name: ClassVar[str] = "schedule-free-adamw"
    default_rate: ClassVar[Any] = 2.5e-3
    averages: ClassVar[bool] = True

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    r: float = 0.0
    weight_lr_power: float = 2.0

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, self.weight_decay)
        check_averaging("betas[0]", self.betas[0], self.r, self.weight_lr_power)

    def init(self, x: Any) -> ScheduleFreeAdamWState:
        return ScheduleFreeAdamWState(first_averaging(x), namespace(x).zeros_like(x), zero(x) + 1)

    def move(
        self, here: Point, state: ScheduleFreeAdamWState, rate: Any, evaluate: Evaluate
    ) -> tuple[Any, ScheduleFreeAdamWState]:
        beta1, beta2 = self.betas
        square = beta2 * state.square + (1 - beta2) * here.gradient * here.gradient
        power2 = beta2 * state.power2
        direction = here.gradient / (namespace(here.x).sqrt(square / (1 - power2)) + self.eps)
        direction = direction + self.weight_decay * here.x
        change, averaging = next_averaging(
            here.x, direction, rate, state.averaging, beta1, self.r, self.weight_lr_power
        )
        return change, ScheduleFreeAdamWState(averaging, square, power2)

    def answer(self, state: ScheduleFreeAdamWState, x: Any) -> Any:
        return averaged(x, state.averaging, self.betas[0])
