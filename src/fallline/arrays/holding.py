"""What a stand-in holds: an array of its own, or a part of another's, written into piece by piece.

A function that fills an array in a loop writes hundreds of single numbers. Each of them as an update of the whole
array would take seconds to compile; so what was written is kept as it came, is found again without touching the array,
and is put together only when the whole array is asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fallline.arrays.lowering import LeavesNumpyError, lower

__all__ = ["Hold", "Part", "Whole"]

FEW = 64
"""Elements up to which an array is put together number by number, and stays a matter of scalars."""


class Hold(ABC):
    """An array that can be read and written; `places` are positions in the flat array of the whole, C order."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    @abstractmethod
    def value(self) -> Any:
        """The array, JAX's or NumPy's."""

    @property
    @abstractmethod
    def whole(self) -> Whole:
        """What this is a part of."""

    @property
    @abstractmethod
    def is_traced(self) -> bool:
        """Whether JAX follows it."""

    @abstractmethod
    def element(self, place: int) -> Any:
        """Return one element of the flat array; the same one for the same place, as long as nothing is written."""

    @abstractmethod
    def places(self) -> np.ndarray:
        """Return the places of its elements, in its own shape."""


class Whole(Hold):
    """An array of its own.

    Parameters
    ----------
    own : jax.Array or numpy.ndarray
        Never written into, but replaced.
    is_foreign : bool
        Whether the array was there before the call, so that what is written into it would be missed there.
    """

    __slots__ = ("_known", "_owner", "_pieces", "_rank", "dtype", "is_foreign", "own", "shape", "version")

    def __init__(self, own: Any, is_foreign: bool = False) -> None:
        self.own, self.is_foreign = own, is_foreign
        self.shape, self.dtype, self.version = own.shape, own.dtype, 0
        self._pieces: list[Any] = []
        self._known: dict[int, Any] = {}
        self._owner = self._rank = np.zeros(0, int)

    @property
    def value(self) -> Any:
        if self._pieces:
            self.own = self.read(self.places())
            self._pieces = []
        return self.own

    @property
    def whole(self) -> Whole:
        return self

    @property
    def is_traced(self) -> bool:
        return bool(self._pieces) or isinstance(self.own, jax.Array)

    @property
    def is_pieced(self) -> bool:
        """Whether something was written that is not in `own` yet."""
        return bool(self._pieces)

    def places(self) -> np.ndarray:
        return np.arange(int(np.prod(self.shape))).reshape(self.shape)

    def replace(self, new: Any) -> None:
        """Hold another array from now on."""
        if self.is_foreign and isinstance(new, jax.Array):
            raise LeavesNumpyError("it writes into an array that it did not make")
        self.own, self._pieces, self._known = new, [], {}
        self.version += 1

    def write(self, places: np.ndarray, new: Any) -> None:
        """Write numbers, JAX's or NumPy's, at some places."""
        if not (self.is_traced or isinstance(new, jax.Array)):
            after = self.own.copy(order="C")
            after.reshape(-1)[places] = new
            self.replace(after)
            return
        if self.is_foreign:
            raise LeavesNumpyError("it writes into an array that it did not make")
        new = self._fitted(new, places.shape)
        self.version += 1
        self._known = {}
        if places.size == np.prod(self.shape) and np.array_equal(places, self.places()):
            self.replace(new)
            return
        if not self._pieces:
            self._owner, self._rank = np.zeros((2, int(np.prod(self.shape))), int)
        self._pieces.append(_shaped(new, () if places.size == 1 else (-1,)))
        self._owner[places] = len(self._pieces)
        self._rank[places] = np.arange(places.size).reshape(places.shape)

    def read(self, places: np.ndarray) -> Any:
        """Return what is at some places, in their shape."""
        if places.size == 0:
            return np.zeros(places.shape, self.dtype)
        if places.size == 1:
            return _shaped(self.element(places.item()), places.shape)
        owners = self._owner[places].ravel() if self._pieces else np.zeros(1, int)
        if (owners == owners[0]).all():
            piece = self.own.reshape(-1) if owners[0] == 0 else self._pieces[owners[0] - 1]
            ranks = places.ravel() if owners[0] == 0 else self._rank[places].ravel()
            return _taken(piece, ranks).reshape(places.shape)
        if places.size <= FEW:
            return jnp.stack([self.element(place) for place in places.ravel().tolist()]).reshape(places.shape)
        return _shaped(self._joined(places.ravel()), places.shape)

    def _joined(self, places: np.ndarray) -> Any:
        """Return what is at places that several pieces own: the single numbers together first, then the rest."""
        owners = self._owner[places]
        used = sorted(np.unique(owners).tolist(), key=lambda k: (k == 0 or self._pieces[k - 1].ndim > 0, k))
        flat = {k: _shaped(lower(self.own), (-1,)) if k == 0 else self._pieces[k - 1] for k in used}
        numbers = [flat[k] for k in used if flat[k].ndim == 0]
        joined = [*([jnp.stack(numbers)] if numbers else []), *(flat[k] for k in used if flat[k].ndim)]
        starts = dict(zip(used, np.cumsum([0, *(flat[k].size for k in used)]), strict=False))
        ranks = np.where(owners == 0, places, self._rank[places]) + np.array([starts[k] for k in owners.tolist()])
        return _taken(jnp.concatenate(joined) if len(joined) > 1 else joined[0], ranks)

    def element(self, place: int) -> Any:
        if place not in self._known:
            owner = self._owner[place] if self._pieces else 0
            piece = self._pieces[owner - 1] if owner else self.own
            if piece.ndim:
                where = (int(self._rank[place]),) if owner else np.unravel_index(place, self.shape)
                piece = piece[where] if isinstance(piece, np.ndarray) else _one(piece, tuple(map(int, where)))
            self._known[place] = piece
        return self._known[place]

    def _fitted(self, new: Any, shape: tuple[int, ...]) -> Any:
        """Return numbers in the type of this array and in the shape of a place in it, as NumPy fits them."""
        new = jnp.asarray(new)
        if new.shape == shape and new.dtype == self.dtype:
            return new
        if jnp.iscomplexobj(new) and self.dtype.kind != "c":
            raise TypeError("complex numbers are written into an array of real ones")
        while new.ndim > len(shape) and new.shape[0] == 1:
            new = new[0]
        return jnp.broadcast_to(new.astype(self.dtype), shape)


class Part(Hold):
    """What an array shows of another; what is written into one is seen in both.

    Parameters
    ----------
    base : Hold
        The other.
    look : callable
        Returns the part of an array of the base's shape, also of its places.
    """

    __slots__ = ("_base", "_known", "_look", "_value", "_version", "dtype", "shape")

    def __init__(self, base: Hold, look: Callable[[Any], Any]) -> None:
        self._base, self._look, self.dtype = base, look, base.dtype
        self._value, self._version = None, -1
        self._known: dict[int, Any] = {}
        self.shape = look(base.places()).shape if base.whole.is_pieced else self.value.shape

    @property
    def value(self) -> Any:
        whole = self.whole
        if self._version != whole.version:
            self._value = whole.read(self.places()) if whole.is_pieced else self._look(self._base.value)
            self._version, self._known = whole.version, {}
        return self._value

    def element(self, place: int) -> Any:
        if self.whole.is_pieced:
            return self.whole.element(int(self.places().ravel()[place]))
        array = self.value
        if place not in self._known:
            where = tuple(map(int, np.unravel_index(place, self.shape)))
            self._known[place] = array[where] if isinstance(array, np.ndarray) else _one(array, where)
        return self._known[place]

    @property
    def whole(self) -> Whole:
        return self._base.whole

    @property
    def is_traced(self) -> bool:
        return self.whole.is_traced

    def places(self) -> np.ndarray:
        return np.asarray(self._look(self._base.places()))


def _shaped(array: Any, shape: tuple[int, ...]) -> Any:
    return array if array.shape == shape else array.reshape(shape)


def _one(array: jax.Array, where: tuple[int, ...]) -> jax.Array:
    return lax.squeeze(lax.slice(array, where, tuple(i + 1 for i in where)), tuple(range(array.ndim)))


def _taken(flat: Any, ranks: np.ndarray) -> Any:
    """Return elements of a flat array, by a slice where they stand in a row."""
    if not isinstance(flat, jax.Array):
        return flat[ranks]
    first, last = int(ranks[0]), int(ranks[-1])
    if last - first + 1 == ranks.size and np.array_equal(ranks, np.arange(first, last + 1)):
        return flat if ranks.size == flat.size else lax.slice(flat, (first,), (last + 1,))
    return flat[ranks]
