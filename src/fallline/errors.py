"""The errors fallline raises, each also the built-in error a caller would expect to catch.

Every message follows one template: ``name must be <rule>; got <value>. <why>. <what to do>.``
"""

import difflib
from collections.abc import Iterable

__all__ = ["DataError", "FalllineError", "FileError", "InputError", "InputTypeError", "nearest", "shown"]


class FalllineError(Exception):
    """Any error that fallline raises on purpose."""


class InputError(FalllineError, ValueError):
    """An argument has a value that cannot be used."""


class InputTypeError(FalllineError, TypeError):
    """An argument has a type that cannot be used."""


class DataError(InputError):
    """A table, column, row or target cannot be used."""


class FileError(FalllineError, OSError):
    """A file cannot be read or written."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def shown(value: object, width: int = 60) -> str:
    """Return ``repr(value)`` on one line, shortened to `width` characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the sentence that suggests the known name nearest to `name`, or lists them all."""
    known = sorted(known)
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known names: {', '.join(known)}."
