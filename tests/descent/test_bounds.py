"""Bounds in every form in which people write them, and what is refused."""

from collections import namedtuple

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf
import torch

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.descent.bounds import read_bounds
from fallline.errors import InputError, InputTypeError

INF = np.inf
Two = namedtuple("Two", "a b")


def edges(bounds, x0):
    """The flat lower and upper bounds."""
    _, layout, _ = flatten(x0)
    box = fl.penalties.Box(*read_bounds(bounds, layout)).laid_out(layout)
    return box.low.tolist(), box.high.tolist()


@pytest.mark.parametrize(
    ("bounds", "low", "high"),
    [
        ((-1, 1), -1, 1),
        ([-1, 1], -1, 1),
        ((None, 1), -INF, 1),
        ([(0, None)], 0, INF),
        (np.array([[0.0, 1.0]]), 0, 1),
        (scipy.optimize.Bounds(-1, 1), -1, 1),
        ((np.array([-1.0]), np.array([1.0])), -1, 1),
    ],
    ids=str,
)
@pytest.mark.parametrize("x0", [0.0, [0.0], np.zeros((1, 1)), {"a": 0.0}], ids=["number", "list", "matrix", "dict"])
def test_one_parameter(bounds, low, high, x0):
    """A lone pair will do, and SciPy's Bounds, which makes arrays of numbers."""
    assert edges(bounds, x0) == ([low], [high])


@pytest.mark.parametrize(
    ("bounds", "low", "high"),
    [
        ((0, np.array([1.0, 2.0, 3.0])), [0, 0, 0], [1, 2, 3]),
        ((None, [1, 2, 3]), [-INF] * 3, [1, 2, 3]),
        ((np.zeros(3), None), [0, 0, 0], [INF] * 3),
        (([0, None, -1], [1, 1, None]), [0, -INF, -1], [1, 1, INF]),
        ([[0, 0, -1], (1, 1, 1)], [0, 0, -1], [1, 1, 1]),
        (np.array([[0, 0, -1], [1, 1, 1]]), [0, 0, -1], [1, 1, 1]),
        (scipy.optimize.Bounds(-1, [1, 2, 3]), [-1] * 3, [1, 2, 3]),
        (scipy.optimize.Bounds(-1), [-1] * 3, [INF] * 3),
        ((np.int64(0), np.array([1, 2, None])), [0] * 3, [1, 2, INF]),
    ],
)
@pytest.mark.parametrize("x0", [np.zeros(3), np.zeros((3, 1)), {"a": 0.0, "b": [0.0, 0.0]}], ids=["1d", "2d", "dict"])
def test_two_sides_of_three_parameters(bounds, low, high, x0):
    """Arrays, lists, a number or None on one side; one after the other, as SciPy has them, in any shape."""
    if isinstance(x0, dict) and not isinstance(bounds, scipy.optimize.Bounds):
        bounds = tuple(np.array(edge) if isinstance(edge, (list, tuple)) else edge for edge in bounds)
    assert edges(bounds, x0) == (low, high)


def test_two_parameters_have_pairs_in_lists_and_sides_in_arrays():
    """Only there the two could be mistaken for each other."""
    assert edges(([0, 1], [2, 3]), np.zeros(2)) == ([0, 2], [1, 3])
    assert edges([np.array([0, 1]), np.array([2, 3])], np.zeros(2)) == ([0, 2], [1, 3])
    assert edges((np.array([0, 1]), np.array([2, 3])), np.zeros(2)) == ([0, 1], [2, 3])
    assert edges((0, [2, 3]), np.zeros(2)) == ([0, 0], [2, 3])


def test_trees():
    """A part for each part, numbers for all below; None anywhere."""
    start = {"a": 0.0, "b": np.zeros(2)}
    assert edges(({"a": None, "b": -1}, {"a": 1, "b": [2, None]}), start) == ([-INF, -1, -1], [1, 2, INF])
    assert edges((None, {"a": 1, "b": 2}), start) == ([-INF] * 3, [1, 2, 2])
    assert edges(([0, -1], [1, np.array([2.0, 3.0])]), [0.0, np.zeros(2)]) == ([0, -1, -1], [1, 2, 3])
    assert edges((Two(0, -1), Two(1, [2, 3])), Two(0.0, np.zeros(2))) == ([0, -1, -1], [1, 2, 3])


@pytest.mark.parametrize("make", [jnp.array, torch.tensor, tf.constant], ids=["jax", "torch", "tensorflow"])
@pytest.mark.parametrize("size", [2, 3])
def test_tensors(make, size):
    """Sides, and a table of pairs, in the library of the start; the answer is at the edge."""
    high = [1.0, 2.0, 3.0][:size]
    for bounds in ((make([0.0] * size), make(high)), (0, make(high)), make([[0.0, edge] for edge in high])):
        assert edges(bounds, make([0.5] * size)) == ([0.0] * size, high)
    result = fl.minimize(lambda x: -sum(x[i] for i in range(size)), make([0.5] * size), bounds=(0, make(high)))
    assert type(result.x) is type(make(high)) and result.success
    np.testing.assert_array_equal(np.asarray(result.x), high)


@pytest.mark.parametrize(
    ("bounds", "x0", "error", "said"),
    [
        ((-1, 1), np.zeros(3), InputError, r"got one pair \(-1, 1\).*Write \[\(-1, 1\)\] \* 3"),
        ([0, None], np.zeros(2), InputError, r"got one pair \(0, None\).*Write \[\(0, None\)\] \* 2"),
        ([(0, 1)] * 2, np.zeros(3), InputError, "for each of the 3 parameters"),
        (([0, 0], [1, 1]), np.zeros(3), InputError, "for each of the 3 parameters"),
        ((0, [1, 1]), np.zeros(3), InputError, "for each of the 3 parameters"),
        ((np.zeros(2), np.ones(2)), np.zeros(3), InputError, r"shape \(3,\)"),
        (([0, "b", 0], [1, 1, 1]), np.zeros(3), InputTypeError, "numbers or None; got 'b'"),
        ((True, False), 0.0, InputError, "for each of the 1 parameters"),
        ("01", np.zeros(2), InputTypeError, "must be pairs"),
        ({"a": 1}, np.zeros(2), InputTypeError, "must be pairs"),
    ],
)
def test_what_cannot_be_read_is_refused(bounds, x0, error, said):
    """With what to write instead."""
    with pytest.raises(error, match=said):
        fl.minimize(lambda x: np.sum(x**2), x0, bounds=bounds)
