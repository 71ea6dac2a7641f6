"""The ladder of gradients: compiled exact, exact step by step, finite differences; the first that holds is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.objectives.base import Counts, Objective, Program
from fallline.objectives.closed import closed_key
from fallline.objectives.differences import DifferencedFunction
from fallline.objectives.plain import PlainFunction

__all__ = ["differentiate", "mismatch"]

CHECKED: dict[tuple[Any, ...], Program] = {}
"""Programs of closed functions that were found right, by function, layout and start; the oldest first."""

REMEMBERED = 256

CORNER = 1e-3
"""A share: slopes that differ by more on both sides of a point make a corner; and how far beside it to look."""


def differentiate(
    function: Callable[..., Any],
    x0: np.ndarray,
    layout: Layout,
    args: tuple[Any, ...],
    data: tuple[Any, ...] = (),
) -> tuple[Objective, str]:
    """Return the objective of a plain NumPy function, and why a lower rung was needed ("" where it was not).

    Every rung is checked against the plain function at `x0`, by its value and by one directional derivative, before
    it is trusted; but a function of which all is known that it refers to is compared once at the same `x0`.

    Parameters
    ----------
    function : callable
        As the user wrote it.
    x0 : array, shape (d,)
        The start.
    layout : Layout
        How the function takes its parameters.
    args : tuple
        Its further arguments.
    data : tuple of array
        Rows that it takes before those, also fewer of them: its program, if it has one, is a `RowsProgram`.
    """
    from fallline.objectives.lifted import CompiledFunction

    key = None if args or data else closed_key(function, values=True)
    if key is None:
        return _climb(function, x0, layout, args, data)
    call = (key, layout, x0.tobytes())
    if (known := CHECKED.get(call)) is not None:
        objective = CompiledFunction(known, layout)
        objective.foresee(x0)
        objective.counts = Counts()
        objective.plain, objective.is_checked = PlainFunction(function, layout, args, answered=True), True
        return objective, ""
    objective, why = _climb(function, x0, layout, args, data)
    if objective.program is not None and not why:
        while len(CHECKED) >= REMEMBERED:
            CHECKED.pop(next(iter(CHECKED)))
        CHECKED[call] = objective.program
    return objective, why


def _climb(
    function: Callable[..., Any], x0: np.ndarray, layout: Layout, args: tuple[Any, ...], data: tuple[Any, ...]
) -> tuple[Objective, str]:
    """Return what `differentiate` does, by trying rung after rung."""
    from fallline.arrays.lowering import LeavesNumpyError, NeedsValueError
    from fallline.objectives.lifted import CompiledFunction, StepwiseFunction, trace_program, trace_rows

    rest, args = args, (*data, *args)
    plain = PlainFunction(function, layout, args)
    expected = plain(x0)
    reasons = []

    def program() -> Program:
        return trace_rows(function, layout, data, rest) if data else trace_program(function, layout, args)

    rungs: list[Callable[[], Objective]] = [
        lambda: CompiledFunction(program(), layout),
        lambda: StepwiseFunction(function, layout, args),
    ]
    if plain(x0) != expected and np.isfinite(expected):
        rungs, reasons = [], ["two calls at the same point give different values"]
    for make in rungs:
        try:
            with np.errstate(all="ignore"):
                objective = make()
                wrong = mismatch(objective, plain, x0, expected)
        except NeedsValueError as error:
            reasons.append(str(error))
            continue
        except LeavesNumpyError as error:
            reasons.append(str(error))
            if not data:
                break
            continue  # it may have been the values of the data that it needed
        # the plain function has answered, so whatever goes wrong here is the lifting's: the next rung is the answer
        except Exception as error:  # noqa: BLE001
            reasons.append(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
            continue
        if not wrong:
            objective.counts.function = objective.counts.gradient = 0
            objective.plain = plain
            objective.is_checked = True
            return objective, "; ".join(reasons)
        reasons.append(wrong)
    return DifferencedFunction(function, layout, args), "; ".join(dict.fromkeys(reasons))


def mismatch(
    objective: Objective,
    plain: Callable[[np.ndarray], float],
    x0: np.ndarray,
    expected: float,
    share: float = 1e-4,
    is_beside: bool = False,
) -> str:
    """Return what differs between an objective and the plain function at `x0`, or "".

    Derivatives may differ by `share` of themselves, besides rounding. At a corner any slope between those on its sides
    will do there, and a point beside it decides.
    """
    objective.foresee(x0)
    cost, gradient = objective.value_and_gradient(x0)
    eps = float(np.finfo(x0.dtype).eps)
    if not np.isfinite(expected):
        return "" if not np.isfinite(cost) else "the followed function is finite at the start, the plain one is not"
    if not abs(cost - expected) <= 1e4 * eps * max(abs(expected), eps):
        scale = np.abs(gradient) @ np.abs(x0) if np.isfinite(gradient).all() else np.inf
        if not abs(cost - expected) <= 1e2 * eps * max(abs(expected), float(scale)):
            return f"the followed function gives {cost:.17g} at the start, the plain one {expected:.17g}"
    random = np.random.default_rng(0).standard_normal(x0.size)
    sizes = np.abs(x0.astype(np.float64))
    wrong = ""
    # a step of the parameters' own size first, then one that no small parameter can leave its domain by
    for scale in (np.maximum(1, sizes), np.where(sizes > 0, sizes, eps)):
        direction = (random / np.linalg.norm(random) * scale).astype(x0.dtype)
        predicted = float(gradient @ direction)
        for h in eps ** np.array([1 / 3, 1 / 4, 1 / 2]):
            ahead, behind = plain(x0 + x0.dtype.type(h) * direction), plain(x0 - x0.dtype.type(h) * direction)
            if not (np.isfinite(ahead) and np.isfinite(behind)):
                continue
            measured = (ahead - behind) / (2 * h)
            bend = abs(ahead - 2 * expected + behind) / h
            noise = share * (abs(measured) + abs(predicted) + bend) + 10 * eps * (abs(ahead) + abs(behind)) / h
            if abs(measured - predicted) <= noise:
                return ""
            wrong = f"its derivative along a direction is {predicted:.6g}, measured {measured:.6g}"
            below, above = sorted(((expected - behind) / h, (ahead - expected) / h))
            is_corner = above - below > CORNER * (abs(above) + abs(below))
            if is_corner and below - noise <= predicted <= above + noise and not is_beside:
                beside = x0 + x0.dtype.type(CORNER) * direction
                return mismatch(objective, plain, beside, plain(beside), share, is_beside=True)
        if wrong:
            return wrong
    return ""
