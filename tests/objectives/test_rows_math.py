"""Exponentials and logarithms of the kernels are the C library's, to two units in the last place."""

import numba
import numpy as np
import pytest

from fallline.data.kernels import FAST
from fallline.objectives import rows_math

EDGES = [0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, -2.0, 1e4, -1e4, 709.7, 710.0, 1e-320, -1e-17, 1.7e308]
RNG = np.random.default_rng(0)
ARGUMENTS = {
    "exp": [RNG.uniform(-708, 709, 20_000), RNG.uniform(-1, 1, 20_000), RNG.uniform(-745, -708, 2000)],
    "expm1": [RNG.uniform(-709, 709, 20_000), RNG.uniform(-1, 1, 20_000), 10.0 ** RNG.uniform(-300, 0, 20_000)],
    "log": [RNG.uniform(0, 3, 20_000), 10.0 ** RNG.uniform(-300, 308, 20_000), 10.0 ** RNG.uniform(-323, -307, 2000)],
    "log1p": [
        RNG.uniform(-1, 1, 20_000),
        10.0 ** RNG.uniform(-300, 300, 20_000),
        -(10.0 ** RNG.uniform(-30, 0, 20_000)),
    ],
}


def compiled(name):
    function = getattr(rows_math, name)

    @numba.njit(fastmath=FAST, error_model="numpy")
    def over(x, out):
        for i in range(len(x)):
            out[i] = function(x[i])

    def call(x):
        out = np.empty_like(x)
        over(x, out)
        return out

    return call


@pytest.mark.parametrize("name", rows_math.__all__)
def test_they_are_within_two_units_of_numpys(name):
    """Over all arguments the result is within two units in the last place, also where sums may be reordered."""
    mine, theirs = compiled(name), getattr(np, name)
    for x in ARGUMENTS[name]:
        expected = theirs(x)
        assert np.max(np.abs(mine(x) - expected) / np.spacing(np.abs(expected))) <= 2


@pytest.mark.parametrize("name", rows_math.__all__)
def test_the_ends_are_numpys(name):
    """Infinities, what is no number, and what is out of range give what NumPy gives."""
    x = np.array(EDGES)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(compiled(name)(x), getattr(np, name)(x), rtol=1e-15, atol=1e-323)


def test_every_other_name_is_numpys():
    """A formula finds all of NumPy under the same names."""
    assert rows_math.minimum is np.minimum
    assert rows_math.sqrt is np.sqrt
