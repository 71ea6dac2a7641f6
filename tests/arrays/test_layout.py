"""Parameters of any shape become one flat vector and come back unchanged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fallline.arrays.layout import Layout, flatten
from fallline.errors import InputError, InputTypeError

numbers = st.floats(-1e6, 1e6)
arrays = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=3), elements=numbers)
trees = st.recursive(
    numbers | arrays,
    lambda inner: (
        st.dictionaries(st.text(min_size=1, max_size=3), inner, min_size=1, max_size=3)
        | st.tuples(inner, inner)
        | st.lists(arrays, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b)


@given(trees)
def test_a_tree_survives_the_way_there_and_back(tree):
    """Any tree of numbers and arrays comes back with its structure, shapes and values."""
    flat, layout, whole = flatten(tree)
    assert flat.shape == (layout.size,) and not whole
    assert same(layout.unflatten(flat), tree)
    assert Layout.from_json(layout.to_json()) == layout
    assert len(layout.names()) == len(set(layout.names())) or isinstance(tree, dict)


def test_a_list_of_numbers_is_an_array_and_a_list_of_arrays_stays_a_list():
    """[1.0, 2.0] is one array; [array, array] is two."""
    assert isinstance(flatten([1.0, 2.0])[1].unflatten(np.zeros(2)), np.ndarray)
    assert isinstance(flatten([np.zeros(2), np.zeros(1)])[1].unflatten(np.zeros(3)), list)


@pytest.mark.parametrize(
    ("x0", "dtype"),
    [
        (3, np.float64),
        (np.float32(3), np.float32),
        (np.zeros(2, np.float32), np.float32),
        ([1, 2], np.float64),
        ({"a": np.zeros(1, np.float32), "b": 1.0}, np.float64),
        (np.zeros(2, np.float16), np.float64),
    ],
)
def test_the_type_of_the_numbers(x0, dtype):
    """float32 is kept where everything is float32, anything else becomes float64."""
    assert flatten(x0)[0].dtype == dtype


def test_the_users_array_is_never_shared():
    """Writing into the flat vector leaves the start alone."""
    x0 = np.zeros(3)
    flat, _, _ = flatten(x0)
    flat += 1
    np.testing.assert_array_equal(x0, 0)


def test_every_element_has_a_readable_name():
    """Names follow the argument and the keys."""
    assert flatten(3.0, label="theta")[1].names() == ["theta"]
    assert flatten(np.zeros((1, 2)))[1].names() == ["x[0, 0]", "x[0, 1]"]
    assert flatten({"layer": {"w": np.zeros(1), "b": 0.0}})[1].names() == ["layer.w[0]", "layer.b"]
    assert flatten([np.zeros(1), 2.0], label="p")[1].names() == ["p[0][0]", "p[1]"]


@pytest.mark.parametrize(
    "x0", [None, "3", b"3", True, {1, 2}, lambda x: x, [1, "a"], np.array(["a"]), [None], {"a": None}]
)
def test_what_is_no_number_is_refused(x0):
    """A start that holds anything but real numbers is refused as a TypeError that says what to give."""
    with pytest.raises(InputTypeError, match=r"x0.*must be a number.*Start from numbers"):
        flatten(x0)


@pytest.mark.parametrize(
    ("x0", "place"),
    [(np.nan, "x0"), ([0.0, np.inf], r"x0\[1\]"), ({"a": 0.0, "b": [0.0, np.nan]}, r"b\[1\]")],
)
def test_what_is_not_finite_is_refused_with_its_place(x0, place):
    """A start with nan or infinity is refused, naming the element."""
    with pytest.raises(InputError, match=f"finite; got (nan|inf).*{place if place != 'x0' else ''}"):
        flatten(x0)


@pytest.mark.parametrize(
    ("module", "match"), [("cupy", r"cupy\.asnumpy"), ("mlx.core", r"numpy\.array"), ("dask.array", "compute")]
)
def test_arrays_of_libraries_that_are_not_known_are_refused(module, match):
    """An array of another library is refused in a sentence that says how to make one that is known."""
    foreign = type("array", (), {"__module__": module, "__array__": lambda self, *_, **__: np.ones(2)})()
    with pytest.raises(InputTypeError, match=rf"^x0\['w'\] must be of NumPy, JAX, torch or TensorFlow.*{match}"):
        flatten({"w": foreign})


def test_masked_starts_are_refused():
    """A mask is not lost silently."""
    with pytest.raises(InputTypeError, match="x0 must be an array without a mask"):
        flatten(np.ma.array([1.0, 2.0], mask=[True, False]))


@pytest.mark.parametrize("x0", [[], {}, np.zeros((0, 3))])
def test_nothing_to_change_is_refused(x0):
    """An empty start is refused."""
    with pytest.raises(InputError, match="at least one number"):
        flatten(x0)
