"""A trace reads like a table and survives a file."""

import json

import numpy as np
import pytest
from safetensors.numpy import load, save

import fallline as fl
from fallline.errors import FileError


@pytest.fixture(scope="module")
def run():
    start = {"w": np.zeros((1, 2)), "b": 1.0}
    return fl.minimize(lambda p: np.sum((p["w"] - 1) ** 2) + p["b"] ** 2, start, learning_rate=0.1, max_iterations=5)


def test_columns_have_the_starts_structure(run):
    """x is a tree of columns, one row for each step."""
    assert run.trace.x["w"].shape == (6, 1, 2) and run.trace.x["b"].shape == (6,)
    assert run.trace[2].x["w"].shape == (1, 2) and isinstance(run.trace[2].x["b"], float)
    assert np.isnan(run.trace.learning_rate[0]) and run.trace.learning_rate[1] == 0.1


def test_slices_are_traces_and_rows_are_records(run):
    """Indexing follows Python's rules."""
    assert [record.iteration for record in run.trace[1:4]] == [1, 2, 3]
    assert run.trace[-1].iteration == 5
    with pytest.raises(IndexError):
        run.trace[6]


def test_tables(run):
    """to_dict, to_pandas and to_arrow name each parameter."""
    assert list(run.trace.to_dict())[:4] == ["iteration", "w[0, 0]", "w[0, 1]", "b"]
    assert run.trace.to_pandas()["b"].iloc[-1] == run.trace.x["b"][-1]
    assert run.trace.to_arrow().num_rows == 6


def test_parameters_named_as_columns_have_columns_of_their_own():
    """A parameter called fun or iteration hides no column, nor do two parameters that print alike."""
    start = {"fun": 1.0, "iteration": 2.0, "x": {"fun": 3.0}, 1: 4.0, "1": 5.0}
    run = fl.minimize(lambda p: p["fun"] ** 2, start, learning_rate=0.1, max_iterations=2)
    table = run.trace.to_dict()
    names = ["iteration", "x.fun", "x.iteration", "x.x.fun", "1", "x.1", "fun", "gradient_norm", "learning_rate"]
    assert list(table)[:9] == names
    assert [table[name][0] for name in names[1:6]] == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(table["fun"], run.trace.fun)


def test_keys_that_json_lacks_survive_a_file(tmp_path):
    """A tuple as a key comes back as a tuple; any other key as its text."""
    start = {("w", 1): np.ones(2), None: 1.0, 2: 1.0, np.int64(3): 1.0}
    trace = fl.minimize(lambda p: np.sum(p["w", 1] ** 2), start, learning_rate=0.1, max_iterations=2).trace
    trace.save(tmp_path / "trace")
    again = fl.Trace.load(tmp_path / "trace")
    assert list(again[0].x) == [("w", 1), None, 2, "3"]
    np.testing.assert_array_equal(again.x["w", 1], trace.x["w", 1])


def test_an_empty_slice_is_an_empty_trace(run, tmp_path):
    """Nothing left over can be shown, printed, made a table and saved."""
    empty = run.trace[3:3]
    empty.save(tmp_path / "trace")
    assert repr(empty) == repr(fl.Trace.load(tmp_path / "trace")) == "Trace(0 rows)"
    assert str(empty).startswith("iteration") and len(empty.to_pandas()) == 0 and "table" in empty._repr_html_()


def test_a_file_gives_back_the_same_bits(run, tmp_path):
    """Saving and loading changes nothing, and leaves no other file behind."""
    run.trace.save(tmp_path / "trace")
    again = fl.Trace.load(tmp_path / "trace")
    np.testing.assert_array_equal(again.flat_x, run.trace.flat_x)
    np.testing.assert_array_equal(again.seconds, run.trace.seconds)
    assert again.layout == run.trace.layout
    assert [path.name for path in tmp_path.iterdir()] == ["trace"]


def test_altered_and_foreign_files_are_refused(run, tmp_path):
    """A missing, foreign or altered file is refused in one sentence."""
    path = tmp_path / "trace"
    with pytest.raises(FileError, match="no such file"):
        fl.Trace.load(path)
    path.write_bytes(b"these are my notes")
    with pytest.raises(FileError, match="It is not one"):
        fl.Trace.load(path)
    path.write_bytes(save({"a": np.zeros(2)}))
    with pytest.raises(FileError, match="something else"):
        fl.Trace.load(path)
    run.trace.save(path)
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    columns = load(content)
    columns["fun"] = columns["fun"] + 1
    path.write_bytes(save(columns, metadata=header))
    with pytest.raises(FileError, match="checksum"):
        fl.Trace.load(path)


def test_a_place_that_cannot_be_written_is_told(run, tmp_path):
    """Saving into a folder that is not there is refused in one sentence."""
    with pytest.raises(FileError, match="Name another place"):
        run.trace.save(tmp_path / "no" / "trace")


def test_the_status_is_scipys(run):
    """status is 0 for a success and positive otherwise."""
    assert run.status > 0 and not run.success
    assert fl.minimize(lambda t: t**2, 3.0).status == 0
