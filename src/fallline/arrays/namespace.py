"""The array library that a method's code runs in: NumPy, JAX or any other with an array-API namespace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["namespace", "while_loop"]


def namespace(array: Any) -> Any:
    """Return the array-API namespace of `array`: ``numpy`` for NumPy's, ``jax.numpy`` for JAX's.

    Examples
    --------
    >>> import numpy as np
    >>> namespace(np.zeros(2)).__name__
    'numpy'
    """
    if isinstance(array, (np.ndarray, np.generic, float, int)):
        return np
    return array.__array_namespace__()


def while_loop(condition: Callable[[Any], Any], body: Callable[[Any], Any], start: Any, like: Any) -> Any:
    """Repeat ``state = body(state)`` while ``condition(state)``; compiled where `like` is being compiled.

    Parameters
    ----------
    condition, body : callable
        Of the state; `body` returns a state of the same structure, shapes and types.
    start : tuple or NamedTuple of arrays
        The first state.
    like : array
        An array of the library that the loop belongs to.
    """
    if namespace(like) is np:
        state = start
        while condition(state):
            state = body(state)
        return state
    import jax

    return jax.lax.while_loop(condition, body, start)
