"""AC-FGM: accelerated gradient descent that needs neither a rate nor a line search."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace, while_loop
from fallline.methods.base import RatedMethod
from fallline.methods.moments import zero
from fallline.methods.ranges import check_share
from fallline.steps.adgd import probed_rate
from fallline.steps.base import Evaluate, Point

__all__ = ["ACFGM", "ACFGMState"]


class ACFGMState(NamedTuple):
    """The point before, the anchor y, shape (d,), the first and the last eta, tau, the tau before, the steps."""

    before: Point
    y: Any
    first: Any
    eta: Any
    tau: Any
    tau_before: Any
    count: Any


@dataclass(frozen=True, kw_only=True)
class ACFGM(RatedMethod):
    """Accelerated descent on a convex function, its steps from the curvature L that the last two points have shown.

    ``eta = min(4/3*eta, (tau_before + 1)/tau*eta, tau/(4*L))``, ``tau = tau + 2*(1-alpha)*eta*L/tau + alpha/2``,
    ``z = prox(y - eta*g)``, ``y = (1-beta)*y + beta*z``, ``x = (z + tau*x)/(1 + tau)``, where with the point before
    ``L = ||g - g_before||² / (2*(f_before - f - g·(x_before - x)))``.

    The first step is plain descent over ``2.5*L`` with L along the first gradient, rounded to a power of two; the
    second has ``eta = min((1-beta)*eta, 1/(4*L))`` with ``L = ||g - g_before|| / ||x - x_before||`` and tau = 1.

    Parameters
    ----------
    alpha : float
        How much the growth of tau leaves to the curvature, in [0, 1).
    beta : float
        How fast the anchor follows, in [0, 1).
    restart : bool
        Whether to begin anew, with the first step length, wherever the cost has risen.
    learning_rate : float, schedule or None
        Scales the step lengths; None for 1.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    T. Li and G. Lan, "A simple uniformly optimal method without line search for convex optimization", 2023,
    algorithm 1 with corollary 1; the restart and the first step are those of the authors' program. Where rounding hides
    the denominator of L, or the function is not convex there, L is the ratio of the second step.

    Examples
    --------
    >>> import fallline as fl
    >>> fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method="ac-fgm").success
    True
    """

    name: ClassVar[str] = "ac-fgm"
    default_rate: ClassVar[Any] = 1.0
    proximal: ClassVar[bool] = True

    alpha: float = 0.1
    beta: float = 1 - sqrt(6) / 3
    restart: bool = True

    def __post_init__(self) -> None:
        check_share("alpha", self.alpha, "It is a share of the growth of tau. The usual one is 0.1.")
        check_share("beta", self.beta, "It is a share of the way. The usual one is 1 - sqrt(6)/3.")

    def init(self, x: Any) -> ACFGMState:
        number = zero(x)
        return ACFGMState(Point(x, number, 0 * x), x, number, number, number + 1, number, number)

    def move(self, here: Point, state: ACFGMState, rate: Any, evaluate: Evaluate) -> tuple[Any, ACFGMState]:
        xp, opening, second = namespace(here.x), state.count == 0, state.count == 1
        first = self._first(here, evaluate, opening, state.first)
        curvature = _curvature(xp, _smooth(state.before, evaluate), _smooth(here, evaluate), by_cost=state.count > 1)
        risen = (state.count > 1) & (here.fun > state.before.fun) & self.restart
        eta, tau, tau_before = (
            xp.where(risen, a, b) for a, b in ((first, state.eta), (1.0, state.tau), (0.0, state.tau_before))
        )
        y = xp.where(risen, here.x, state.y)
        eta, following = self._lengths(xp, eta, tau, tau_before, curvature, second)
        eta, tau_before = xp.where(opening, first, eta), xp.where(opening | second, 0.0, tau)
        tau = xp.where(opening | second, 1.0, following)
        z = evaluate.reach(y, here.gradient, rate * eta)
        there = xp.where(opening, z, (z + tau * here.x) / (1 + tau))
        y = xp.where(opening, y, (1 - self.beta) * y + self.beta * z)
        return here.x - there, ACFGMState(here, y, first, eta, tau, tau_before, state.count + 1)

    def _first(self, here: Point, evaluate: Evaluate, wanted: Any, known: Any) -> Any:
        """Return the first step length, measured once."""

        def measure(_: tuple[Any, Any]) -> tuple[Any, Any]:
            return probed_rate(here, here.gradient, evaluate) / 2.5, ~wanted

        return while_loop(lambda state: state[1], measure, (known, wanted), here.x)[0]

    def _lengths(self, xp: Any, eta: Any, tau: Any, tau_before: Any, curvature: Any, second: Any) -> tuple[Any, Any]:
        """Return the next eta and tau of corollary 1."""
        curved = curvature > 0
        grown = xp.where(second, (1 - self.beta) * eta, xp.minimum(4 / 3 * eta, (tau_before + 1) / tau * eta))
        bound = tau / (4 * xp.where(curved, curvature, 1.0))
        eta = xp.where(curved, xp.minimum(grown, bound), grown)
        return eta, tau + 2 * (1 - self.alpha) * eta * curvature / tau + self.alpha / 2


def _smooth(point: Point, evaluate: Evaluate) -> Point:
    """Return the point with the cost without its penalty."""
    return point if evaluate.penalty is None else point._replace(fun=point.fun - evaluate.penalty.value(point.x))


def _curvature(xp: Any, before: Point, here: Point, by_cost: Any) -> Any:
    """Return L between two points, by the cost where that is wanted and the rounding of the cost allows it."""
    step, change = before.x - here.x, here.gradient - before.gradient
    length, square = xp.sqrt(xp.sum(step * step)), xp.sum(change * change)
    above = before.fun - here.fun - xp.sum(here.gradient * step)
    noise = 16 * xp.finfo(here.x.dtype).eps * (xp.abs(before.fun) + xp.abs(here.fun))
    seen = by_cost & (above > noise)
    return xp.where(
        seen, square / (2 * xp.where(seen, above, 1.0)), xp.sqrt(square) / xp.where(length > 0, length, 1.0)
    )
