"""Rows of data are checked before anything is done with them."""

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import fallline as fl
from fallline.descent.data import check_data
from fallline.errors import DataError, InputError, InputTypeError

X, Y = np.arange(12.0).reshape(6, 2), np.arange(6)


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"data": None, "batch_size": 2}, InputError, "batch_size must be given with data"),
        ({"data": None, "epochs": 2}, InputError, "epochs must be given with data"),
        ({"data": [X, Y]}, InputTypeError, "data must be a tuple"),
        ({"data": ()}, InputTypeError, "data must be a tuple"),
        ({"data": (X, Y[:5])}, DataError, "as many rows in every array; got 6, 5"),
        ({"data": (X[:0], Y[:0])}, DataError, r"data\[0\] must have at least one row"),
        ({"data": (3.0,)}, DataError, r"data\[0\] must have at least one row"),
        ({"data": (X, np.array(list("abcdef")))}, DataError, r"data\[1\] must hold numbers"),
        (
            {"data": (np.where(X == 7, np.nan, X), Y)},
            DataError,
            r"data\[0\] must be finite; got nan in row 3, column 1",
        ),
        ({"data": (X, np.where(Y == 4, np.inf, Y))}, DataError, r"data\[1\] must be finite; got inf in row 4\."),
        ({"data": (np.ma.array(X, mask=X == 7), Y)}, DataError, r"data\[0\] must be an array without a mask"),
        ({"data": (torch.tensor([[0.0], [torch.inf]]),)}, DataError, "got inf in row 1, column 0"),
        ({"batch_size": 0}, InputError, "batch_size must be a whole number of at least 1"),
        ({"batch_size": 2.0}, InputError, "batch_size must be a whole number"),
        ({"batch_size": True}, InputError, "batch_size must be a whole number"),
        ({"batch_size": 7}, InputError, "at most the number of rows, 6; got 7"),
        ({"epochs": 0}, InputError, "epochs must be a whole number of at least 1"),
        ({"epochs": 1.5}, InputError, "epochs must be a whole number"),
        ({"seed": -1}, InputError, "seed must be a whole number of at least 0"),
        ({"seed": None}, InputError, "seed must be a whole number"),
    ],
)
def test_what_cannot_be_used_is_refused(settings, error, match):
    """A sentence says what was given, what is needed and what to do, before the function is called."""
    calls = []

    def cost(w, *data):
        calls.append(1)
        return w**2

    with pytest.raises(error, match=match) as caught:
        fl.minimize(cost, 1.0, **{"data": (X, Y), **settings})
    assert calls == [] and str(caught.value).endswith(".")


@pytest.mark.parametrize("tensor", [torch.ones(6), torch.ones(6).bfloat16(), jnp.ones(6), jnp.ones(6, jnp.bfloat16)])
def test_arrays_and_tensors_are_not_copied(tensor):
    """What is an array or a tensor already is used as it is; lists become arrays."""
    (first, second, third), batches = check_data((X, tensor, [1, 2, 3, 4, 5, 6]), 4, 2, 1)
    assert first is X and second is tensor and isinstance(third, np.ndarray)
    assert (batches.rows, batches.size, batches.seed, batches.steps, batches.rest) == (6, 4, 1, 2, 2)
