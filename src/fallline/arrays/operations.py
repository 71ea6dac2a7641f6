"""The operators and methods of NumPy's arrays, as one call each of what NumPy or JAX has for them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from fallline.arrays.counterparts import power

__all__ = ["equip"]

ARITHMETIC = "add sub mul truediv floordiv mod pow matmul and or xor".split()
COMPARISONS = "lt le eq ne gt ge".split()
UNARY = "neg pos abs invert".split()
METHODS = (
    # what the elements of object arrays are asked for too, under the names of the ufuncs
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp exp2 expm1 log log2 log10 log1p sqrt "
    "cbrt square reciprocal rint floor ceil trunc fabs sign absolute conjugate conj arctan2 hypot logaddexp degrees "
    "radians isfinite isnan isinf sum prod mean std var min max argmin argmax any all cumsum cumprod ptp trace dot "
    "take repeat diagonal clip round argsort nonzero searchsorted"
).split()

Follow = Callable[..., Any]


def equip(cls: type, follow: Follow) -> None:
    """Give a class the operators and methods of arrays, each done by `follow(NumPy's way, JAX's way, operands)`."""
    for name in ARITHMETIC:
        function = getattr(operator, f"__{name}__")
        setattr(cls, f"__{name}__", _operator(function, follow))
        setattr(cls, f"__r{name}__", _operator(function, follow, swapped=True))
        setattr(cls, f"__i{name}__", _in_place(function, follow))
    for name in COMPARISONS:
        setattr(cls, f"__{name}__", _operator(getattr(operator, name), follow))
    for name in UNARY:
        setattr(cls, f"__{name}__", _unary(getattr(operator, name), follow))
    for name in METHODS:
        setattr(cls, name, _method(name, follow))
    cls.__divmod__ = lambda self, other: (self // other, self % other)  # type: ignore[attr-defined]
    cls.__rdivmod__ = lambda self, other: (other // self, other % self)  # type: ignore[attr-defined]
    cls.__round__ = lambda self, digits=0: self.round(digits or 0)  # type: ignore[attr-defined]
    cls.__hash__ = None  # type: ignore[assignment]


def _ways(function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return function, power if function is operator.__pow__ else function


def _operator(function: Callable[..., Any], follow: Follow, swapped: bool = False) -> Callable[[Any, Any], Any]:
    ways = _ways(function)

    def method(self: Any, other: Any) -> Any:
        # the other operand may have asked to be left alone, as NEP 13 lets it
        if other is None or isinstance(other, (str, dict, set)) or _declines(other):
            return NotImplemented
        return follow(*ways, (other, self) if swapped else (self, other))

    return method


def _declines(other: Any) -> bool:
    return getattr(type(other), "__array_ufunc__", other) is None


def _in_place(function: Callable[..., Any], follow: Follow) -> Callable[[Any, Any], Any]:
    ways = _ways(function)

    def method(self: Any, other: Any) -> Any:
        answer = follow(*ways, (self, other))
        if self.ndim == 0:
            return answer  # a scalar is never changed in place
        if answer.shape != self.shape:
            raise ValueError(f"non-broadcastable output operand with shape {self.shape} doesn't match {answer.shape}")
        self[...] = answer
        return self

    return method


def _unary(function: Callable[..., Any], follow: Follow) -> Callable[[Any], Any]:
    return lambda self: follow(function, function, (self,))


def _method(name: str, follow: Follow) -> Callable[..., Any]:
    """Return the array method that does what ``np.<name>`` does."""
    plain = getattr(np, name)
    traced = getattr(jnp, name)

    def method(self: Any, *args: Any, out: Any = None, **settings: Any) -> Any:
        answer = follow(plain, traced, (self, *args), settings)
        if out is None:
            return answer
        out[...] = answer
        return out

    return method
