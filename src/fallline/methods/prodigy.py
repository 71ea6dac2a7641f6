"""Prodigy: Adam that estimates its own learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Any, ClassVar, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.base import RatedMethod
from fallline.methods.moments import Moments, check_adam, decayed, first_moments, next_moments, zero
from fallline.methods.ranges import check_growth, check_positive, check_share
from fallline.steps.base import Evaluate, Point

__all__ = ["Prodigy", "ProdigyState"]


class ProdigyState(NamedTuple):
    """Adam's averages of ``d*g``, the start and the weighted sum of gradients, shape (d,), and the estimates of d."""

    moments: Moments
    start: Any
    sum: Any
    numerator: Any
    distance: Any
    largest: Any


@dataclass(frozen=True, kw_only=True)
class Prodigy(RatedMethod):
    """Adam with the distance from the start to the minimum as its learning rate, estimated as it goes.

    With ``lam = d*rate``: ``r = beta3*r + d/d0*lam * g·(start - x)``, ``s = beta3*s + d/d0*lam * g``; m and v are
    Adam's averages of ``d*g`` and its square; then ``d = max(d, d_coef * r/||s||₁)`` and
    ``x = x - lam * (m/(sqrt(v) + d*eps) + weight_decay*x)``, with the new d beside `eps` and the old one in lam.

    Parameters
    ----------
    betas : tuple of two floats
        Shares of the averages kept, each in [0, 1).
    beta3 : float or None
        Share of the sums r and s kept, in [0, 1); None for the root of the second beta.
    eps : float
        Added to the denominator, positive.
    weight_decay : float
        Times `x` is added to the direction or, not decoupled, to the gradient.
    decouple : bool
        Whether the decay bypasses the scaling, as in AdamW.
    use_bias_correction : bool
        Whether lam is multiplied by ``sqrt(1-beta2ᵗ)/(1-beta1ᵗ)``, as optax does.
    safeguard_warmup : bool
        Whether s leaves out the rate, for a schedule that warms up.
    d0, d_coef : float
        The first estimate, and a factor on those that follow, positive.
    growth_rate : float
        The most that d may grow at a step, above 1; infinite for no bound.
    learning_rate : float or schedule
        Scales the estimate; None for 1.

    Raises
    ------
    InputError
        Where a parameter is out of its range.

    References
    ----------
    K. Mishchenko and A. Defazio, "Prodigy: an expeditiously adaptive parameter-free learner", ICML 2024, algorithm 4;
    the settings and defaults are those of the authors' program.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda theta: theta**2, 3.0, method="prodigy")
    >>> result.success, abs(result.x) < 1e-4
    (True, True)
    """

    name: ClassVar[str] = "prodigy"
    default_rate: ClassVar[Any] = 1.0

    betas: tuple[float, float] = (0.9, 0.999)
    beta3: float | None = None
    eps: float = 1e-8
    weight_decay: float = 0.0
    decouple: bool = True
    use_bias_correction: bool = False
    safeguard_warmup: bool = False
    d0: float = 1e-6
    d_coef: float = 1.0
    growth_rate: float = inf

    def __post_init__(self) -> None:
        check_adam(self.betas, self.eps, self.weight_decay)
        if self.beta3 is not None:
            check_share("beta3", self.beta3, "A sum that forgets must fade. None takes the root of the second beta.")
        check_positive("d0", self.d0, "It is a distance to begin with. The usual one is 1e-6.")
        check_positive("d_coef", self.d_coef, "It scales a distance. The usual one is 1.")
        check_growth("growth_rate", self.growth_rate, "A distance must be able to grow. Try 1.02.")

    def init(self, x: Any) -> ProdigyState:
        first = zero(x) + self.d0
        return ProdigyState(first_moments(x), x, namespace(x).zeros_like(x), zero(x), first, first)

    def move(self, here: Point, state: ProdigyState, rate: Any, evaluate: Evaluate) -> tuple[Any, ProdigyState]:
        xp, before = namespace(here.x), state.distance
        coupled, decoupled = (0.0, self.weight_decay) if self.decouple else (self.weight_decay, 0.0)
        gradient = decayed(here.gradient, here.x, coupled)
        moments = next_moments(before * gradient, state.moments, self.betas)
        step = before * rate * self._correction(xp, moments)
        beta3 = sqrt(self.betas[1]) if self.beta3 is None else self.beta3
        weight = before / self.d0
        numerator = beta3 * state.numerator + weight * step * xp.sum(gradient * (state.start - here.x))
        total = beta3 * state.sum + weight * (before if self.safeguard_warmup else step) * gradient
        distance, largest = self._estimate(xp, numerator, xp.sum(xp.abs(total)), state)
        direction = moments.mean / (xp.sqrt(moments.square) + distance * self.eps)
        change = step * decayed(direction, here.x, decoupled)
        return change, ProdigyState(moments, state.start, total, numerator, distance, largest)

    def _correction(self, xp: Any, moments: Moments) -> Any:
        return xp.sqrt(1 - moments.power2) / (1 - moments.power1) if self.use_bias_correction else 1.0

    def _estimate(self, xp: Any, numerator: Any, size: Any, state: ProdigyState) -> tuple[Any, Any]:
        """Return the distance to go on with, and the largest estimated so far."""
        before = state.distance
        estimate = xp.where(size > 0, self.d_coef * numerator / xp.where(size > 0, size, 1 + 0 * size), before)
        largest = xp.maximum(state.largest, estimate)
        # the first estimate may be orders above d0, and is not held back
        base = xp.where(before == 0 * before + self.d0, xp.maximum(before, estimate), before)
        return xp.minimum(largest, base * self.growth_rate), largest
