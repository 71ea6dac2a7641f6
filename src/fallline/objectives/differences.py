"""A function known only by its values: gradients by central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.objectives.base import Objective
from fallline.objectives.plain import PlainFunction

__all__ = ["DifferencedFunction", "central_differences"]


class DifferencedFunction(Objective):
    """A plain function whose gradient is measured: ``(f(x + h e_i) - f(x - h e_i)) / 2h``, 2d evaluations each.

    The step is ``h = share**(1/3) * max(1, |x_i|)``, which balances the error of the formula against that of the values
    (Nocedal and Wright, *Numerical Optimization*, 2006, section 8.1); their `share` of error is that of rounding, or
    more for values known to be noisy.

    Parameters
    ----------
    function : callable
        As the user wrote it.
    layout : Layout
        How it takes its parameters.
    args : tuple
        Its further arguments.
    noise, share : float
        The noise in its values: its size, and its share of their whole range.
    """

    source = "finite-differences"
    exact = False
    pure = False

    def __init__(
        self,
        function: Callable[..., Any],
        layout: Layout,
        args: tuple[Any, ...],
        noise: float = 0.0,
        share: float = 0.0,
    ) -> None:
        super().__init__()
        self.noise, self.share = noise, max(share, float(np.finfo(layout.dtype).eps))
        self.function = PlainFunction(function, layout, args)
        self.size, self.dtype = layout.size, layout.dtype

    def value(self, x: np.ndarray) -> float:
        self.counts.function += 1
        return self.function(x)

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1 + 2 * x.size
        self.counts.gradient += 1
        return self.function(x), central_differences(self.function, x, self.share)


def central_differences(
    function: Callable[[np.ndarray], float], x: np.ndarray, share: float | None = None
) -> np.ndarray:
    """Return the gradient of `function` at `x`, shape (d,), by central differences; `share` is the values' error.

    Where the function ends on one side, two steps to the other serve: ``(4 f(x + h) - 3 f(x) - f(x + 2h)) / 2h``.
    """
    gradient = np.empty_like(x)
    share = float(np.finfo(x.dtype).eps) if share is None else share
    steps = share ** (1 / 3) * np.maximum(1, np.abs(x))
    for i, step in enumerate(steps):
        ahead, behind = x.copy(), x.copy()
        ahead[i] += step
        behind[i] -= step
        high, low = function(ahead), function(behind)
        gradient[i] = (high - low) / (ahead[i] - behind[i])
        if np.isfinite(high) != np.isfinite(low):
            signed = step if np.isfinite(high) else -step
            ahead[i] = x[i] + 2 * signed
            near = high if np.isfinite(high) else low
            gradient[i] = (4 * near - 3 * function(x) - function(ahead)) / (2 * signed)
    return gradient
