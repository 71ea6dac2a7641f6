"""Rates that the user lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fallline.arrays.namespace import namespace
from fallline.errors import InputError
from fallline.schedules.base import Schedule, check_count, positive_rate

__all__ = ["Piecewise"]


@dataclass(frozen=True)
class Piecewise(Schedule):
    """The first of `rates` before the first of `boundaries`, the next from there on, and so forth.

    Parameters
    ----------
    boundaries : sequence of int
        The updates at which the rate changes, rising, each at least 1.
    rates : sequence of float
        One more than there are boundaries, positive.

    Raises
    ------
    InputError
        Where the boundaries do not rise, or there are not as many rates as they need.

    References
    ----------
    The rate changes at a boundary as with ``torch.optim.lr_scheduler.MultiStepLR``.

    Examples
    --------
    >>> import numpy as np
    >>> Piecewise([2, 3], [0.1, 0.05, 0.01])(np.arange(5))
    array([0.1 , 0.1 , 0.05, 0.01, 0.01])
    """

    boundaries: Sequence[int]
    rates: Sequence[float]

    def __post_init__(self) -> None:
        # lists become tuples, so that the schedule can never change
        object.__setattr__(self, "boundaries", tuple(self.boundaries))
        object.__setattr__(self, "rates", tuple(self.rates))
        for boundary in self.boundaries:
            check_count("boundaries", boundary)
        if any(later <= earlier for earlier, later in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise InputError(
                f"boundaries must rise; got {list(self.boundaries)!r}. They are the updates at which the rate "
                "changes, in order. Sort them, and the rates with them."
            )
        if len(self.rates) != len(self.boundaries) + 1:
            raise InputError(
                f"rates must hold {len(self.boundaries) + 1} rates for {len(self.boundaries)} boundaries; got "
                f"{len(self.rates)}. One holds before the first boundary, one from each on. Add or leave out rates."
            )
        for rate in self.rates:
            positive_rate("rates", rate)

    def __call__(self, k: Any) -> Any:
        xp = namespace(k)
        return xp.asarray(self.rates)[xp.searchsorted(xp.asarray(self.boundaries, dtype=int), k, side="right")]
