"""AdGD: gradient descent that measures its rate by the last step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fallline.methods.base import Method
from fallline.steps.adgd import AdGDStep

__all__ = ["AdGD"]


@dataclass(frozen=True, kw_only=True)
class AdGD(Method):
    """Step against the gradient, as far as the curvature between the last two points allows.

    Parameters
    ----------
    learning_rate : float, schedule, step rule or None
        None measures it (`fallline.steps.AdGDStep`); anything else takes its place, which makes this plain gradient
        descent.

    References
    ----------
    Y. Malitsky and K. Mishchenko, "Adaptive proximal gradient method for convex optimization", 2023, algorithm 1.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method="adgd").success
    True
    """

    name: ClassVar[str] = "adgd"
    default_rate: ClassVar[Any] = AdGDStep()
    proximal: ClassVar[bool] = True

    def init(self, x: Any) -> tuple[()]:
        return ()

    def update(self, gradient: Any, state: tuple[()], x: Any) -> tuple[Any, tuple[()]]:
        return gradient, state

    def stable_rate(self, curvature: float) -> float:
        return 2 / curvature
