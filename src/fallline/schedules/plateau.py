"""A rate that falls when the cost no longer does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.errors import InputError
from fallline.schedules.base import MeasuredSchedule, Schedule, check_count
from fallline.schedules.custom import as_schedule

__all__ = ["ReduceOnPlateau"]

LEAST_CHANGE = 1e-8
"""A fall of the rate by no more than this is not made, as in PyTorch."""


class PlateauState(NamedTuple):
    """The best cost, the updates since it, those of the rest left, and the factor on the schedule; scalars."""

    best: Any
    waited: Any
    resting: Any
    factor: Any


@dataclass(frozen=True)
class ReduceOnPlateau(MeasuredSchedule):
    """Multiply the rate by `factor` whenever the cost has not become better for more than `patience` updates.

    A cost is better where it is below ``best - threshold * abs(best)``. The rate of an update has seen the costs of the
    updates before it, as in a loop that ends with ``scheduler.step(loss)``.

    Parameters
    ----------
    rate : float, schedule or callable
        The rate, or the schedule, that is multiplied.
    factor : float
        In (0, 1).
    patience : int
        Updates without a better cost that are borne, at least 0.
    threshold : float
        The relative change that counts as better, in [0, 1).
    cooldown : int
        Updates after a reduction during which none is counted, at least 0.
    minimum : float
        The rate that no reduction goes below, at least 0.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    Conventions of ``torch.optim.lr_scheduler.ReduceLROnPlateau``, but that with a negative cost PyTorch's relative
    threshold counts a slightly worse cost as better.

    Examples
    --------
    >>> import fallline as fl
    >>> rate = fl.schedules.ReduceOnPlateau(1.0, factor=0.25, patience=2)
    >>> fl.minimize(lambda theta: theta**2, 3.0, learning_rate=rate, max_iterations=6).trace.learning_rate[1:]
    array([1.  , 1.  , 1.  , 1.  , 0.25, 0.25])
    """

    rate: Any
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    cooldown: int = 0
    minimum: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", as_schedule(self.rate))
        check_count("patience", self.patience, least=0)
        check_count("cooldown", self.cooldown, least=0)
        ranges = {
            "factor": (0 < self.factor < 1, "above 0 and below 1", "It multiplies the rate. Try 0.1"),
            "threshold": (0 <= self.threshold < 1, "at least 0 and below 1", "It is a share of the cost. Try 1e-4"),
            "minimum": (0 <= self.minimum < float("inf"), "at least 0 and finite", "It is a rate. Try 0"),
        }
        for name, (holds, rule, why) in ranges.items():
            if not holds:
                raise InputError(f"{name} must be {rule}; got {getattr(self, name)!r}. {why}.")

    @property
    def base(self) -> Schedule:
        return self.rate

    def init(self, x: Any) -> PlateauState:
        zero = 0 * x[0]
        return PlateauState(zero + float("inf"), zero, zero, zero + 1)

    def follow(self, rate: Any, fun: Any, state: PlateauState) -> tuple[Any, PlateauState]:
        xp = namespace(fun)
        now = self._bounded(rate, state.factor)
        unknown = ~xp.isfinite(state.best)
        best = xp.where(unknown, 0, state.best)
        better = unknown | (fun < best - self.threshold * abs(best))
        resting = state.resting > 0
        waited = xp.where(better | resting, 0, state.waited + 1)
        late = waited > self.patience
        lower = self._bounded(rate, state.factor * self.factor)
        factor = xp.where(late & (now - lower > LEAST_CHANGE), state.factor * self.factor, state.factor)
        rest = xp.where(late, self.cooldown, xp.where(resting, state.resting - 1, state.resting))
        return now, PlateauState(xp.where(better, fun, state.best), xp.where(late, 0, waited), rest, factor)

    def _bounded(self, rate: Any, factor: Any) -> Any:
        """Return the rate times the factor, not below the minimum by the factor's doing."""
        return namespace(factor).maximum(rate * factor, namespace(factor).minimum(rate, self.minimum))
