"""Python functions named on the command line."""

import sys

import pytest

from fallline.cli.function import blamed_on, load_function
from fallline.errors import FileError, InputError

SOURCE = """
import numpy as np
import helper_of_bowl

LIMIT = 3

def cost(x):
    return np.sum((x - helper_of_bowl.TARGET) ** 2)

def broken(x):
    return 1 / 0
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "bowl.py").write_text(SOURCE)
    (tmp_path / "helper_of_bowl.py").write_text("TARGET = 4.0\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "helper_of_bowl", raising=False)
    return tmp_path


def test_a_function_is_loaded_with_its_neighbours(folder):
    """A file may import what lies beside it, as a script may."""
    assert load_function(f"{folder}/bowl.py:cost")(6.0) == 4.0


@pytest.mark.parametrize(
    ("place", "error", "told"),
    [
        ("bowl", InputError, "as in module.py:cost"),
        ("bowl.txt:cost", InputError, "as in module.py:cost"),
        ("bowl.py:", InputError, "as in module.py:cost"),
        ("absent.py:cost", FileError, "There is no such file"),
        ("bowl.py:coast", InputError, "Did you mean 'cost'"),
        ("bowl.py:LIMIT", InputError, "must name a function in bowl.py"),
        ("syntax.py:cost", InputError, "SyntaxError at line 1 of syntax.py"),
        ("empty.py:cost", InputError, "It defines none"),
    ],
)
def test_what_is_no_function_is_refused(folder, place, error, told):
    """A missing file, a misspelt name or a broken file is told in one sentence."""
    (folder / "syntax.py").write_text("def cost(:\n")
    (folder / "empty.py").write_text("")
    with pytest.raises(error, match=told):
        load_function(f"{folder}/{place}")


def test_an_error_in_the_file_names_its_line(folder):
    """An error that the user's own code raises is told with its line; any other passes."""
    broken = load_function(f"{folder}/bowl.py:broken")
    with pytest.raises(InputError, match=r"ZeroDivisionError at line 11 of bowl.py"), blamed_on(folder / "bowl.py"):
        broken(1.0)
    with pytest.raises(KeyError), blamed_on(folder / "bowl.py"):
        {}["elsewhere"]
