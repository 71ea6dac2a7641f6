"""The Huber loss: squared near the target, straight far from it."""

from dataclasses import dataclass

import numpy as np

from fallline.losses.base import Loss

__all__ = ["Huber"]


@dataclass(frozen=True)
class Huber(Loss):
    """``c·(r - c/2)`` with ``r = |z - y|``, ``c = min(r, delta)``: half the squared error, straight beyond `delta`.

    Its conjugate is ``u·y + u²/2`` for ``|u| <= delta`` (P. Huber, "Robust estimation of a location parameter", 1964).

    Parameters
    ----------
    delta : float
        Where the loss becomes straight, in the target's units.

    Raises
    ------
    InputError
        Where `delta` is not a finite number above 0.

    Examples
    --------
    >>> loss = Huber(delta=2.0)
    >>> print(loss.value(0.0, 1.0), loss.value(0.0, 5.0), loss.derivative(0.0, 5.0))
    0.5 8.0 2.0
    """

    name = "huber"
    task = "regression"
    steepest = 1.0

    delta: float = 1.35

    def __post_init__(self) -> None:
        if not (self._is_number(self.delta) and 0 < self.delta < np.inf):
            self._refuse_parameter(
                "delta",
                "a finite number above 0",
                self.delta,
                "Beyond it errors count linearly. Use about 1.35 times the noise's standard deviation.",
            )

    def value(self, y, z):
        far = np.abs(z - y)
        near = np.minimum(far, self.delta)
        return near * (far - 0.5 * near)

    def derivative(self, y, z):
        return np.minimum(np.maximum(z - y, -self.delta), self.delta)

    def curvature(self, y, z):
        return (np.abs(z - y) <= self.delta) + 0.0 * y

    def constant(self, y, weights):
        # the slope of the cost rises by a row's weight at y - delta, and stops to at y + delta
        s = np.ones(len(y)) if weights is None else weights
        places, steepening = np.concatenate([y - self.delta, y + self.delta]), np.concatenate([s, -s])
        order = np.argsort(places, kind="stable")
        places, steepening = places[order], np.cumsum(steepening[order])
        slopes = -self.delta * s.sum() + np.concatenate([[0.0], np.cumsum(steepening[:-1] * np.diff(places))])
        last = int(np.argmax(slopes >= 0))
        if last == 0 or steepening[last - 1] <= 0:
            return places[last]
        return places[last] - slopes[last] / steepening[last - 1]

    def conjugate(self, y, u):
        return u * (y + 0.5 * u)

    def project(self, y, u):
        return np.clip(u, -self.delta, self.delta)

    def parts(self, y):
        return ((0.0 * y - self.delta, 0.0 * y + self.delta, y, 0.0 * y + 1.0),)
