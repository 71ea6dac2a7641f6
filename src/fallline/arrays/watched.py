"""Arrays that notice what they meet: a column against a row, which NumPy spreads into a square without a word."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Watched", "watched"]

PAIRING = (np.subtract, np.multiply)
"""What predictions and targets meet in; two vectors are paired to a table on purpose in other ways too."""


class Watched(np.ndarray):
    """An array that was made of the parameters, as is all that is made of it.

    `squares` are the sizes n at which one of shape (n,) or (n, 1) has met a plain array of the other of the two.
    """

    squares: list[int]

    def __array_finalize__(self, source: Any) -> None:
        self.squares = source.squares if isinstance(source, Watched) else []

    def __getitem__(self, place: Any) -> Any:
        return self._made(super().__getitem__(place))

    def __array_ufunc__(self, ufunc: np.ufunc, kind: str, *inputs: Any, out: Any = None, **settings: Any) -> Any:
        if kind == "__call__" and ufunc in PAIRING:
            self._look(*inputs)
        if out is not None:
            settings["out"] = tuple(map(_bare, out))
        answer = getattr(ufunc, kind)(*map(_bare, inputs), **settings)
        if out is not None:
            return out if len(out) > 1 else out[0]
        return tuple(map(self._made, answer)) if isinstance(answer, tuple) else self._made(answer)

    def _look(self, one: Any, other: Any) -> None:
        if isinstance(one, Watched) == isinstance(other, Watched):
            return
        shapes = sorted((np.shape(one), np.shape(other)), key=len)
        if len(shapes[0]) == 1 and shapes[1] == (*shapes[0], 1) and shapes[0] != (1,):
            self.squares.append(shapes[0][0])

    def _made(self, answer: Any) -> Any:
        if not isinstance(answer, (np.ndarray, np.generic)):
            return answer
        made = np.asarray(answer).view(Watched)
        made.squares = self.squares
        return made


def watched(array: np.ndarray) -> Watched:
    """Return a copy of an array of parameters that notices what it meets.

    Examples
    --------
    >>> x = watched(np.zeros(3))
    >>> _ = (2 * x - np.ones((3, 1))) ** 2
    >>> x.squares
    [3]
    """
    return array.copy().view(Watched)


def _bare(thing: Any) -> Any:
    return np.asarray(thing) if isinstance(thing, Watched) else thing
