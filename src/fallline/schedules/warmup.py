"""A climb before any other schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fallline.arrays.namespace import namespace
from fallline.errors import InputError, shown
from fallline.schedules.base import MeasuredSchedule, Schedule, check_count
from fallline.schedules.custom import as_schedule

__all__ = ["Warmup"]


@dataclass(frozen=True)
class Warmup(Schedule):
    """Climb in equal steps to the first rate of the schedule `then`, and hand over to it.

    The rate is ``then(0) * (k + 1) / (steps + 1)`` for `steps` updates, and ``then(k - steps)`` from there on.

    Parameters
    ----------
    steps : int
        Updates of the climb, at least 1.
    then : float, schedule or callable
        What follows; it counts from its own beginning.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017, section 2.2; the climb is
    that of ``torch.optim.lr_scheduler.LinearLR(start_factor=1 / (steps + 1), total_iters=steps)``.

    Examples
    --------
    >>> import numpy as np
    >>> from fallline.schedules import StepDecay
    >>> Warmup(3, StepDecay(0.4, every=2, factor=0.5))(np.arange(7))
    array([0.1, 0.2, 0.3, 0.4, 0.4, 0.2, 0.2])
    """

    steps: int
    then: Any

    def __post_init__(self) -> None:
        check_count("steps", self.steps)
        if isinstance(self.then, MeasuredSchedule):
            raise InputError(
                f"then must be a schedule of the iteration alone; got {shown(self.then)}. A climb knows no cost. "
                "Write it the other way round: ReduceOnPlateau(Warmup(…), …)."
            )
        object.__setattr__(self, "then", as_schedule(self.then))

    def __call__(self, k: Any) -> Any:
        xp = namespace(k)
        climb = self.then(0) * xp.minimum(k + 1, self.steps) / (self.steps + 1)
        return xp.where(k < self.steps, climb, self.then(xp.maximum(k - self.steps, 0)))[()]
