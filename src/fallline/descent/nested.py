"""Nested states of rules as JSON: numbers, texts, lists, tuples and arrays, to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.errors import InputTypeError, shown

__all__ = ["decoded", "encoded"]


def encoded(state: Any) -> Any:
    """Return a state as what JSON can hold.

    Raises
    ------
    InputTypeError
        Where something in it is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> encoded((1.5, None, np.array([2])))
    {'tuple': [1.5, None, {'array': [2], 'dtype': 'int64', 'shape': [1]}]}
    """
    if state is None or isinstance(state, (bool, int, float, str)):
        return state
    if isinstance(state, (np.ndarray, np.generic)):
        array = np.asarray(state)
        return {"array": array.ravel().tolist(), "dtype": array.dtype.name, "shape": list(array.shape)}
    if isinstance(state, (list, tuple)):
        items = [encoded(item) for item in state]
        return items if isinstance(state, list) else {"tuple": items}
    raise InputTypeError(
        f"stopping must have a state of numbers, arrays, lists and tuples to be checkpointed; got {shown(state)}. It "
        "is written to the file. Keep such things in the rule itself, or leave checkpoint out."
    )


def decoded(saved: Any) -> Any:
    """Return the state that was encoded."""
    if isinstance(saved, list):
        return [decoded(item) for item in saved]
    if isinstance(saved, dict) and "tuple" in saved:
        return tuple(decoded(item) for item in saved["tuple"])
    if isinstance(saved, dict):
        return np.array(saved["array"], dtype=saved["dtype"]).reshape(saved["shape"])
    return saved
