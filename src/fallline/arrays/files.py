"""Arrays and a text in one file: safetensors (data only, nothing is ever executed) with a checksum, written whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import numpy as np

__all__ = ["UnreadableError", "read_arrays", "write_arrays", "write_whole"]


class UnreadableError(Exception):
    """A file cannot be read; the text is the reason, to follow a colon."""


def write_arrays(
    path: str | PathLike[str], kind: str, text: str, arrays: Mapping[str, np.ndarray], previous: Path | None = None
) -> None:
    """Write arrays and a text to `path`, whole or not at all.

    Parameters
    ----------
    path : str or path
    kind : str
        What is in the file, its last word being the number of the format: ``"fallline trace 1"``.
    text : str
    arrays : mapping of str to array
    previous : path, optional
        Where a file that was there before is kept; it is overwritten by default.

    Raises
    ------
    OSError
        Where it cannot be written; what was there before is kept.
    """
    from safetensors.numpy import save

    ordered = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    header = {"format": kind, "text": text, "checksum": _checksum(kind, text, ordered)}
    write_whole(path, save(ordered, metadata=header), previous)


def write_whole(path: str | PathLike[str], content: bytes, previous: Path | None = None) -> None:
    """Write `content` to `path`, whole or not at all, as to `write_arrays`.

    Raises
    ------
    OSError
        Where it cannot be written; what was there before is kept.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if previous is not None and path.exists():
            path.replace(previous)
        part.replace(path)
        _sync_folder(path.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def read_arrays(path: str | PathLike[str], kind: str) -> tuple[str, dict[str, np.ndarray]]:
    """Return the text and the arrays that `write_arrays` wrote.

    Raises
    ------
    UnreadableError
        Where the file is missing, of another kind or of a later format, or was cut short or altered.
    """
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise UnreadableError("there is no such file")
    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            header = file.metadata() or {}
            _check_kind(header.get("format", ""), kind)
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError) as error:
        raise UnreadableError(f"it cannot be read ({error})") from error
    text = header.get("text", "")
    if header.get("checksum") != _checksum(kind, text, arrays):
        raise UnreadableError("its checksum does not match, so it was altered")
    return text, arrays


def _check_kind(found: str, kind: str) -> None:
    name, _, number = kind.rpartition(" ")
    other, _, version = found.rpartition(" ")
    if found == kind:
        return
    if other == name and version.isdecimal() and int(version) > int(number):
        raise UnreadableError(
            f"it was written by a newer fallline (its format is {version}, and this one reads up to {number})"
        )
    raise UnreadableError(f"it holds a {other}" if other.startswith("fallline ") else "it holds something else")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checksum(kind: str, text: str, arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(f"{kind}\n{text}".encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
