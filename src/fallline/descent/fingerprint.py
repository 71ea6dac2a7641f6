"""Is this the same problem? What identifies a function, its data and its settings between two processes."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
import sys
import sysconfig
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from fallline.arrays.tensors import as_array, is_tensor
from fallline.objectives.closed import names_of

__all__ = ["fingerprint", "marks", "unchanged"]

ADDRESS = re.compile(r" at 0x[0-9a-f]+")
LARGE = 65_536
"""Bytes of an array that are read once, though asked for again: no function counts in so many."""

NAMED, DEEP = 100, 3
"""Names that a dictionary may have, and how deep they nest, for each to have a mark of its own."""

CALLED = ("__call__", "__init__")

LIBRARIES = tuple(sysconfig.get_paths()[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib"))


def fingerprint(thing: Any) -> str:
    """Return a text that is the same for the same code and numbers, in any process, and differs for others.

    See `marks` for what counts.

    Examples
    --------
    >>> one, same, other = (lambda x: x**2), (lambda x: x**2), (lambda x: x**3)
    >>> fingerprint(one) == fingerprint(same), fingerprint(one) == fingerprint(other)
    (True, False)
    """
    return hashlib.sha256(repr(marks(thing)).encode()).hexdigest()


def marks(thing: Any, read: dict[int, tuple[Any, str]] | None = None) -> dict[str, str]:
    """Return a text for each name by which a thing is known, and "" for the thing itself; they change with it.

    Functions count by their code, their defaults, what they close over and, but for those of installed packages, the
    globals that they look up; arrays by their numbers; objects by their class and what they hold.

    Parameters
    ----------
    thing : object
    read : dict, optional
        What was read of large arrays; given again it saves reading them again.

    Examples
    --------
    >>> sorted(marks(lambda x, scale=2.0: scale * x))
    ['', 'scale']
    """
    reader = _Reader({} if read is None else read)
    reader.feed(thing, "")
    return {name: digest.hexdigest()[:24] for name, digest in reader.digests.items()}


def unchanged(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """Return the marks that a call of the function left as they were.

    What it changes itself, as it counts its calls or keeps its points, is no part of the problem.

    Examples
    --------
    >>> unchanged({"": "a", "calls": "b"}, {"": "a", "calls": "c"})
    {'': 'a'}
    """
    return {name: mark for name, mark in after.items() if before.get(name) == mark}


class _Reader:
    """Reads a thing part by part, each once; what a name of its own refers to has a digest of its own."""

    def __init__(self, read: dict[int, tuple[Any, str]]) -> None:
        self.digests: dict[str, Any] = {}
        self.met: dict[int, tuple[int, Any]] = {}
        self.read = read

    def feed(self, thing: Any, name: str) -> None:
        digest = self.digests.setdefault(name, hashlib.sha256())
        digest.update(f"<{type(thing).__module__}.{type(thing).__qualname__}>".encode())
        if thing is None or isinstance(thing, (bool, int, float, complex, str, bytes, types.ModuleType)):
            digest.update((thing.__name__ if isinstance(thing, types.ModuleType) else repr(thing)).encode())
            return
        if isinstance(thing, (np.ndarray, np.generic)) or is_tensor(thing):
            digest.update(self._numbers(thing).encode())
            return
        if id(thing) in self.met:
            digest.update(f"#{self.met[id(thing)][0]}".encode())
            return
        self.met[id(thing)] = len(self.met), thing  # kept, so that its address is not given to another
        for label, part in _parts(thing):
            digest.update(f"{label};".encode())
            nested = label and name.count(".") < DEEP
            self.feed(part, f"{name}.{label}".strip(".") if nested else name)

    def _numbers(self, thing: Any) -> str:
        if id(thing) in self.read:
            return self.read[id(thing)][1]
        array = np.asarray(thing) if isinstance(thing, (np.ndarray, np.generic)) else as_array(thing)
        digest = hashlib.blake2b(f"{array.dtype}{array.shape}".encode())  # of much data quicker than SHA-256
        digest.update(repr(array.tolist()).encode() if array.dtype == object else np.ascontiguousarray(array).data)
        if array.nbytes > LARGE:
            self.read[id(thing)] = thing, digest.hexdigest()
        return digest.hexdigest()


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a thing consists of, each part with the name by which it is known, "" for none."""
    if isinstance(thing, types.CodeType):
        yield from (("", part) for part in (thing.co_code, thing.co_names, thing.co_varnames, *thing.co_consts))
    elif isinstance(thing, types.FunctionType):
        yield from _parts_of_function(thing)
    elif isinstance(thing, types.MethodType):
        yield from (("", thing.__func__), ("", thing.__self__))
    elif isinstance(thing, property):
        yield "", thing.fget
    elif isinstance(thing, functools.partial):
        yield from (("", part) for part in (thing.func, thing.args, thing.keywords))
    elif isinstance(thing, type):
        yield "", f"{thing.__module__}.{thing.__qualname__}"
        if not _is_installed(thing.__module__):
            yield from (("", base) for base in thing.__bases__)
            yield from ((key, part) for key, part in vars(thing).items() if not key.startswith("__") or key in CALLED)
    elif isinstance(thing, dict):
        yield "", [key for key in thing if isinstance(key, str)]
        for key, part in thing.items():
            named = isinstance(key, str) and len(thing) <= NAMED
            yield from ((str(key), part),) if named else (("", key), ("", part))
    elif isinstance(thing, (set, frozenset)):
        yield from (("", part) for part in sorted(thing, key=repr))
    elif isinstance(thing, (list, tuple)):
        yield from (("", part) for part in thing)
    else:
        yield from _parts_of_object(thing)


def _parts_of_function(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    code = function.__code__
    yield "", code
    given = function.__defaults__ or ()
    yield from zip(code.co_varnames[code.co_argcount - len(given) : code.co_argcount], given, strict=True)
    yield from (function.__kwdefaults__ or {}).items()
    for label, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield label, cell.cell_contents
        except ValueError:  # a name that is bound later
            yield label, None
    if not _is_installed(function.__module__):
        looked_up, _ = names_of(code)
        yield from ((label, function.__globals__[label]) for label in looked_up if label in function.__globals__)


def _parts_of_object(thing: Any) -> Iterator[tuple[str, Any]]:
    cls = type(thing)
    if not _is_installed(cls.__module__):
        yield "", cls
    wrapped = getattr(thing, "__wrapped__", None)
    held = getattr(thing, "__dict__", None)
    if wrapped is not None:
        yield "", wrapped
    elif dataclasses.is_dataclass(thing):
        yield from ((field.name, getattr(thing, field.name)) for field in dataclasses.fields(thing))
    elif held and (cls is types.SimpleNamespace or not _is_installed(cls.__module__, of_python=True)):
        yield from ((str(label), part) for label, part in held.items())
    else:
        yield "", ADDRESS.sub("", repr(thing))


@functools.lru_cache(maxsize=4096)
def _is_installed(module: str | None, of_python: bool = False) -> bool:
    """Tell whether a module belongs to an installed package, or to Python itself, whose code nobody changes."""
    root = (module or "").partition(".")[0]
    if root in sys.stdlib_module_names or root == "builtins":
        return True
    if of_python:
        return False
    place = getattr(sys.modules.get(root), "__file__", None)
    return root == __name__.partition(".")[0] or (place is not None and place.startswith(LIBRARIES))
