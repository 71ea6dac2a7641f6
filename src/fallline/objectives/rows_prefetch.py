"""A word to the processor: what memory will be read next."""

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic, register_jitable

__all__ = ["ask", "prefetch"]

AHEAD = 8
"""Rows ahead of its use that a row is asked for."""

LINE = 8
"""Numbers that memory gives at once."""


@intrinsic
def _prefetch(typing_context: Any, array: Any, index: Any) -> Any:  # noqa: ARG001
    """Ask for the element ``array[index]`` of an array, or of a row of a table, to be fetched ahead of its use.

    Inside compiled functions only. Rows in a random order are not foreseen by the processor: asked for eight updates
    ahead they came in 0.6 of the time.

    Parameters
    ----------
    array : array
        Of one axis, or of two.
    index : int, or tuple of two

    Examples
    --------
    >>> import numba, numpy as np
    >>> @numba.njit
    ... def second(x):
    ...     prefetch(x, 1)
    ...     return x[1]
    >>> second(np.arange(3.0))
    1.0
    """
    from llvmlite import ir

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        table, place = signature.args
        held = context.make_array(table)(context, builder, arguments[0])
        places = cgutils.unpack_tuple(builder, arguments[1]) if isinstance(place, types.BaseTuple) else [arguments[1]]
        pointer = cgutils.get_item_pointer(context, builder, table, held, places, wraparound=False)
        address, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address, number, number, number])
        hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        # to read, to be kept near, in the cache for data
        builder.call(hint, [builder.bitcast(pointer, address), number(0), number(3), number(1)])
        return context.get_dummy_value()

    at = types.UniTuple(types.intp, 2) if isinstance(index, types.BaseTuple) else types.intp
    return types.void(array, at), code


prefetch: Any = _prefetch


# of a name that Numba's cache knows again in another process, which an intrinsic alone has not
@register_jitable(forceinline=True)
def ask(X: Any, y: Any, weights: Any, order: Any, now: int) -> None:
    """Ask for the row that comes a few places later in the order, with its target and weight.

    Examples
    --------
    >>> import numba, numpy as np
    >>> @numba.njit
    ... def first(X):
    ...     ask(X, X[0], X[0], np.arange(len(X)), 0)
    ...     return X[0, 0]
    >>> first(np.full((20, 20), 3.0))
    3.0
    """
    if now + AHEAD < len(order):
        soon = order[now + AHEAD]
        for j in range(0, X.shape[1], LINE):
            prefetch(X, (soon, j))
        prefetch(X, (soon, X.shape[1] - 1))
        prefetch(y, soon)
        prefetch(weights, soon)
