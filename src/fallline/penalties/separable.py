"""Penalties that are a sum over the parameters: absolute values, squares, and a box."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.namespace import namespace
from fallline.arrays.spread import spread
from fallline.errors import InputError, shown
from fallline.penalties.base import Penalty, Subgradients, Tangent

__all__ = ["Bounded", "Parts", "Separable", "check_strength", "fitted"]

INFINITY = float("inf")


class Parts(NamedTuple):
    """The penalty ``l1*|x| + l2/2*x²`` on the interval from `low` to `high`, one number for all or of shape (d,)."""

    l1: Any = 0.0
    l2: Any = 0.0
    low: Any = -INFINITY
    high: Any = INFINITY


@dataclass(frozen=True)
class Separable(Penalty):
    """A sum over the parameters of ``l1*|x| + l2/2*x²`` on an interval; every such penalty only names its parts."""

    separable: ClassVar[bool] = True

    @abstractmethod
    def parts(self) -> Parts:
        """Return the strengths and the interval."""

    def value(self, x: Any) -> Any:
        xp, parts = namespace(x), self.parts()
        return xp.sum(parts.l1 * xp.abs(x) + 0.5 * parts.l2 * x * x)

    def prox(self, x: Any, rate: Any) -> Any:
        """Return the minimiser: shrunk by ``rate*l1`` towards zero, divided by ``1 + rate*l2``, and clipped."""
        xp, (l1, l2, low, high) = namespace(x), self.parts()
        threshold = rate * l1
        shrunk = xp.where(x > threshold, x - threshold, xp.where(x < -threshold, x + threshold, 0 * x))
        return xp.clip(shrunk / (1 + rate * l2), low, high)

    def slope(self, x: Any, gradient: Any, rate: Any = 1.0) -> Any:
        """Return the shortest subgradient of the whole cost: zero where no way leads down.

        From G. Andrew and J. Gao, "Scalable training of L1-regularized log-linear models", 2007, equation 4, here
        with bounds.
        """
        xp, (l1, l2, low, high) = namespace(x), self.parts()
        smooth, kink = gradient + l2 * x, l1 + 0 * x
        upwards = smooth + xp.where(x >= 0, kink, -kink)
        downwards = smooth + xp.where(x > 0, kink, -kink)
        falls = xp.where((downwards > 0) & (x > low), downwards, 0 * x)
        return xp.where((upwards < 0) & (x < high), upwards, falls)

    def keep(self, x: Any, slope: Any, there: Any) -> Any:
        """Return the nearest point on this side of zero and of the bounds: as far as `slope` is true."""
        return namespace(x).clip(there, *self.edges(x, slope))

    def edges(self, x: Any, slope: Any) -> tuple[Any, Any]:
        """Return between which values the cost is smooth about `x`, as one follows `slope`: two of shape (d,)."""
        xp, (l1, _, low, high) = namespace(x), self.parts()
        kinked = l1 + 0 * x > 0
        falling, rising = (x > 0) | ((x == 0) & (slope <= 0)), (x < 0) | ((x == 0) & (slope >= 0))
        return (
            xp.where(kinked & falling, xp.maximum(low + 0 * x, 0 * x), low + 0 * x),
            xp.where(kinked & rising, xp.minimum(high + 0 * x, 0 * x), high + 0 * x),
        )

    def tangent(self, x: np.ndarray, gradient: np.ndarray, rate: float) -> Tangent:
        slope = np.asarray(self.slope(x, gradient))
        low, high = self.edges(x, slope)
        there = np.clip(x - rate * slope, low, high)
        free = (there > low) & (there < high)
        outside = float(np.sum(np.abs(slope * (x - there)), where=~free))
        inwards = self._inwards(x, gradient, ~free, float(np.linalg.norm(slope * free)))
        return Tangent(lambda rows: rows * free, slope * free, self.parts().l2, outside, inwards)

    def _inwards(self, x: np.ndarray, gradient: np.ndarray, held: np.ndarray, slope_left: float) -> np.ndarray | None:
        """Return the ways from edges along which the cost has no slope, beyond what is left of the slope elsewhere."""
        l1, l2, low, high = self.parts()
        smooth = gradient + l2 * x
        level = max(slope_left, 1e-8 * float(np.abs(gradient).max()))
        upwards = (x < high) & (np.abs(smooth + np.where(x >= 0, l1, -l1)) <= level)
        downwards = (x > low) & (np.abs(smooth + np.where(x > 0, l1, -l1)) <= level)
        inwards = np.where(held & upwards, 1.0, np.where(held & downwards, -1.0, 0.0))
        return inwards if inwards.any() else None

    def subgradients(self, x: np.ndarray) -> Subgradients:
        l1, l2, low, high = (np.broadcast_to(part, x.shape) for part in self.parts())
        ways, kinked = np.eye(x.size), (x == 0) & (l1 > 0)
        return Subgradients(
            l2 * x + l1 * np.where(kinked, -1.0, np.sign(x)),
            np.vstack([ways[kinked], -ways[x <= low], ways[x >= high]]),
            np.concatenate([2 * l1[kinked], np.full(int(np.sum(x <= low) + np.sum(x >= high)), INFINITY)]),
        )

    def refusal(self, x: np.ndarray, layout: Layout) -> str | None:
        _, _, low, high = self.parts()
        outside = np.flatnonzero((x < low) | (x > high))
        if not outside.size:
            return None
        first = int(outside[0])
        low, high = (float(np.broadcast_to(edge, x.shape)[first]) for edge in (low, high))
        name = layout.name_of(first)
        return f"must lie within the bounds; got {name} = {x[first]:g}, which is not between {low:g} and {high:g}"


@dataclass(frozen=True, eq=False)
class Bounded(Separable):
    """A separable penalty within bounds, each of shape (d,)."""

    inner: Separable
    low: Any
    high: Any

    def parts(self) -> Parts:
        l1, l2, low, high = self.inner.parts()
        xp = namespace(self.low)
        return Parts(l1, l2, xp.maximum(low, self.low), xp.minimum(high, self.high))


def fitted(given: Any, layout: Layout, name: str, what: str) -> Any:
    """Return a number as it is, anything else as one number for each parameter in the parameters' type."""
    if isinstance(given, (int, float)):
        return float(given)
    return spread(given, layout, name, what).astype(layout.dtype)


def check_strength(name: str, strength: Any) -> None:
    """Refuse what is no strength: a number, or a tree of numbers, of at least 0."""
    numbers: list[float] = []
    _numbers(strength, numbers, name)
    bad = [number for number in numbers if not 0 <= number < INFINITY]
    if bad:
        raise InputError(
            f"{name} must be finite and at least 0; got {bad[0]:g}. It scales the penalty that is added to the cost. "
            "Try 0.1; 0 leaves a parameter free."
        )


def _numbers(tree: Any, found: list[float], name: str) -> None:
    if isinstance(tree, (dict, list, tuple)):
        for part in tree.values() if isinstance(tree, dict) else tree:
            _numbers(part, found, name)
        return
    try:
        found.extend(np.asarray(tree, dtype=np.float64).ravel().tolist())
    except (TypeError, ValueError):
        raise InputError(
            f"{name} must be a number, or one for each parameter; got {shown(tree)}. It scales the penalty. Try 0.1."
        ) from None
