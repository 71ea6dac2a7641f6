"""Tables in files of every kind, whole and broken."""

import gzip
import os

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from fallline.data.files import read_table
from fallline.errors import FalllineError

TEXT = "size,kind,paid\n1.5,a,True\n,b,False\n2.5,a,True\n"
EXPECTED = {"size": [1.5, None, 2.5], "kind": ["a", "b", "a"], "paid": [True, False, True]}


def written(folder, kind):
    path, table = folder / f"table{kind}", pa.table(EXPECTED)
    if kind == ".csv.gz":
        path.write_bytes(gzip.compress(TEXT.encode()))
    elif kind == ".csv.zst":
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(TEXT.encode())
    elif kind == ".parquet":
        parquet.write_table(table, path)
    elif kind == ".feather":
        feather.write_feather(table, str(path))
    elif kind == ".arrow":
        with pa.ipc.new_file(str(path), table.schema) as stream:
            stream.write_table(table)
    else:
        path.write_text(TEXT)
    return path


@pytest.mark.parametrize("kind", [".csv", ".CSV", ".csv.gz", ".csv.zst", ".parquet", ".feather", ".arrow"])
def test_every_kind_of_file_gives_the_same_table(kind, tmp_path):
    """The same table comes from CSV, compressed CSV, Parquet, Feather and Arrow."""
    assert read_table(written(tmp_path, kind)).to_pydict() == EXPECTED


def test_a_spreadsheets_export_is_understood(tmp_path):
    """A byte-order mark, CRLF, quotes, quoted commas and line breaks, and repeated headers are all understood."""
    path = tmp_path / "export.csv"
    path.write_bytes('\ufeffa,b,a,\r\n1,"x, ""y""",2,0\r\n3,"two\nlines",4,0\r\n'.encode())
    table = read_table(path)
    assert table.to_pydict() == {
        "a": [1.0, 3.0],
        "b": ['x, "y"', "two\nlines"],
        "a.2": [2.0, 4.0],
        "column 3": [0.0, 0.0],
    }


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_understood(delimiter, tmp_path):
    """The delimiter is the one that the header uses."""
    path = tmp_path / "table.csv"
    path.write_text(TEXT.replace(",", delimiter))
    assert read_table(path).to_pydict() == EXPECTED


def test_types_are_learnt_over_the_whole_file(tmp_path):
    """A column that turns decimal, or to text, at the end of a long file is so throughout."""
    rows = 200_000
    path = tmp_path / "late.csv"
    path.write_text("n,code\n" + "".join(f"{k},{k}\n" for k in range(rows)) + "0.5,A7\n")
    table = read_table(path)
    assert table["n"].type == pa.float64()
    assert table["n"][-1].as_py() == 0.5
    assert table["code"].type == pa.string()
    assert table["code"][7].as_py() == "7"


BROKEN = {
    "absent.csv": None,
    "empty.csv": b"",
    "blank.csv": b"\n\n",
    "header.csv": b"a,b\n",
    "binary.csv": bytes(range(256)) * 300,
    "latin.csv": "größe,b\n1,2\n".encode("latin-1"),
    "ragged.csv": b"a,b\n1,2\n1,2,3\n",
    "short.csv.gz": gzip.compress(np.random.default_rng(0).bytes(10_000).hex().encode())[:3000],
    "fake.parquet": b"PAR1 this is no table PAR1",
    "fake.feather": b"nothing",
    "picture.png": b"\x89PNG",
    "archive.parquet.gz": b"x",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_table_is_named_in_one_sentence(name, tmp_path):
    """A file that is absent, empty, cut short or of another kind is refused in one sentence that names it."""
    path = tmp_path / name
    if BROKEN[name] is not None:
        path.write_bytes(BROKEN[name])
    with pytest.raises(FalllineError, match="DATA must") as caught:
        read_table(path)
    assert name in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_parquet_file_cut_short_is_refused(tmp_path):
    """A Parquet file that lacks its end is refused."""
    path = written(tmp_path, ".parquet")
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(FalllineError, match="damaged"):
        read_table(path)


def test_a_folder_is_no_table(tmp_path):
    """A folder is refused by name."""
    with pytest.raises(FalllineError, match="folder"):
        read_table(tmp_path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    """A file without permission is refused by name."""
    path = written(tmp_path, ".csv")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(FalllineError, match=r"table\.csv.*[Pp]ermission"):
        read_table(path)
