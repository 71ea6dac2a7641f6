"""What the commands share: the two streams, strict JSON, places to write, exit codes."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, TextIO

import click

from fallline.errors import FileError, shown

__all__ = [
    "ExitCode",
    "output_options",
    "plain",
    "require_writable",
    "say",
    "say_json",
    "say_outcome",
    "strict",
    "tell",
]

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class ExitCode(IntEnum):
    """What the program tells the shell."""

    CONVERGED = 0
    NOT_CONVERGED = 1
    BAD_INPUT = 2
    INTERNAL_ERROR = 101
    INTERRUPTED = 130


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json`` (passed as `as_json`) and ``--quiet`` to a click command."""
    command = click.option("--quiet", is_flag=True, help="Write nothing to stderr but errors.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")(command)


def plain(text: str) -> str:
    """Return `text` with every control character, but newline and tab, written out as an escape sequence."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def say(text: str) -> None:
    """Print a result on stdout."""
    click.echo(plain(text))


def say_outcome(text: str, success: bool) -> None:
    """Print a result on stdout, its first line coloured by success where a terminal shows colours."""
    first, newline, rest = plain(text).partition("\n")
    if _coloured(sys.stdout):
        first = click.style(first, fg="green" if success else "red", bold=True)
    click.echo(first + newline + rest)


def tell(text: str, quiet: bool = False) -> None:
    """Write a message on stderr, unless `quiet`."""
    if not quiet:
        click.echo(plain(text), err=True)


def say_json(value: Mapping[str, Any]) -> None:
    """Print one strict JSON object on stdout."""
    click.echo(json.dumps(strict(value), allow_nan=False))


def strict(value: Any) -> Any:
    """Return `value` as JSON can hold it.

    Dataclasses and mappings become objects, arrays and tuples lists, enumerations their values, and numbers that
    are not finite null.

    Examples
    --------
    >>> strict({"x": (1, float("nan"))})
    {'x': [1, None]}
    """
    if isinstance(value, Enum):
        return strict(value.value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    if is_dataclass(value):
        return {field.name: strict(getattr(value, field.name)) for field in fields(value)}
    return strict(value.tolist())


def require_writable(path: str | Path, option: str) -> Path:
    """Return `path`, having made sure before the work begins that a file can be written there.

    Raises
    ------
    FileError
        Where it is a folder, its folder does not exist, or the place may not be written.
    """
    place = Path(path)
    folder = place.parent
    if place.is_dir():
        why = "That is a folder. Name a file in it"
    elif not folder.is_dir():
        why = f"There is no folder {shown(str(folder))}. Make it first, or name another place"
    elif not os.access(place if place.exists() else folder, os.W_OK):
        why = "It may not be written. Name another place"
    else:
        return place
    raise FileError(f"{option} must be a file that can be written; got {shown(str(path), 200)}. {why}.")


def _coloured(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
