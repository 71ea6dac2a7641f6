"""Files of arrays: whole or not at all, and refused where one bit of them is another."""

import os

import numpy as np
import pytest

from fallline.arrays.files import UnreadableError, read_arrays, write_arrays

KIND = "fallline test 1"
ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([True, False]), "none": np.zeros((0, 2), np.int32)}
ARRAYS["strided"] = np.eye(4)[::2].T


def test_what_is_written_is_read(tmp_path):
    """Text and arrays come back as they were, whatever their order in memory, and no other file is left."""
    write_arrays(tmp_path / "a", KIND, "ä\n", ARRAYS)
    text, arrays = read_arrays(tmp_path / "a", KIND)
    assert text == "ä\n"
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
    assert os.listdir(tmp_path) == ["a"]


def test_any_changed_bit_is_noticed(tmp_path):
    """Each bit of a file is flipped in turn, its header and its checksum included; every cut is tried."""
    path = tmp_path / "a"
    write_arrays(path, KIND, "some text", {"b": np.array([True, False]), "x": np.array([0.5])})
    content = path.read_bytes()
    passed = []
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            read_arrays(path, KIND)
        except UnreadableError:
            continue
        passed.append(bit)
    assert passed == []
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(UnreadableError):
            read_arrays(path, KIND)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("fallline test 2", "newer fallline .its format is 2, and this one reads up to 1"),
        ("fallline trace 1", "it holds a fallline trace"),
        ("my notes", "it holds something else"),
    ],
)
def test_other_files_are_told_apart(tmp_path, kind, words):
    """A file of a later format or of another kind is refused for what it is."""
    write_arrays(tmp_path / "a", kind, "", ARRAYS)
    with pytest.raises(UnreadableError, match=words):
        read_arrays(tmp_path / "a", KIND)
    with pytest.raises(UnreadableError, match="no such file"):
        read_arrays(tmp_path, KIND)


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    """The file before is kept, and so is nothing half written."""

    def full(handle):
        raise OSError(28, "No space left on device")

    write_arrays(tmp_path / "a", KIND, "before", ARRAYS)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_arrays(tmp_path / "a", KIND, "after", ARRAYS, tmp_path / "previous")
    assert os.listdir(tmp_path) == ["a"]
    assert read_arrays(tmp_path / "a", KIND)[0] == "before"


def test_the_file_before_can_be_kept(tmp_path):
    """Where a name for it is given."""
    for text in ("one", "two", "three"):
        write_arrays(tmp_path / "a", KIND, text, ARRAYS, tmp_path / "previous")
    assert [read_arrays(tmp_path / name, KIND)[0] for name in ("a", "previous")] == ["three", "two"]
