"""What JAX is handed, and what is known of a call that is followed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fallline.arrays.lifting import lift, made
from fallline.arrays.lowering import LeavesNumpyError, bare, following, is_traced, lower


def test_only_what_depends_on_the_parameters_is_traced():
    """Stand-ins of NumPy's arrays are not; those of JAX's are, wherever they hide."""
    traced, fixed = lift(jnp.ones(2)), made(np.ones(2))
    hidden = np.empty(1, dtype=object)
    hidden[0] = traced
    assert all(map(is_traced, (traced, [1, (traced,)], {"a": traced}, hidden, jnp.ones(1))))
    assert not any(map(is_traced, (fixed, [fixed, 1.0], None, np.ones(2), "t")))


def test_bare_and_lowered():
    """Bare, a stand-in is its array; lowered, every array is JAX's and object arrays are stacked."""
    fixed = made(np.arange(3.0))
    assert bare(fixed) is fixed.value and bare({"a": [fixed]})["a"][0] is fixed.value
    with jax.enable_x64(True):
        assert isinstance(lower(fixed), jax.Array)
        stacked = np.empty(2, dtype=object)
        stacked[:] = [lift(jnp.asarray(1.0)), 2.0]
        np.testing.assert_array_equal(lower(stacked), [1, 2])
    with pytest.raises(LeavesNumpyError, match="no counterpart"):
        lower(np.array(["text"]))


def test_what_outlives_a_call_is_noticed():
    """A stand-in that is still held after the call is; one that only went in circles is not."""
    kept = []
    with following() as call:
        kept.append(lift(jnp.ones(2)))
        assert call.outlived()
        kept.clear()
        circle = [lift(jnp.ones(2))]
        circle.append(circle)
        del circle
        kept.append(made(np.ones(2)))
        assert not call.outlived()
