"""Plain gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fallline.methods.base import Method
from fallline.steps.backtracking import Backtracking

__all__ = ["GradientDescent"]


@dataclass(frozen=True, kw_only=True)
class GradientDescent(Method):
    """Step against the gradient: ``x = x - learning_rate * gradient``.

    With a number as its rate this is exactly the textbook's loop. It is stable on a curvature L while the rate is
    below 2/L, and fastest near 1/L.

    Parameters
    ----------
    learning_rate : float, schedule, step rule or None
        None measures a rate at every step (`fallline.steps.Backtracking`).

    References
    ----------
    A. Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées", 1847.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda theta: theta**2, 3.0, method=fl.methods.GradientDescent(), learning_rate=0.25)
    >>> result.trace.x[:3]
    array([3.  , 1.5 , 0.75])
    """

    name: ClassVar[str] = "gradient-descent"
    aliases: ClassVar[tuple[str, ...]] = ("gd",)
    default_rate: ClassVar[Any] = Backtracking()
    proximal: ClassVar[bool] = True

    def init(self, x: Any) -> tuple[()]:
        return ()

    def update(self, gradient: Any, state: tuple[()], x: Any) -> tuple[Any, tuple[()]]:
        return gradient, state

    def stable_rate(self, curvature: float) -> float:
        return 2 / curvature
