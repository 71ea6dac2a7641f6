"""Schedule-free gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fallline.methods.base import RatedMethod
from fallline.methods.moments import decayed
from fallline.methods.ranges import check_not_negative, check_share
from fallline.methods.schedule_free import Averaging, averaged, check_averaging, first_averaging, next_averaging
from fallline.steps.base import Evaluate, Point

__all__ = ["ScheduleFreeSGD"]


@dataclass(frozen=True, kw_only=True)
class ScheduleFreeSGD(RatedMethod):
    """Gradient descent that answers with an average, in place of a rate that decays.

    Steps ``z = z - rate*g(y)`` are taken from one point, gradients at ``y = (1-momentum)*z + momentum*x`` (the `x` of
    the trace), and the answer is ``x = (1-c)*x + c*z``, the average, ``c`` the newest step's share of the weights
    ``tʳ * (largest rate so far)**weight_lr_power``.

    Parameters
    ----------
    momentum : float
        How far gradients are taken towards the average, in (0, 1).
    weight_decay : float
        Times `y` is added to the gradient, as by the penalty ``weight_decay/2 * ||x||²``.
    r, weight_lr_power : float
        Powers of the iteration and of the learning rate in the weights, at least 0.
    learning_rate : float or schedule
        None for 1; for a warm-up give a schedule.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    A. Defazio et al., "The road less scheduled", NeurIPS 2024, equations 3-5; defaults of the authors' program.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda t: t**2, 3.0, method="schedule-free-sgd", learning_rate=0.1, max_iterations=20)
    >>> round(result.x, 4)
    0.0121
    """

    name: ClassVar[str] = "schedule-free-sgd"
    default_rate: ClassVar[Any] = 1.0
    averages: ClassVar[bool] = True

    momentum: float = 0.9
    weight_decay: float = 0.0
    r: float = 0.0
    weight_lr_power: float = 2.0

    def __post_init__(self) -> None:
        check_share("momentum", self.momentum, "Gradients are taken between the last step and the average. Try 0.9.")
        check_averaging("momentum", self.momentum, self.r, self.weight_lr_power)
        check_not_negative(
            "weight_decay", self.weight_decay, "It pulls the parameters towards 0. With 0 there is none."
        )

    def init(self, x: Any) -> Averaging:
        return first_averaging(x)

    def move(self, here: Point, state: Averaging, rate: Any, evaluate: Evaluate) -> tuple[Any, Averaging]:
        direction = decayed(here.gradient, here.x, self.weight_decay)
        return next_averaging(here.x, direction, rate, state, self.momentum, self.r, self.weight_lr_power)

    def answer(self, state: Averaging, x: Any) -> Any:
        return averaged(x, state, self.momentum)

    def stable_rate(self, curvature: float) -> float:
        # once the average hardly moves, only the share 1 - momentum of a step comes back in the gradient
        return 2 / ((1 - self.momentum) * (curvature + self.weight_decay))
