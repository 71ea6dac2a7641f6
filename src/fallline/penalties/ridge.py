"""The squared penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Ridge"]


@dataclass(frozen=True, eq=False)
class Ridge:
    """Half the weighted sum of squares, ``½ Σ strength[j]·w[j]²``.

    Parameters
    ----------
    strength : array of shape (d,)
        One strength for each coefficient; zero leaves it free.

    Examples
    --------
    >>> import numpy as np
    >>> Ridge(np.array([1.0, 0.0])).value(np.array([2.0, 5.0]))
    2.0
    """

    strength: np.ndarray

    def value(self, w: np.ndarray) -> float:
        """Return the penalty of `w`, shape (d,)."""
        return 0.5 * float(self.strength @ (w * w))

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return its gradient, shape (d,)."""
        return self.strength * w
