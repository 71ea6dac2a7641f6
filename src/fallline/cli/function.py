"""A Python function named on the command line as ``module.py:name``."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fallline.errors import FileError, InputError, nearest, shown

__all__ = ["blamed_on", "load_function"]


def load_function(place: str) -> Callable[..., Any]:
    """Import the file and return the function, given as ``module.py:name``.

    The file is Python code and runs; its own folder is importable to it, as for a script.

    Raises
    ------
    InputError
        Where `place` is not of that form, the file fails, or there is no such function in it.
    FileError
        Where there is no such file.
    """
    file, colon, name = place.rpartition(":")
    path = Path(file)
    if not colon or not name.isidentifier() or path.suffix != ".py":
        raise InputError(
            f"--function must be a file and a name, as in module.py:cost; got {shown(place)}. Name a function in it."
        )
    if not path.is_file():
        raise FileError(f"--function must name a file that exists; got {shown(file)}. There is no such file.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    with blamed_on(path):
        spec.loader.exec_module(module)
    functions = [known for known, value in vars(module).items() if callable(value) and not known.startswith("_")]
    if name not in functions:
        known = nearest(name, functions) if functions else "It defines none."
        raise InputError(f"--function must name a function in {path.name}; got {shown(name)}. {known}")
    return vars(module)[name]


@contextmanager
def blamed_on(path: Path) -> Iterator[None]:
    """Turn an error that the file's own code raises into one sentence that names the line.

    Raises
    ------
    InputError
        In place of any exception that passes through the file; others pass unchanged.
    """
    try:
        yield
    except Exception as error:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).resolve() == path.resolve()
        ]
        if isinstance(error, SyntaxError) and Path(error.filename or "").resolve() == path.resolve():
            lines.append(error.lineno)
        if not lines:
            raise
        raise InputError(
            f"--function must run without an error; got {type(error).__name__} at line {lines[-1]} of {path.name}. "
            f"{error}. Mend it there."
        ) from error
