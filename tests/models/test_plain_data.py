"""Plain data: what goes in comes out, to the last bit and of the same type."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallline.errors import InputError
from fallline.models.plain_data import decoded, encoded

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(LEAVES, inner), max_leaves=8
)


def there_and_back(value):
    arrays = {}
    text = json.dumps(encoded(value, "value", arrays))
    return decoded(json.loads(text), arrays)


@given(VALUES)
def test_nested_values_come_back(value):
    """Whatever is nested in whatever; what is no number too."""
    assert repr(there_and_back(value)) == repr(value)


@pytest.mark.parametrize(
    "array",
    [
        np.array(3.0),
        np.zeros((0, 2)),
        np.array([1 + 2j]),
        np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"),
        np.array([1.5, 2.5], dtype=">f8"),
        np.array([["a", "bc"], ["", "é"]]),
        np.array(["a", "a longer one"], dtype=np.dtypes.StringDType()),
        np.array([None, "a", 1, 2.5, (1, 2)], dtype=object),
        np.array([b"a"]),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    ],
    ids=lambda array: f"{array.dtype}",
)
def test_arrays_of_any_type_come_back(array):
    """Type, shape and content are the same; scalars stay scalars."""
    again = there_and_back({"array": array, "first": array.ravel()[0] if array.size else None})
    assert again["array"].dtype == array.dtype
    assert again["array"].shape == array.shape
    assert again["array"].tolist() == array.tolist()
    assert type(again["first"]) is type(array.ravel()[0] if array.size else None)


def test_an_array_is_kept_once():
    """Where it stands twice, it is one array again."""
    array = np.zeros(3)
    arrays = {}
    again = decoded(encoded([array, {"x": array}, np.zeros(3)], "a", arrays), arrays)
    assert len(arrays) == 2
    assert again[0] is again[1]["x"]


def test_code_is_refused():
    """A function or a foreign object has no place in a file."""
    for value in (len, object(), {1, 2}, np.zeros(1, dtype=[("a", float)])):
        with pytest.raises((InputError, ValueError)):
            encoded(value, "value", {})
