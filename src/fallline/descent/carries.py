"""What one step hands to the next, as a tree that JAX knows and as plain arrays."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np

from fallline.descent.step import Carry
from fallline.errors import InputTypeError, shown
from fallline.methods.base import SavesItself

__all__ = ["known_to_jax", "leaves_of", "with_leaves"]


def known_to_jax(carry: Carry) -> Carry:
    """Return the carry, its method's state made known to JAX where it is a dataclass."""
    state = carry.method_state
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        _register(type(state))
    return carry


def leaves_of(carry: Any, method: Any) -> list[np.ndarray]:
    """Return the numbers of a carry as arrays, in the order of its tree.

    Raises
    ------
    InputTypeError
        Where the method keeps anything but numbers.
    """
    import jax

    beside: list[np.ndarray] = []
    if isinstance(method, SavesItself):
        beside = method.saved(carry.method_state)
        carry = carry._replace(method_state=())
    leaves = jax.tree_util.tree_leaves(known_to_jax(carry))
    odd = [leaf for leaf in leaves if not isinstance(leaf, (int, float, np.ndarray, np.generic, jax.Array))]
    if odd:
        raise InputTypeError(
            f"method must keep nothing but numbers to be checkpointed; got {shown(method)}, which keeps a "
            f"{type(odd[0]).__name__}. It is written to the file. Take a method of fallline's, or leave checkpoint out."
        )
    return [*(np.asarray(leaf) for leaf in leaves), *beside]


def with_leaves(carry: Any, leaves: list[Any], method: Any = None) -> Any:
    """Return a carry like this one with other numbers, those of `leaves_of`."""
    import jax

    if isinstance(method, SavesItself):
        bare = carry._replace(method_state=())
        count = len(jax.tree_util.tree_leaves(bare))
        found = with_leaves(bare, leaves[:count])
        return found._replace(method_state=method.restored(carry.method_state, leaves[count:], found.point.x))
    return jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(known_to_jax(carry)), leaves)


@functools.cache
def _register(cls: type) -> None:
    import jax

    jax.tree_util.register_dataclass(cls)
