"""Arrays written piece by piece: read back without touching the rest, put together when asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fallline.arrays.holding import Part, Whole
from fallline.arrays.lowering import LeavesNumpyError


@pytest.fixture(autouse=True)
def in_double():
    with jax.enable_x64(True):
        yield


def written(shape, steps, seed=0):
    """Write pieces, numbers of JAX's and NumPy's, into an array and into a plain copy of it."""
    random = np.random.default_rng(seed)
    plain = random.standard_normal(shape)
    whole = Whole(plain.copy())
    places = whole.places()
    for step in range(steps):
        rows = random.integers(0, shape[0], size=random.integers(0, 3))
        place = tuple(rows) if len(rows) < len(shape) else (rows[0], slice(None))
        new = random.standard_normal(np.shape(plain[place]))
        plain[place] = new
        whole.write(np.asarray(places[place]), new if step % 3 == 2 else jnp.asarray(new))
    return whole, plain


@pytest.mark.parametrize("shape", [(5, 4), (40, 30), (1, 3)])
@pytest.mark.parametrize("steps", [0, 1, 7, 20])
def test_what_was_written_is_read(shape, steps):
    """Elements, rows, columns and the whole are as NumPy would have them, whatever was written in what order."""
    whole, plain = written(shape, steps)
    places = whole.places()
    for look in (lambda a: a, lambda a: a[0], lambda a: a[:, -1], lambda a: a[:, 1:].T, lambda a: a[-1:, ::2]):
        np.testing.assert_array_equal(whole.read(look(places)), look(plain))
        np.testing.assert_array_equal(Part(whole, look).value, look(plain))
    np.testing.assert_array_equal([whole.element(k) for k in range(plain.size)], plain.ravel())
    np.testing.assert_array_equal(whole.value, plain)
    np.testing.assert_array_equal(whole.value, plain)


def test_a_part_sees_what_is_written_later():
    """A view made before a write shows it afterwards."""
    whole = Whole(np.zeros((2, 3)))
    part = Part(Part(whole, lambda a: a.T), lambda a: a[1])
    assert part.shape == (2,) and not part.is_traced
    np.testing.assert_array_equal(part.value, [0, 0])
    whole.write(np.array(4), jnp.asarray(7.0))
    assert part.is_traced
    np.testing.assert_array_equal(part.value, [0, 7])
    np.testing.assert_array_equal(part.places(), [1, 4])
    whole.replace(jnp.ones((2, 3)))
    np.testing.assert_array_equal(part.value, [1, 1])


def test_a_loop_of_numbers_is_straight_line_code():
    """Filling an array number by number leaves no trace of the array in the program but one stacking."""

    def fill(t):
        whole = Whole(np.zeros(50))
        for k in range(50):
            last = whole.element(k - 1) if k else 1.0
            whole.write(np.array(k), jnp.asarray(t * last))
        return whole.value

    traced = jax.make_jaxpr(fill)(2.0)
    names = {equation.primitive.name for equation in traced.jaxpr.eqns}
    assert names.isdisjoint({"scatter", "gather", "dynamic_update_slice", "pad"})
    assert len(traced.jaxpr.eqns) < 60
    np.testing.assert_allclose(fill(1.1), 1.1 ** np.arange(1, 51))


def test_what_fits_is_what_numpy_fits():
    """Numbers take the array's type; leading axes of one are dropped; complex and foreign ones are refused."""
    whole = Whole(np.zeros(3, dtype=np.int64))
    whole.write(np.array([0, 1]), jnp.asarray([[1.7, -2.7]]))
    np.testing.assert_array_equal(whole.value, [1, -2, 0])
    with pytest.raises(TypeError, match="complex"):
        whole.write(np.array(0), jnp.asarray(1j))
    foreign = Whole(np.zeros(3), is_foreign=True)
    with pytest.raises(LeavesNumpyError, match="did not make"):
        foreign.write(np.array(0), jnp.asarray(1.0))
