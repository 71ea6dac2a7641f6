"""The starts of a comparison: given, or drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout, flatten
from fallline.arrays.spread import spread
from fallline.errors import InputError, InputTypeError, shown

__all__ = ["Starts", "resolve_starts"]


@dataclass(frozen=True)
class Starts:
    """Starts alike in structure: flat, shape (s, d); which were in whole numbers, how they were given, and how many."""

    flat: np.ndarray
    layout: Layout
    whole: tuple[bool, ...]
    given: tuple[Any, ...]
    listed: int


def resolve_starts(x0: Any, starts: Any, within: Any, seed: int, label: str) -> Starts:
    """Return `x0` and what `starts` adds to it: more starts, or how many there are to be.

    Parameters
    ----------
    x0 : as for `minimize`, or None
        The first start; None where `starts` lists them all.
    starts : int, list, or None
    within : tuple of two, or None
        The low and the high ends between which starts are drawn: numbers, or in the structure of `x0`. Without it they
        are drawn about `x0`, normally, by its own size and at least by 1.
    seed : int
        Settles what is drawn.
    label : str
        What the function calls its parameters.

    Raises
    ------
    InputError, InputTypeError
        Where one of them cannot be used.

    Examples
    --------
    >>> resolve_starts(0.0, 3, (-1.0, 1.0), 0, "x").flat.round(3).tolist()
    [[0.0], [0.274], [-0.46]]
    """
    count, more = (starts, []) if _is_number(starts) else (None, _listed(starts))
    given = [] if x0 is None else [x0]
    given += more
    if not given:
        raise InputError(
            "x0 must be given, or a list of starts; got neither. A descent has to begin somewhere. "
            "Write compare(fun, x0), or starts=[a, b, …]."
        )
    names = ["x0"] * (x0 is not None) + [f"starts[{place}]" for place in range(len(more))]
    made = [flatten(x, name, label) for x, name in zip(given, names, strict=True)]
    layout = made[0][1]
    for place, (_, other, _) in enumerate(made):
        if other.root != layout.root or other.dtype != layout.dtype:
            raise InputError(
                f"starts must all be alike in structure, shape and type; got {shown(given[0])} and "
                f"{shown(given[place])}. They are starts of one function. For one start that is a list, write "
                "starts=[[…]]."
            )
    flat = np.array([vector for vector, _, _ in made])
    if count is not None:
        flat = np.concatenate([flat, _drawn(flat[0], count - 1, within, layout, seed)])
    elif within is not None:
        raise InputError(
            f"within must be given with the number of starts; got starts={shown(starts)}. It says where starts are "
            "drawn. Write starts=20, say."
        )
    whole = tuple(whole for _, _, whole in made) + (False,) * (len(flat) - len(made))
    drawn = [layout.unflatten(x) for x in flat[len(made) :]]
    return Starts(flat, layout, whole, (*given, *drawn), len(made))


def _is_number(starts: Any) -> bool:
    if not isinstance(starts, (int, np.integer)) or isinstance(starts, bool):
        return False
    if starts < 1:
        raise InputError(f"starts must be a number of at least 1, or a list; got {starts}. It counts x0 too. Try 20.")
    return True


def _listed(starts: Any) -> list[Any]:
    if starts is None:
        return []
    if not isinstance(starts, (list, tuple, np.ndarray)) or not len(starts):
        raise InputTypeError(
            f"starts must be how many there are to be, or a list of them; got {shown(starts)}. Each is one that x0 "
            "could be. Write starts=20, or starts=[a, b]."
        )
    return list(starts)


def _drawn(x0: np.ndarray, count: int, within: Any, layout: Layout, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if within is None:
        size = np.maximum(1.0, np.abs(x0.astype(np.float64)))
        return (x0 + size * rng.standard_normal((count, x0.size))).astype(x0.dtype)
    if not isinstance(within, (tuple, list)) or len(within) != 2:
        raise InputTypeError(
            f"within must be a pair (low, high); got {shown(within)}. Starts are drawn between. Write (-5, 5), say."
        )
    low, high = (spread(edge, layout, f"within[{place}]", "bound") for place, edge in enumerate(within))
    if not (np.isfinite(low) & np.isfinite(high) & (low < high)).all():
        bad = int(np.flatnonzero(~(np.isfinite(low) & np.isfinite(high) & (low < high)))[0])
        raise InputError(
            f"within must have low ends below high ends, all finite; got {low[bad]:g} and {high[bad]:g} for "
            f"{layout.name_of(bad)}. Starts are drawn between. Write (-5, 5), say."
        )
    return (low + (high - low) * rng.random((count, x0.size))).astype(x0.dtype)
