"""Bounds in every form in which they are written, read as a lower and an upper one for each parameter."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.arrays.layout import Layout, Leaf
from fallline.arrays.tensors import as_array, is_tensor
from fallline.errors import InputError, InputTypeError, shown

__all__ = ["read_bounds"]


def read_bounds(bounds: Any, layout: Layout) -> tuple[Any, Any]:
    """Return the lower and the upper bounds, each as one number for all or in the shape of the parameters.

    Parameters
    ----------
    bounds : sequence of (low, high) pairs, (low, high), or scipy.optimize.Bounds
        A pair for each parameter; or two arrays, tensors, lists or trees, of which one may be a number or None; for a
        single parameter also two numbers. None is no bound. Two lists or tuples of two are pairs, two arrays are not.
    layout : Layout
        Of the parameters.

    Raises
    ------
    InputError, InputTypeError
        Where they are none of these, or not as many as the parameters.

    Examples
    --------
    >>> from fallline.arrays.layout import flatten
    >>> _, layout, _ = flatten([1.0, 2.0, 3.0])
    >>> read_bounds([(0, 4), (None, 5), (1, None)], layout)
    (array([  0., -inf,   1.]), array([ 4.,  5., inf]))
    >>> read_bounds((0, [4, 5, 6]), layout)
    (0.0, array([4., 5., 6.]))
    """
    if type(bounds).__module__.startswith("scipy.optimize"):
        bounds = np.asarray(bounds.lb), np.asarray(bounds.ub)
    elif is_tensor(bounds):
        bounds = as_array(bounds)
    if not isinstance(bounds, (np.ndarray, list, tuple)):
        raise InputTypeError(
            "bounds must be pairs (low, high), one for each parameter, or two arrays (low, high); got "
            f"{shown(bounds)}. Write [(0, 1), (None, 5)], say."
        )
    given = list(bounds)
    if len(given) == 2 and _are_edges(bounds, layout):
        return _edge(given[0], -np.inf, layout), _edge(given[1], np.inf, layout)
    pairs = [_pair(each) for each in given]
    if len(pairs) != layout.size or any(len(pair) != 2 for pair in pairs):
        lone = len(given) == 2 and all(_is_number(edge) for edge in given)
        told = f"one pair {shown(tuple(given))}" if lone else shown(bounds)
        low, high = given if lone else (0, None)
        raise InputError(
            f"bounds must be a pair (low, high) for each of the {layout.size} parameters, or two arrays (low, high); "
            f"got {told}. Every parameter needs its own; None is no bound. Write [({low!r}, {high!r})] * "
            f"{layout.size}{' for the same for all' if lone else ', say'}."
        )
    low, high = (
        np.array([_number(pair[place], none) for pair in pairs]) for place, none in enumerate((-np.inf, np.inf))
    )
    return layout.of_arrays.unflatten(low), layout.of_arrays.unflatten(high)


def _are_edges(bounds: Any, layout: Layout) -> bool:
    """Tell whether two things are lower and upper bounds, and not the pairs of two parameters."""
    whole = [isinstance(edge, (np.ndarray, dict)) or is_tensor(edge) for edge in bounds]
    if isinstance(bounds, tuple) and all(whole):
        return True
    numbers = [_is_number(edge) for edge in bounds]
    if all(numbers):
        return layout.size == 1
    if layout.size == 2 and all(len(_pair(edge)) == 2 for edge in bounds):
        return False
    return all(
        number or is_whole or _fits(edge, layout) for number, is_whole, edge in zip(numbers, whole, bounds, strict=True)
    )


def _is_number(edge: Any) -> bool:
    return edge is None or (isinstance(edge, (int, float, np.number)) and not isinstance(edge, bool))


def _pair(edge: Any) -> tuple[Any, ...]:
    """Return what may be a pair of two numbers, () for what is none."""
    if is_tensor(edge):
        edge = as_array(edge)
    return tuple(edge) if isinstance(edge, (list, tuple)) or (isinstance(edge, np.ndarray) and edge.ndim) else ()


def _fits(edge: Any, layout: Layout) -> bool:
    """Tell whether a list has a number for each parameter, or a part for each part of a tree."""
    if not isinstance(edge, (list, tuple)):
        return False
    if not isinstance(layout.root, Leaf):
        return len(edge) == len(layout.root.children)
    return np.asarray(edge, dtype=object).size == layout.size


def _edge(edge: Any, none: float, layout: Layout) -> Any:
    """Return bounds on one side as a number, an array or a tree; `none` is that of no bound."""
    if not isinstance(edge, dict) and (isinstance(layout.root, Leaf) or not isinstance(edge, (list, tuple))):
        edge = _array(edge, none)
        if edge.size == 1:
            return float(edge.item())
        # one after the other, as in the flat vector
        is_flat = edge.shape == (layout.size,)
        return layout.of_arrays.unflatten(edge) if is_flat else edge
    parts = edge.items() if isinstance(edge, dict) else enumerate(edge)
    tree = {key: _part(part, none) for key, part in parts}
    if isinstance(edge, dict):
        return tree
    return list(tree.values()) if getattr(type(edge), "_fields", None) is None else type(edge)(*tree.values())


def _part(part: Any, none: float) -> Any:
    """Return part of a tree of bounds."""
    if isinstance(part, dict):
        return {key: _part(each, none) for key, each in part.items()}
    return _array(part, none)


def _array(edge: Any, none: float) -> np.ndarray:
    if is_tensor(edge):
        return as_array(edge)
    if isinstance(edge, np.ndarray) and edge.dtype.kind in "iuf":
        return edge.astype(np.float64)
    array = np.asarray(edge, dtype=object)
    return np.array([_number(each, none) for each in array.ravel().tolist()]).reshape(array.shape)


def _number(edge: Any, none: float) -> float:
    if edge is None:
        return none
    try:
        return float(edge)
    except (TypeError, ValueError):
        raise InputTypeError(
            f"bounds must be numbers or None; got {shown(edge)}. None is no bound. Write (0, None), say."
        ) from None
