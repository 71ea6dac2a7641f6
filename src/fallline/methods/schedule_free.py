"""What the schedule-free methods share: steps taken from one point, gradients at a second, the average as a third."""

from __future__ import annotations

from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.errors import InputError
from fallline.methods.moments import zero
from fallline.methods.ranges import check_not_negative

__all__ = ["Averaging", "averaged", "check_averaging", "first_averaging", "next_averaging"]


class Averaging(NamedTuple):
    """The point that takes the steps, shape (d,), the sum of the weights, the largest rate, and the steps taken."""

    z: Any
    total: Any
    largest: Any
    count: Any


def first_averaging(x: Any) -> Averaging:
    """Return what the first step needs."""
    return Averaging(x, zero(x), zero(x), zero(x))


def next_averaging(
    y: Any, direction: Any, rate: Any, before: Averaging, beta: float, r: float, weight_lr_power: float
) -> tuple[Any, Averaging]:
    """Return the change to take off `y`, where the gradient was taken, and the next state.

    With z the point that takes the steps and x their average, ``y = (1-beta)*z + beta*x``. Step t = 1, 2, … is
    ``z = z - rate*direction``, ``x = (1-c)*x + c*z`` with ``c = w(t)/(w(1)+…+w(t))`` and
    ``w(t) = tʳ * (largest rate so far)**weight_lr_power``; x, which can be had from the others, is not kept.
    """
    xp = namespace(y)
    largest = xp.maximum(before.largest, rate + 0 * before.largest)
    weight = (before.count + 1) ** r * largest**weight_lr_power
    total = before.total + weight
    share = weight / xp.where(total > 0, total, 1 + 0 * total)
    change = share * (y - before.z) + rate * (1 - beta * (1 - share)) * direction
    return change, Averaging(before.z - rate * direction, total, largest, before.count + 1)


def averaged(y: Any, state: Averaging, beta: float) -> Any:
    """Return the average x of the points that took the steps."""
    return (y - (1 - beta) * state.z) / beta


def check_averaging(name: str, beta: float, r: float, weight_lr_power: float) -> None:
    """Refuse hyperparameters out of range; `beta` has been seen to be below 1."""
    if beta == 0:
        raise InputError(
            f"{name} must be above 0; got {beta!r}. With 0 the average could not be had from the other points. "
            "The usual one is 0.9."
        )
    check_not_negative("r", r, "It is the power of the iteration in the weights. With 0 all steps weigh the same.")
    check_not_negative("weight_lr_power", weight_lr_power, "It is a power of the learning rate. The usual one is 2.")
