"""A copy of the user's function that is followed in its stead, so that nothing of the user's is touched.

In the copy, the names of NumPy and SciPy mean their stand-ins, and so do the arrays that the function refers to. Its
own helper functions, objects and containers are copied with it, as far as they can be reached from it: what the
function writes there while it is followed is gone with the copy. Library code is never copied.
"""

from __future__ import annotations

import builtins
import functools
import sys
import sysconfig
from abc import ABCMeta, update_abstractmethods
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Self

import numpy as np

from fallline.arrays.lifting import Lifted, made
from fallline.arrays.stand_ins import BUILTINS, stand_in_of

__all__ = ["Shadow"]

PLAIN = (int, float, complex, str, bytes, bool, type(None), np.generic, range, slice, frozenset)
CONTAINERS = (list, dict, set, deque, OrderedDict, defaultdict)
LIBRARIES = ("numpy", "scipy")
MOST = 256
"""Elements up to which a container is searched for what is to be copied with it."""


class Shadow:
    """Copies for one call of one function, made within a ``with``; each thing is copied once.

    Parameters
    ----------
    function : callable
        What is to be followed. Other functions of its own package are copied with it, even in a library.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.home = _package(getattr(function, "func", function))
        self.copies: dict[int, tuple[Any, Any]] = {}
        self.classes: dict[type, type] = {}
        self.names: dict[int, dict[str, Any]] = {}
        self.function = self.of(function)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # the copies refer to each other, and would keep the user's arrays in memory
        del self.function
        self.copies.clear()
        for names in self.names.values():
            names.clear()

    def of(self, thing: Any) -> Any:
        """Return the copy of a thing, or the thing itself where it needs none."""
        if isinstance(thing, (*PLAIN, Lifted)):
            return thing
        if id(thing) not in self.copies:
            # the thing is kept, so that its id stays its own
            self.copies[id(thing)] = (thing, thing)
            self._keep(thing, self._copy(thing))
        return self.copies[id(thing)][1]

    def _keep(self, thing: Any, copy: Any) -> Any:
        self.copies[id(thing)] = (thing, copy)
        return copy

    def _copy(self, thing: Any) -> Any:
        kind = type(thing)
        if kind is np.ndarray:
            return made(thing, is_foreign=True)
        if kind is FunctionType:
            return self._function(thing) if self._is_own(thing) else stand_in_of(thing)
        if kind is MethodType:
            return MethodType(self.of(thing.__func__), self.of(thing.__self__))
        if kind is functools.partial:
            settings = {name: self.of(value) for name, value in thing.keywords.items()}
            return functools.partial(self.of(thing.func), *map(self.of, thing.args), **settings)
        if kind in CONTAINERS or isinstance(thing, tuple):
            return self._container(thing)
        if isinstance(thing, ModuleType):
            return self._module(thing)
        if kind is functools._lru_cache_wrapper and self._is_own(thing.__wrapped__):  # noqa: SLF001
            return self.of(thing.__wrapped__)
        if kind.__module__.partition(".")[0] in LIBRARIES or isinstance(thing, (type, np.ufunc)) or callable(thing):
            found = stand_in_of(thing)
            if found is not thing:
                return found
        return thing if isinstance(thing, type) else self._instance(thing)

    def _function(self, function: FunctionType) -> FunctionType:
        code = function.__code__
        cells = tuple(map(self._cell, function.__closure__ or ()))
        copy = FunctionType(code, self._globals(function), function.__name__, None, cells)
        self._keep(function, copy)
        copy.__defaults__ = self.of(function.__defaults__)
        copy.__kwdefaults__ = self.of(function.__kwdefaults__)
        copy.__dict__.update(function.__dict__)
        copy.__module__, copy.__qualname__, copy.__doc__ = function.__module__, function.__qualname__, function.__doc__
        for name in _names(code):
            if name in function.__globals__:
                copy.__globals__[name] = self.of(function.__globals__[name])
        for name, cell, empty in zip(code.co_freevars, function.__closure__ or (), cells, strict=True):
            self._fill(cell, empty, is_class=name == "__class__")  # of which super() without arguments asks
        return copy

    def _globals(self, function: FunctionType) -> dict[str, Any]:
        real = function.__globals__
        if id(real) not in self.names:
            self.names[id(real)] = {**real, "__builtins__": {**vars(builtins), **BUILTINS, "__import__": self._import}}
        return self.names[id(real)]

    def _import(self, name: str, *where: Any) -> Any:
        return self.of(builtins.__import__(name, *where))

    def _cell(self, cell: CellType) -> CellType:
        if id(cell) not in self.copies:
            self._keep(cell, CellType())
        return self.copies[id(cell)][1]

    def _fill(self, cell: CellType, empty: CellType, is_class: bool) -> None:
        try:
            value = cell.cell_contents
        except ValueError:  # a name that has no value yet
            return
        try:
            empty.cell_contents  # noqa: B018 (filled already, for another function of the same scope)
        except ValueError:
            empty.cell_contents = self._class(value) if is_class and self._is_own_class(value) else self.of(value)

    def _container(self, thing: Any) -> Any:
        if isinstance(thing, tuple):
            parts = [self.of(part) for part in thing]
            if all(part is old for part, old in zip(parts, thing, strict=True)):
                return thing
            return tuple(parts) if type(thing) is tuple else type(thing)(*parts)
        copy = self._keep(thing, thing.copy())
        if len(thing) > MOST or isinstance(thing, set):
            return copy
        if isinstance(thing, dict):
            copy.update({key: self.of(value) for key, value in thing.items()})
        else:
            for place, part in enumerate(thing):
                copy[place] = self.of(part)
        return copy

    def _module(self, module: ModuleType) -> Any:
        root = module.__name__.partition(".")[0]
        if root in LIBRARIES:
            return stand_in_of(module)
        return module if _is_library(getattr(module, "__file__", None)) else _Module(module, self)

    def _instance(self, thing: Any) -> Any:
        """Return a copy of an object of a class of the user's; its attributes are copies, and its methods."""
        cls = type(thing)
        if type(cls) not in (type, ABCMeta) or not any(map(self._is_own_class, cls.__mro__)):
            return thing
        try:
            attributes = vars(thing)
            copy = object.__new__(self._class(cls))
        except TypeError:  # built on a type of Python's own, or with slots
            return thing
        self._keep(thing, copy)
        vars(copy).update({name: self.of(value) for name, value in attributes.items()})
        return copy

    def _class(self, cls: type) -> type:
        """Return a class derived from one of the user's, in which each method is a copy."""
        if cls not in self.classes:
            if "__init_subclass__" in vars(cls):
                raise TypeError("this class wants to know of its subclasses")
            bases = tuple(self._class(base) for base in cls.__bases__ if self._is_own_class(base))
            self.classes[cls] = copy = type(cls)(cls.__name__, (*bases, cls), {"__module__": cls.__module__})
            for name, value in vars(cls).items():
                if (method := self._method(value)) is not value:
                    setattr(copy, name, method)
            update_abstractmethods(copy)
        return self.classes[cls]

    def _method(self, value: Any) -> Any:
        if type(value) is FunctionType:
            return self.of(value)
        if type(value) in (staticmethod, classmethod):
            return type(value)(self.of(value.__func__))
        if type(value) is property:
            return property(*map(self.of, (value.fget, value.fset, value.fdel)))
        return value

    def _is_own(self, function: Any) -> bool:
        code = getattr(function, "__code__", None)
        if _package(function) == self.home:
            return code is not None
        return code is not None and not _is_library(code.co_filename)

    def _is_own_class(self, cls: type) -> bool:
        module = sys.modules.get(cls.__module__)
        if cls.__module__.partition(".")[0] == self.home:
            return cls is not object
        return module is not None and cls.__module__ != "builtins" and not _is_library(_file(module))


class _Module:
    """A module of the user's, each of whose names is copied when it is asked for."""

    def __init__(self, real: ModuleType, shadow: Shadow) -> None:
        self._real, self._shadow = real, shadow

    def __getattr__(self, name: str) -> Any:
        return self._shadow.of(getattr(self._real, name))


def _package(thing: Any) -> str:
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return str(module).partition(".")[0]


def _file(module: ModuleType) -> str | None:
    # a module typed at a prompt has no file, nor have those that are built in
    return getattr(module, "__file__", None) or ("<prompt>" if module.__name__ == "__main__" else None)


@functools.lru_cache(maxsize=1024)
def _is_library(path: str | None) -> bool:
    """Tell whether a file belongs to an installed package or to Python itself."""
    if path is None or path.startswith("<frozen"):
        return True
    return "site-packages" in path or "dist-packages" in path or path.startswith(_STANDARD)


_STANDARD = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))


@functools.lru_cache(maxsize=1024)
def _names(code: CodeType) -> frozenset[str]:
    """Return every name that code, or code within it, looks up."""
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return frozenset(code.co_names).union(*inner)
