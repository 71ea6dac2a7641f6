"""Barzilai and Borwein's gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fallline.methods.base import Method
from fallline.steps.barzilai_borwein import BarzilaiBorweinStep

__all__ = ["BarzilaiBorwein"]


@dataclass(frozen=True, kw_only=True)
class BarzilaiBorwein(Method):
    """Step against the gradient by the inverse curvature along the last step; the cost may rise on the way.

    Parameters
    ----------
    learning_rate : float, schedule, step rule or None
        None measures it (`fallline.steps.BarzilaiBorweinStep`, which also has the short form); anything else takes its
        place, which makes this plain gradient descent.

    References
    ----------
    J. Barzilai and J. Borwein, "Two-point step size gradient methods", 1988, equation 5.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method="bb").success
    True
    """

    name: ClassVar[str] = "barzilai-borwein"
    aliases: ClassVar[tuple[str, ...]] = ("bb",)
    default_rate: ClassVar[Any] = BarzilaiBorweinStep()
    proximal: ClassVar[bool] = True

    def init(self, x: Any) -> tuple[()]:
        return ()

    def update(self, gradient: Any, state: tuple[()], x: Any) -> tuple[Any, tuple[()]]:
        return gradient, state

    def stable_rate(self, curvature: float) -> float:
        return 2 / curvature
