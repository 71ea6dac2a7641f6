"""Watched arrays compute as any other and notice a column against a row."""

import math

import numpy as np
import pytest

from fallline.arrays.watched import Watched, watched

X = np.arange(12.0).reshape(4, 3)
COLUMN = np.ones((4, 1))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: X @ x,
        lambda x: x[0] * X[:, 0] + x[1],
        lambda x: np.exp(x)[::2],
        lambda x: np.add.reduce(x),
        lambda x: np.concatenate([x, x])[:3].reshape(3, 1),
        lambda x: np.where(x > 0, x, -x).mean(),
        lambda x: math.exp(x[0]) + float(x[1]),
        lambda x: np.modf(x)[0],
        lambda x: np.add(x, 1, out=np.zeros(3)),
    ],
)
def test_the_numbers_are_the_same(function):
    """Whatever is done with them."""
    x = np.array([0.5, -1.5, 2.0])
    np.testing.assert_array_equal(np.asarray(function(watched(x))), function(x))


def test_an_array_is_watched_through_what_is_made_of_it():
    """By products, elements, functions and in place; the original is not touched."""
    original = np.ones(3)
    x = watched(original)
    made = np.tanh(X @ x) * 2
    made += 1
    made -= 0.5
    assert isinstance(made, Watched) and isinstance(x[0] * X[:, 0], Watched)
    assert x.squares == [] and (made - COLUMN).shape == (4, 4) and x.squares == [4]
    x[0] = 5
    assert original[0] == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [((4,), (4,)), ((4, 1), (4, 1)), ((4, 1), (1, 4)), ((4, 1), (3,)), ((1,), (1, 1)), ((4, 1), ())],
)
def test_other_shapes_are_no_matter(one, other):
    """Only (n,) against (n, 1) makes a square that nobody wrote."""
    x = watched(np.ones(one))
    _ = x - np.ones(other), np.ones(other) * x
    assert x.squares == []
