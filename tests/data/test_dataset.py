"""A file parted into features and target."""

import numpy as np
import pytest

from fallline.data.dataset import load_dataset
from fallline.errors import FalllineError

TEXT = "age,price,kind\n1,10,a\n2,,b\n3,30,\n4,40,a\n"


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "table.csv"
    place.write_text(TEXT)
    return place


def test_rows_with_a_blank_target_are_left_out_and_counted(path):
    """A row without a target is left out, whether numbers or text are to be predicted."""
    numbers, words = load_dataset(path, "price"), load_dataset(path, "kind")
    np.testing.assert_array_equal(numbers.target, [10.0, 30.0, 40.0])
    assert numbers.features.to_pydict() == {"age": [1.0, 3.0, 4.0], "kind": ["a", "", "a"]}
    assert (numbers.blank, numbers.classes) == (1, False)
    assert (list(words.target), words.blank, words.classes) == (["a", "b", "a"], 1, True)


def test_columns_can_be_left_aside(path):
    """Excluded columns are no features."""
    assert load_dataset(path, "price", ["kind"]).features.column_names == ["age"]


@pytest.mark.parametrize(
    ("target", "exclude", "words"),
    [
        ("prise", [], "Did you mean 'price'"),
        ("", [], "Known names"),
        ("price", ["kid"], "kind"),
        ("price", ["age", "kind"], "besides"),
    ],
)
def test_columns_that_are_not_there_are_refused(path, target, exclude, words):
    """A target or an excluded column that no column is, or no feature left, is refused with the nearest name."""
    with pytest.raises(FalllineError, match=words):
        load_dataset(path, target, exclude)


def test_a_target_always_blank_is_refused(tmp_path):
    """A target without a single value is refused."""
    (tmp_path / "blank.csv").write_text("a,price\n1,\n2,\n")
    with pytest.raises(FalllineError, match="always blank"):
        load_dataset(tmp_path / "blank.csv", "price")


@pytest.mark.parametrize("cell", ["inf", "-Infinity"])
def test_infinity_among_numbers_is_refused_by_row_and_column(tmp_path, cell):
    """An infinite cell is named by its row in the file and its column, unless that is left aside."""
    (tmp_path / "far.csv").write_text(f"a,price\n1,2\n3,4\n{cell},5\n")
    with pytest.raises(FalllineError, match="inf at row 2, column 'a'"):
        load_dataset(tmp_path / "far.csv", "price")
    (tmp_path / "far.csv").write_text(f"a,b,price\n1,1,2\n{cell},3,5\n")
    assert len(load_dataset(tmp_path / "far.csv", "price", ["a"])) == 2


def test_the_target_cannot_be_left_aside(path):
    """Excluding the target is refused."""
    with pytest.raises(FalllineError, match="exclude must not name the target"):
        load_dataset(path, "price", ["price"])
