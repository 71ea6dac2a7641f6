"""JAX's counterparts do what NumPy's and SciPy's functions do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from fallline.arrays.counterparts import of_function, of_ufunc, power, scipy_counterpart

X = np.array([0.3, -0.7, 1.2, 0.1])
TABLE = np.arange(12.0).reshape(3, 4) / 7


@pytest.fixture(autouse=True)
def in_double():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "minimum", "logaddexp", "subtract"])
@pytest.mark.parametrize("kind", ["reduce", "accumulate", "outer"])
def test_ufunc_methods(name, kind):
    """Reductions, accumulations and outer applications, along the first axis where none is named."""
    ufunc = getattr(np, name)
    given = (X, X) if kind == "outer" else (TABLE,)
    np.testing.assert_allclose(of_ufunc(ufunc, kind)(*given), getattr(ufunc, kind)(*given), rtol=1e-14)


def test_ufuncs_of_scipy_and_unknown_ones():
    """A ufunc of scipy.special has its counterpart; one that JAX lacks has none."""
    np.testing.assert_allclose(of_ufunc(scipy.special.expit, "__call__")(X), scipy.special.expit(X))
    assert of_ufunc(scipy.special.airy, "__call__") is None and of_function(np.busday_count) is None
    assert scipy_counterpart("signal", "lfilter") is None


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (np.average, (X, None, [1, 2, 3, 4])),
        (np.put, None),
        (np.fix, (X,)),
        (np.unique, (np.array([2.0, 1, 2]),)),
        (np.lib.stride_tricks.sliding_window_view, (X, 2)),
        (np.lib.stride_tricks.sliding_window_view, (TABLE, (2, 3))),
    ],
)
def test_functions_under_other_terms(function, args):
    """Functions whose counterpart has another name, takes no lists, or returns what NumPy writes."""
    if args is None:
        before = X.copy()
        np.put(before, [0, 2], [9.0, 8.0])
        np.testing.assert_array_equal(of_function(np.put)(jnp.asarray(X), [0, 2], [9.0, 8.0]), before)
        return
    np.testing.assert_allclose(of_function(function)(*args), function(*args))


def test_powers_at_zero_have_their_slopes():
    """``x**0`` is flat at 0 too, for exponents in an array or alone."""
    exponents = jnp.array([0.0, 1.0, 2.0])
    slope = jax.grad(lambda x: jnp.sum(power(x, exponents)) + jnp.sum(power(x, 0.0)))
    np.testing.assert_array_equal(slope(jnp.zeros(3)), [0, 1, 0])
    by_exponent = jax.grad(lambda p: jnp.sum(power(jnp.array([2.0, 3.0]), p)))(jnp.zeros(2))
    np.testing.assert_allclose(by_exponent, np.log([2, 3]))
