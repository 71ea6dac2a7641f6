"""The check of a user's gradient against the user's function."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fallline.trace import Finding

__all__ = ["compare_gradient"]

MOST = 64
"""Components measured at most; beyond that, a random choice."""


def compare_gradient(
    cost: Callable[[np.ndarray], float], gradient: np.ndarray, x: np.ndarray, name_of: Callable[[int], str]
) -> Finding | None:
    """Compare `gradient` at `x`, both of shape (d,), with differences of `cost`; return what is wrong, if anything.

    Central differences, extrapolated once (Richardson), agree with a right gradient to about ten digits on a smooth
    function; between the two one-sided slopes of a kink anything is accepted.
    """
    rng = np.random.default_rng(0)
    chosen = np.arange(x.size) if x.size <= MOST else np.sort(rng.choice(x.size, MOST, replace=False))
    measured, error = np.empty(len(chosen)), np.empty(len(chosen))
    here = cost(x)
    for place, index in enumerate(chosen):
        measured[place], error[place] = _slope(cost, x, int(index), here)
    given = gradient[chosen].astype(np.float64)
    usable = np.isfinite(measured) & np.isfinite(error)
    if not usable.any():
        return None
    chosen, given, measured, error = chosen[usable], given[usable], measured[usable], error[usable]
    # a zero gradient is right only as far as rounding tells; what matters is the size of the whole
    allowed = error + 1e-4 * np.maximum(np.abs(measured), 1e-3 * np.abs(measured).max())
    if np.all(np.abs(given - measured) <= allowed):
        return None
    return _name_the_fault(chosen, given, measured, allowed, name_of)


def _slope(cost: Callable[[np.ndarray], float], x: np.ndarray, index: int, here: float) -> tuple[float, float]:
    """Return the slope of the cost along one parameter and its error."""
    eps = float(np.finfo(x.dtype).eps)
    step = x.dtype.type(eps ** (1 / 4) * max(1.0, abs(float(x[index]))))

    def shifted(by: float) -> float:
        there = x.copy()
        there[index] += x.dtype.type(by)
        return cost(there)

    ahead, behind = shifted(step), shifted(-step)
    wide = (ahead - behind) / (2 * step)
    narrow = (shifted(step / 2) - shifted(-step / 2)) / step
    noise = 10 * eps * max(abs(ahead), abs(behind), abs(here)) / step
    kink = abs((ahead - here) - (here - behind)) / step
    smooth_bend = 4 * abs(wide - narrow)
    # a bend that does not shrink with the step is a kink: both one-sided slopes are then as good
    half_kink = abs(shifted(step / 2) - 2 * here + shifted(-step / 2)) / (step / 2)
    one_sided = kink if kink > 0 and half_kink > 0.9 * kink and kink > 1e-3 * abs(narrow) + noise else 0.0
    return float((4 * narrow - wide) / 3), float(noise + smooth_bend + one_sided)


def _name_the_fault(
    chosen: np.ndarray, given: np.ndarray, measured: np.ndarray, allowed: np.ndarray, name_of: Callable[[int], str]
) -> Finding:
    factor = float(given @ measured / (measured @ measured)) if measured.any() else 0.0
    if factor != 0 and np.all(np.abs(given - factor * measured) <= max(abs(factor), 1.0) * allowed):
        if abs(factor + 1) < 1e-3:
            return Finding(
                "gradient-sign-flipped",
                "error",
                "The gradient given has the wrong sign: it is minus the slope of the function, so every step climbs.",
                "Change its sign, or leave gradient out: fallline differentiates the function itself.",
                {"factor": factor},
            )
        return Finding(
            "wrong-gradient-scale",
            "error",
            f"The gradient given is {factor:.6g} times the slope of the function.",
            f"Divide it by {factor:.6g} (a forgotten 2, 1/2 or 1/n?), or leave gradient out.",
            {"factor": factor},
        )
    worst = int(np.argmax(np.abs(given - measured) / allowed))
    index = int(chosen[worst])
    return Finding(
        "wrong-gradient",
        "error",
        f"The gradient given is not the function's: for {name_of(index)} (component {index}) it says "
        f"{given[worst]:.6g}, the function's slope is {measured[worst]:.6g}.",
        "Correct that component, or leave gradient out: fallline differentiates the function itself.",
        {"index": index, "name": name_of(index), "given": float(given[worst]), "measured": float(measured[worst])},
    )
