"""The operators and methods of a stand-in are those of NumPy's arrays."""

import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fallline.arrays.lifting import lift, made
from fallline.arrays.lowering import bare
from fallline.arrays.operations import ARITHMETIC, COMPARISONS, METHODS

X = np.array([0.6, 0.7, 0.2])


@pytest.fixture(autouse=True)
def in_double():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("make", [made, lambda x: lift(jnp.asarray(x))], ids=["NumPy's", "JAX's"])
@pytest.mark.parametrize("name", [*ARITHMETIC, *COMPARISONS])
def test_operators(name, make):
    """Every operator, from either side and against lists, as NumPy has it."""
    function = getattr(operator, f"__{name}__")
    x = X > 0.5 if name in ("and", "or", "xor") else X
    for other in (x[::-1].copy(), x[::-1].tolist()):
        expected = function(x, np.asarray(other))
        np.testing.assert_allclose(bare(function(make(x), other)), expected, rtol=1e-14)
        np.testing.assert_allclose(bare(function(np.asarray(other), make(x))), function(np.asarray(other), x))
    assert make(x).__add__(None) is NotImplemented


@pytest.mark.parametrize("make", [made, lambda x: lift(jnp.asarray(x))], ids=["NumPy's", "JAX's"])
@pytest.mark.parametrize("name", METHODS)
def test_methods(name, make):
    """Every method, as NumPy's function of that name has it."""
    more: dict = {
        "arctan2": 2.0,
        "hypot": 2.0,
        "logaddexp": 2.0,
        "dot": X,
        "take": [0, 2],
        "repeat": 2,
        "searchsorted": 0.3,
    }
    given = (more[name],) if name in more else ()
    x = np.outer(X, X) if name in ("trace", "diagonal") else X + (name == "arccosh")
    given = (0.3, 0.65) if name == "clip" else given
    np.testing.assert_allclose(bare(getattr(make(x), name)(*given)), getattr(np, name)(x, *given), rtol=1e-14)


def test_out_divmod_and_round():
    """Methods write where `out` says; whole and rest, and rounding, are NumPy's."""
    t, out = lift(jnp.asarray(X)), made(np.zeros(3))
    assert t.cumsum(out=out) is out
    np.testing.assert_allclose(out.value, np.cumsum(X))
    for got, expected in zip(divmod(t, 0.25), divmod(X, 0.25), strict=True):
        np.testing.assert_allclose(got.value, expected)
    assert float(round(t[1], 0).value) == round(X[1], 0)
