"""Traced functions are let go of, whatever becomes of them."""

import contextlib
import weakref

import jax.numpy as jnp
import numpy as np
import pytest

from fallline.arrays.tracing import traced


def follow(fails):
    """Trace a function that uses a table; return a reference to the table, which nothing else refers to."""
    table = np.random.default_rng(0).normal(size=(2000, 5))

    def function(x):
        cost = jnp.sum((jnp.asarray(table) @ x) ** 2)
        if fails:
            raise ValueError("no cost")
        return cost

    with contextlib.suppress(ValueError):
        traced(function, np.zeros(5))
    return weakref.ref(table)


@pytest.mark.parametrize("fails", [False, True])
def test_what_was_followed_is_let_go(fails):
    """After the trace nothing holds what the function referred to, also where it raised an error."""
    assert follow(fails)() is None


def test_the_error_is_the_functions_own():
    """What the function raises is raised as it is, with the lines of the function that raised it."""

    def function(x):
        raise KeyError(x.shape)

    with pytest.raises(KeyError, match="3") as caught:
        traced(function, np.zeros(3))
    assert caught.traceback[-1].name == "function"
