"""One piece of code runs in NumPy and in JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fallline.arrays.namespace import namespace, while_loop


def halvings(x):
    return while_loop(lambda s: s[0] > 1, lambda s: (s[0] / 2, s[1] + 1), (x, 0 * x), x)


def test_the_namespace_is_the_arrays_own():
    """NumPy's values get NumPy, JAX's get JAX's NumPy."""
    assert namespace(np.zeros(2)) is np and namespace(np.float64(1)) is np and namespace(1.0) is np
    assert namespace(jnp.zeros(2)) is jnp


@pytest.mark.parametrize("run", [lambda x: halvings(np.float32(x)), lambda x: jax.jit(halvings)(jnp.float32(x))])
def test_a_loop_runs_in_either(run):
    """A while loop gives the same in Python and compiled."""
    value, count = run(10.0)
    assert (float(value), float(count)) == (0.625, 4.0)
