"""The epsilon-insensitive loss of support vector regression."""

from dataclasses import dataclass

import numpy as np

from fallline.losses.base import Loss
from fallline.losses.order import quantile_of

__all__ = ["EpsilonInsensitive"]


@dataclass(frozen=True)
class EpsilonInsensitive(Loss):
    """The distance beyond a margin, ``max(|z - y| - epsilon, 0)``.

    Its conjugate is ``u·y + epsilon·|u|`` for ``|u| <= 1``
    (V. Vapnik, *The Nature of Statistical Learning Theory*, 1995, chapter 6).

    Parameters
    ----------
    epsilon : float
        Errors up to it, in the target's units, count as none.

    Raises
    ------
    InputError
        Where it is negative or not finite.

    Examples
    --------
    >>> loss = EpsilonInsensitive(epsilon=0.5)
    >>> print(loss.value(0.0, 2.0), loss.value(0.0, 0.25))
    1.5 0.0
    """

    name = "epsilon-insensitive"
    task = "regression"
    steepest = np.inf
    smooth = False

    epsilon: float = 0.1

    def __post_init__(self) -> None:
        if not (self._is_number(self.epsilon) and 0 <= self.epsilon < np.inf):
            self._refuse_parameter(
                "epsilon",
                "a finite number of at least 0",
                self.epsilon,
                "Errors up to it count as none. Use 0 for the absolute error.",
            )

    def value(self, y, z):
        return np.maximum(np.abs(z - y) - self.epsilon, 0.0)

    def derivative(self, y, z):
        return np.sign(z - y) * (np.abs(z - y) > self.epsilon)

    def curvature(self, y, z):
        return 0.0 * y

    def constant(self, y, weights):
        # the slope of the cost rises alike at both ends of each margin: in their middle it is 0
        ends = np.concatenate([y - self.epsilon, y + self.epsilon])
        return quantile_of(ends, None if weights is None else np.concatenate([weights, weights]), 0.5)

    def conjugate(self, y, u):
        return u * y + self.epsilon * np.abs(u)

    def project(self, y, u):
        return np.clip(u, -1.0, 1.0)

    def parts(self, y):
        none, one = 0.0 * y, 0.0 * y + 1.0
        return (none, one, y + self.epsilon, none), (-one, none, y - self.epsilon, none)
