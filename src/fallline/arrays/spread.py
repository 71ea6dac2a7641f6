"""One number for each parameter, from a number for all of them, an array, or a tree of these."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.tree import Branch, Fixed, Leaf, entries, gather
from fallline.errors import InputError, shown

__all__ = ["spread"]


def spread(tree: Any, layout: Layout, name: str, what: str) -> np.ndarray:
    """Return one number for each parameter, shape (d,) in float64: a number serves all parameters below it.

    Parameters
    ----------
    tree : number, array, or a dict, list or tuple of these
        In the structure of the parameters, or broadcasting to their shapes.
    layout : Layout
        Of the parameters.
    name, what : str
        What it is called in errors, and what one number of it is, such as "rate".

    Raises
    ------
    InputError
        Where it has another structure or shape.

    Examples
    --------
    >>> from fallline.arrays.layout import flatten
    >>> _, layout, _ = flatten({"w": [1.0, 2.0], "b": 0.5})
    >>> spread({"w": 0.1, "b": 3.0}, layout, "learning_rate", "rate")
    array([0.1, 0.1, 3. ])
    """
    numbers = np.empty(layout.size)
    _spread(tree, layout.root, numbers, name, what)
    return numbers


def _spread(tree: Any, node: Leaf | Branch, numbers: np.ndarray, name: str, what: str) -> None:
    if isinstance(node, Branch) and (parts := entries(node, tree)) is not None:
        moved = {
            key: child for key, child in zip(node.keys, node.children, strict=True) if not isinstance(child, Fixed)
        }
        if not set(moved) <= set(parts) <= set(node.keys):
            raise InputError(
                f"{name} must have a {what} for each part of x0, which has {list(moved)}; got {list(parts)}. "
                f"Each parameter needs its {what}. Name all parts, or give one number for all."
            )
        for key, child in moved.items():
            _spread(parts[key], child, numbers, f"{name}[{key!r}]", what)
        return
    shape = node.shape if isinstance(node, Leaf) else ()
    try:
        given = np.broadcast_to(np.asarray(tree, dtype=np.float64), shape)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} must be a number, or numbers in the shape {shape} of the parameters; got {shown(tree)}. "
            f"Each parameter needs one {what}. Give one number for all of them, or one for each."
        ) from None
    leaves: list[Leaf] = []
    gather(node, node, leaves)
    for leaf in leaves:
        numbers[leaf.start : leaf.start + leaf.size] = given.ravel() if leaf is node else given
