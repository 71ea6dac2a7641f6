"""The check of a user's gradient against the user's function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fallline.trace import Finding

__all__ = ["Slopes", "compare_gradient", "fault_of", "measure_slopes"]

MOST = 64
"""Components measured one by one; of more, a random choice, and all of them along random directions."""

DIRECTIONS = 3

STEPS = (1.0, 1e-2, 1e-4, 1e2)
"""Steps tried, in units of ``eps**(1/4) * max(1, |x|)``, until one measures well."""

SHARE = 1e-4
"""A component may differ by this share of itself."""

Cost = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class Slopes:
    """Some components of a gradient: which, what the gradient given says, what was measured, and how surely.

    All arrays are of shape (m,); `allowed` is the difference at which a component begins to be wrong.
    """

    index: np.ndarray
    given: np.ndarray
    measured: np.ndarray
    error: np.ndarray
    allowed: np.ndarray

    @property
    def wrong(self) -> np.ndarray:
        """Which of them are wrong."""
        return ~(np.abs(self.given - self.measured) <= self.allowed)

    @property
    def relative_errors(self) -> np.ndarray:
        """The differences as shares of the larger side; 0 where they lie within the error of the measurement."""
        apart = np.maximum(np.abs(self.given - self.measured) - self.error, 0.0)
        size = np.maximum(np.abs(self.given), np.abs(self.measured))
        return np.divide(apart, size, out=np.zeros_like(apart), where=apart != 0)

    @property
    def worst(self) -> int:
        """The place of the component that is furthest beyond what is allowed."""
        over = np.abs(self.given - self.measured) / self.allowed if self.wrong.any() else self.relative_errors
        return int(np.argmax(over))


def compare_gradient(cost: Cost, gradient: np.ndarray, x: np.ndarray, name_of: Callable[[int], str]) -> Finding | None:
    """Compare `gradient` at `x`, both of shape (d,), with differences of `cost`; return what is wrong, if anything."""
    return fault_of(measure_slopes(cost, gradient, x), name_of)


def measure_slopes(cost: Cost, gradient: np.ndarray, x: np.ndarray) -> Slopes:
    """Measure the slopes of `cost` at `x`, shape (d,), to compare them with `gradient`, shape (d,).

    Central differences, extrapolated once (Richardson), agree with a right gradient to about ten digits on a smooth
    function; between the two one-sided slopes of a kink anything is accepted. Of many components some are measured,
    and random directions show whether another one is wrong: halving then finds it. Components that cannot be measured,
    as the cost is not finite beside them, are left out.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd edition, 2006, section 8.1, for the steps; W. Press et al.,
    *Numerical Recipes*, 3rd edition, 2007, section 5.7, for the extrapolation.
    """
    few = x.size <= MOST
    rng = np.random.default_rng(0)
    chosen = np.arange(x.size) if few else np.sort(rng.choice(x.size, MOST, replace=False))
    broken = np.flatnonzero(~np.isfinite(gradient))[:1]
    if broken.size:
        chosen = np.union1d(chosen, broken)
    meter = _Meter(cost, x, gradient)
    slopes = _components(meter, chosen)
    if not few and not broken.size and not slopes.wrong.any():
        hidden = _hidden(meter, rng)
        if hidden is not None and hidden not in chosen:
            slopes = _components(meter, np.union1d(chosen, [hidden]))
    return slopes


def fault_of(slopes: Slopes, name_of: Callable[[int], str]) -> Finding | None:
    """Return what is wrong with a gradient by its slopes: its sign, a factor, or single components; None if nothing."""
    given, measured, wrong = slopes.given, slopes.measured, slopes.wrong
    if not wrong.any():
        return None
    with np.errstate(all="ignore"):
        factor = float(given @ measured / (measured @ measured)) if measured.any() else 0.0
        is_multiple = np.all(np.abs(given - factor * measured) <= max(abs(factor), 1.0) * slopes.allowed)
    if factor != 0 and is_multiple:
        return _off_by(factor)
    worst = slopes.worst
    index, name = int(slopes.index[worst]), name_of(int(slopes.index[worst]))
    count = int(wrong.sum())
    others = f" {count} of the {len(wrong)} components looked at are wrong." if count > 1 else ""
    return Finding(
        "wrong-gradient",
        "error",
        f"The gradient given is not the function's: for {name} (component {index}) it says {given[worst]:.6g}, the "
        f"function's slope is {measured[worst]:.6g}.{others}",
        "Correct that component, or leave gradient out: fallline differentiates the function itself.",
        {
            "index": index,
            "name": name,
            "given": float(given[worst]),
            "measured": float(measured[worst]),
            "wrong": count,
        },
    )


def _off_by(factor: float) -> Finding:
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


class _Meter:
    """Measures slopes of a cost at one point, along any direction, each with the error that it may have."""

    def __init__(self, cost: Cost, x: np.ndarray, gradient: np.ndarray) -> None:
        self.cost, self.x, self.given = cost, x, gradient.astype(np.float64)
        self.eps = float(np.finfo(x.dtype).eps)
        self.units = np.maximum(1.0, np.abs(x.astype(np.float64)))
        self.here = cost(x)
        self.jitter = abs(cost(x) - self.here)
        finite = self.given[np.isfinite(self.given)]
        # below this share of the largest component, rounding of the gradient given is told from an error no more
        self.floor = 0.1 * np.sqrt(self.eps) * float(np.abs(finite).max(initial=0.0))

    def along(self, direction: np.ndarray, expected: float, enough: float) -> tuple[float, float]:
        """Return the slope along a direction, in units of it, and its error; the best of a few steps."""
        best = np.nan, np.inf
        for factor in STEPS:
            slope, error = self._slope(direction, factor * self.eps ** (1 / 4))
            if error < best[1]:
                best = slope, error
            if best[1] <= enough + 1e-5 * max(abs(best[0]), abs(expected)):
                break
        return best

    def _slope(self, direction: np.ndarray, h: float) -> tuple[float, float]:
        costs = np.array([self._at(direction, side * h) for side in (1, -1, 0.5, -0.5)])
        if not np.isfinite(costs).all():
            return np.nan, np.inf
        ahead, behind, near_ahead, near_behind = costs
        wide, narrow = (ahead - behind) / (2 * h), (near_ahead - near_behind) / h
        noise = 10 * (self.eps * max(abs(ahead), abs(behind), abs(self.here)) + self.jitter) / h
        noise += self.eps * abs(narrow) / h  # the step itself is rounded
        kink = abs(ahead - 2 * self.here + behind) / h
        half_kink = abs(near_ahead - 2 * self.here + near_behind) / (h / 2)
        # a bend that does not shrink with the step is a kink: both one-sided slopes are then as good
        is_kink = kink > 0 and half_kink > 0.9 * kink and kink > 1e-3 * abs(narrow) + noise
        return float((4 * narrow - wide) / 3), float(noise + 4 * abs(wide - narrow) + (kink if is_kink else 0.0))

    def _at(self, direction: np.ndarray, by: float) -> float:
        return self.cost((self.x + by * direction).astype(self.x.dtype))


def _components(meter: _Meter, chosen: np.ndarray) -> Slopes:
    """Measure these components one by one, and leave out those that cannot be measured."""
    measured, error = np.empty((2, len(chosen)))
    for place, index in enumerate(chosen):
        unit = meter.units[index]
        direction = np.zeros(meter.x.size)
        direction[index] = unit
        slope = meter.along(direction, float(unit * meter.given[index]), float(unit * meter.floor))
        measured[place], error[place] = slope[0] / unit, slope[1] / unit
    usable = np.isfinite(measured) & np.isfinite(error)
    chosen, measured, error = chosen[usable], measured[usable], error[usable]
    allowed = error + SHARE * np.abs(measured) + meter.floor + float(np.finfo(np.float64).tiny)
    return Slopes(chosen, meter.given[chosen], measured, error, allowed)


def _hidden(meter: _Meter, rng: np.random.Generator) -> int | None:
    """Return a component that is wrong, found by halving a direction along which the whole gradient is."""
    for _ in range(DIRECTIONS):
        direction = meter.units * rng.standard_normal(meter.x.size)
        part = np.arange(meter.x.size)
        if _excess(meter, direction, part) <= 1:
            continue
        while len(part) > 1:
            halves = np.array_split(part, 2)
            part = max(halves, key=lambda half: _excess(meter, direction, half))
        return int(part[0])
    return None


def _excess(meter: _Meter, direction: np.ndarray, part: np.ndarray) -> float:
    """Return the difference along some components of a direction, in units of what is allowed."""
    along = np.zeros_like(direction)
    along[part] = direction[part]
    terms = along * meter.given
    length = float(np.linalg.norm(terms))
    slope, error = meter.along(along, length, 0.0)
    if not np.isfinite(error):
        return 0.0
    # the rounding of a right gradient, and of the sum over its components
    allowed = error + 1e-6 * length + meter.floor * float(np.linalg.norm(along)) * 1e-3
    return abs(float(terms.sum()) - slope) / allowed if allowed > 0 else 0.0
