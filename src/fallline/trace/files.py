"""Traces in files: safetensors (arrays and a JSON header, no code) with a checksum."""

from __future__ import annotations

import hashlib
import json
import os
from os import PathLike

import numpy as np

from fallline.arrays.files import write_whole
from fallline.arrays.layout import Layout
from fallline.errors import FileError
from fallline.trace.recorder import NAMES, Rows

__all__ = ["load_rows", "save_rows"]

FORMAT = "fallline trace 1"


def save_rows(path: str | PathLike[str], rows: Rows, layout: Layout, note: str = "") -> None:
    """Write rows, layout and note to `path`, whole or not at all.

    Raises
    ------
    FileError
        Where the file cannot be written.
    """
    from safetensors.numpy import save

    columns = {name: np.ascontiguousarray(getattr(rows, name)) for name in NAMES}
    header = {"format": FORMAT, "layout": json.dumps(layout.to_json()), "note": note}
    header["checksum"] = _checksum(columns, note)
    try:
        write_whole(path, save(columns, metadata=header))
    except OSError as error:
        raise FileError(
            f"path must be a file that can be written; got {os.fspath(path)!r}. {error.strerror}. Name another place."
        ) from error


def load_rows(path: str | PathLike[str]) -> tuple[Rows, Layout, str]:
    """Read what `save_rows` wrote.

    Raises
    ------
    FileError
        Where the file is missing, is no trace, or was altered.
    """
    from safetensors import SafetensorError, safe_open

    name = os.fspath(path)
    if not os.path.isfile(name):
        raise FileError(f"path must be a file written by Trace.save; got {name!r}. There is no such file.")
    try:
        with safe_open(name, framework="numpy") as file:
            header = file.metadata() or {}
            columns = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError) as error:
        raise FileError(f"path must be a file written by Trace.save; got {name!r}. It is not one: {error}.") from error
    if header.get("format") != FORMAT or set(columns) != set(NAMES):
        raise FileError(f"path must be a file written by Trace.save; got {name!r}. It holds something else.")
    note = header.get("note", "")
    if header.get("checksum") != _checksum(columns, note):
        raise FileError(f"path must be an unaltered trace; got {name!r}. Its checksum does not match. Save it again.")
    return Rows(**columns), Layout.from_json(json.loads(header["layout"])), note


def _checksum(columns: dict[str, np.ndarray], note: str) -> str:
    digest = hashlib.sha256(note.encode())
    for name in NAMES:
        column = columns[name]
        digest.update(f"{name} {column.dtype} {column.shape}".encode())
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()
