"""Tables in files, read whole: CSV (plain, .gz, .zst), Parquet, Feather and Arrow."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from fallline.data.types import typed
from fallline.errors import DataError, FileError

if TYPE_CHECKING:
    import pyarrow

__all__ = ["read_table"]

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
KINDS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet"}
KINDS |= {".feather": "feather", ".arrow": "feather", ".ipc": "feather"}
DELIMITERS = ",;\t|"


def read_table(path: str | PathLike[str]) -> pyarrow.Table:
    """Return the table in a file, its columns typed.

    In CSV, types are learnt over the whole file: a column is numeric only where every cell that is not blank is a
    number, and text otherwise. Duplicate headers are numbered: ``a``, ``a.2``.

    Parameters
    ----------
    path : str or path
        The ending tells the kind: ``.csv``, ``.tsv`` or ``.txt`` (also ``.gz``, ``.zst``), ``.parquet``, ``.feather``,
        ``.arrow`` or ``.ipc``.

    Raises
    ------
    FileError
        Where the file is missing, may not be read, is empty, damaged or of another kind.
    DataError
        Where it holds no rows.
    """
    place = Path(path)
    _require_readable(place)
    endings = [ending.lower() for ending in place.suffixes]
    compression = COMPRESSIONS.get(endings[-1]) if endings else None
    kind = (endings[:-1] or [""])[-1] if compression else (endings or [""])[-1]
    if kind not in KINDS or (compression and KINDS[kind] != "csv"):
        raise FileError(
            f"DATA must be a CSV, Parquet, Feather or Arrow file; got {_shown(place)}. The ending tells the kind. "
            "Known endings: .csv, .csv.gz, .csv.zst, .parquet, .feather, .arrow."
        )
    try:
        table = _read(place, KINDS[kind], compression)
    except (DataError, FileError):
        raise
    except (OSError, ValueError, EOFError) as error:
        _refuse(place, f"is damaged or of another kind ({_first_line(error)})")
    if table.num_rows == 0:
        raise DataError(f"DATA must hold rows; got {_shown(place)} with a header only. There is nothing to learn from.")
    return _numbered(table)


def _read(place: Path, kind: str, compression: str | None) -> pyarrow.Table:
    if kind == "csv":
        return _read_csv(place, compression)
    if kind == "parquet":
        from pyarrow import parquet

        return parquet.read_table(place)
    from pyarrow import feather

    return feather.read_table(place)


def _require_readable(place: Path) -> None:
    if place.is_dir():
        raise FileError(f"DATA must be a file; got {_shown(place)}. That is a folder. Name a file in it.")
    if not place.exists():
        raise FileError(
            f"DATA must be a file; got {_shown(place)}. There is no such file. Check the name and the folder."
        )
    if not os.access(place, os.R_OK):
        raise FileError(f"DATA must be a file that may be read; got {_shown(place)}. Permission is denied.")
    if place.stat().st_size == 0:
        raise FileError(f"DATA must hold a table; got {_shown(place)}. The file is empty.")


def _read_csv(place: Path, compression: str | None) -> pyarrow.Table:
    import pyarrow
    from pyarrow import csv

    with pyarrow.input_stream(place, compression=compression) as stream:
        content = stream.read()
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        _refuse(place, "is empty")
    delimiter = _delimiter(place, content)
    parse = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    # the header is read as a row, so that its names may repeat; every cell as text, so that types can be
    # learnt over the whole file
    read = csv.ReadOptions(autogenerate_column_names=True, block_size=max(1 << 20, len(content)))
    buffer = pyarrow.py_buffer(content)
    columns = csv.open_csv(pyarrow.BufferReader(buffer), read, parse).schema.names
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pyarrow.string()), strings_can_be_null=False, check_utf8=True
    )
    table = csv.read_csv(pyarrow.BufferReader(buffer), read, parse, convert)
    names = [str(column[0].as_py()).strip() or f"column {j}" for j, column in enumerate(table.columns)]
    table = table.slice(1)
    if table.num_rows == 0:
        return table.rename_columns(_unique(names))
    return pyarrow.Table.from_arrays([typed(column) for column in table.columns], _unique(names))


def _delimiter(place: Path, content: bytes) -> str:
    """Return the delimiter that the header uses most; refuse what is no text."""
    head = content[: 1 << 16]
    if b"\0" in head:
        _refuse(place, "is binary, not text")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(place, f"is not UTF-8 text (byte {error.start}). Save it as UTF-8")
    header = head.splitlines()[0].decode("utf-8", "replace")
    return max(DELIMITERS, key=header.count)


def _numbered(table: pyarrow.Table) -> pyarrow.Table:
    return table.rename_columns(_unique([str(name) for name in table.column_names]))


def _unique(names: list[str]) -> list[str]:
    """Return the names, repeated ones numbered from 2."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        label = name if seen[name] == 1 else f"{name}.{seen[name]}"
        while label in names and seen[name] > 1:
            seen[name] += 1
            label = f"{name}.{seen[name]}"
        found.append(label)
    return found


def _refuse(place: Path, why: str) -> NoReturn:
    raise FileError(f"DATA must be a readable table; got {_shown(place)}, which {why}.")


def _shown(place: Path) -> str:
    return repr(os.fspath(place))


def _first_line(error: Exception) -> str:
    lines: list[Any] = str(error).strip().splitlines() or [type(error).__name__]
    return str(lines[0]).rstrip(".")[:200]
