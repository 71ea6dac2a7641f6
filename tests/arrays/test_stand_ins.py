"""The stand-ins for NumPy and SciPy answer as they do, with arrays that can be written into."""

import builtins

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import scipy.special
import scipy.stats

from fallline.arrays.lifting import Lifted, lift
from fallline.arrays.lowering import LeavesNumpyError, NeedsValueError, bare, following, is_traced
from fallline.arrays.stand_ins import BUILTINS, stand_in_of

X = np.array([0.3, -0.2, 0.5])
xp = stand_in_of(np)


@pytest.fixture(autouse=True)
def one_call():
    with jax.enable_x64(True), following():
        yield


@pytest.fixture
def t():
    return lift(jnp.asarray(X))


MAKERS = {
    "array": lambda np, t: np.array([[t[0], 1], [2, t[1]]]),
    "array of rows": lambda np, t: np.array([t, t + 1], dtype=float),
    "array, two-dimensional": lambda np, t: np.array(t, ndmin=2),
    "full": lambda np, t: np.full((2, 2), t[0]),
    "fromiter": lambda np, t: np.fromiter((x for x in t), float, count=2),
    "vectorize": lambda np, t: np.vectorize(lambda x, y: x * y)(t, 2.0),
    "vectorize to pairs": lambda np, t: np.vectorize(lambda x: (x, -x))(t)[1],
    "frompyfunc": lambda np, t: np.frompyfunc(lambda x: x + 1, 1, 1)(t) * 1.0,
    "apply_along_axis": lambda np, t: np.apply_along_axis(lambda row: row[:2] ** 2, 0, np.outer(t, t)),
    "piecewise": lambda np, t: np.piecewise(t, [t < 0, t > 0.4], [lambda x: -x, 7.0, lambda x: x**2]),
    "r_": lambda np, t: np.r_[t, 0:2, 1.0],
    "c_": lambda np, t: np.c_[t, [1, 2, 3], np.outer(t, t)],
    "concatenate": lambda np, t: np.concatenate([[t[0]], t, [1.0, 2.0]]),
    "block": lambda np, t: np.block([[np.outer(t, t), t[:, None]], [t[None, :], np.zeros((1, 1))]]),
    "sum of a list": lambda np, t: np.atleast_1d(np.sum([t[0], t[1] ** 2, 1.0])),
    "float64": lambda np, t: np.atleast_1d(np.float64(t[0])),
    "float32": lambda np, t: np.float32(t),
    "frozen distribution": lambda np, t: stand_in_of(scipy.stats).norm(t[0], scale=2.0).logpdf(t),
    "a list beside": lambda np, t: stand_in_of(scipy.special).logsumexp(t, b=[0.2, 0.3, 0.5]),
    "sparse": lambda np, t: SPARSE @ t,
    "sparse from the left": lambda np, t: t @ SPARSE.T,
    "sparse, many": lambda np, t: SPARSE.dot(np.outer(t, t)),
}
SPARSE = scipy.sparse.csr_matrix(np.array([[1.0, 0, 2], [0, 3, 0]]))


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_made_of_the_parameters(name, t, monkeypatch):
    """Arrays made of stand-ins have NumPy's values, types and shapes, and are followed."""
    expected = MAKERS[name](np, X)
    monkeypatch.setitem(globals(), "SPARSE", stand_in_of(SPARSE))
    got = MAKERS[name](xp, t)
    assert isinstance(got, Lifted) and is_traced(got)
    assert got.shape == expected.shape
    np.testing.assert_allclose(bare(got), expected.astype(float), rtol=1e-6 if name == "float32" else 1e-14)


@pytest.mark.parametrize("name", "zeros ones empty arange eye linspace full zeros_like empty_like tile".split())
def test_what_is_made_of_numbers(name):
    """Arrays made of numbers are NumPy's to the bit, until something of the parameters is written into them."""
    given = {
        "full": ((2, 2), 3.0),
        "linspace": (0, 1, 7),
        "zeros_like": (X,),
        "empty_like": (X,),
        "tile": (X, 2),
        "arange": (3.0,),
    }
    args = given.get(name, (3,))
    made = getattr(xp, name)(*args)
    assert isinstance(made, Lifted) and not is_traced(made)
    if not name.startswith("empty"):
        np.testing.assert_array_equal(made.value, getattr(np, name)(*args))
    assert float(made.reshape(-1)[0]) == made.value.ravel()[0]
    made.reshape(-1)[0] = lift(jnp.asarray(0.5))
    assert is_traced(made) and bare(made).ravel()[0] == 0.5


def test_types_are_types():
    """NumPy's types say what things are, and name types of arrays."""
    assert isinstance(np.float64(1), xp.float64) and not isinstance(np.int64(1), xp.float64)
    assert issubclass(np.float64, xp.float64) and np.dtype(xp.float64) == np.float64
    assert xp.zeros(2, dtype=xp.float32).dtype == np.float32 and xp.float64(3) == 3.0
    assert xp.ndarray is np.ndarray and xp.pi is np.pi and xp.floating is np.floating
    assert xp.sin.nin == 1 and xp.random is np.random and xp.linalg.LinAlgError is np.linalg.LinAlgError


def test_scipy_is_followed_where_jax_has_a_counterpart(t):
    """Functions, distributions and decompositions of SciPy; plain numbers are SciPy's own affair."""
    special, stats, linalg = map(stand_in_of, (scipy.special, scipy.stats, scipy.linalg))
    for got, expected in (
        (special.logsumexp(t), scipy.special.logsumexp(X)),
        (stand_in_of(scipy.special.softmax)(t), scipy.special.softmax(X)),
        (stats.norm.logpdf(t, loc=1.0), scipy.stats.norm.logpdf(X, loc=1.0)),
        (stand_in_of(scipy.stats.expon).pdf([t[0], t[2]]), scipy.stats.expon.pdf(X[[0, 2]])),
        (linalg.cho_solve(linalg.cho_factor(xp.eye(3)), t), X),
        (linalg.expm(xp.zeros((2, 2))), np.eye(2)),
    ):
        np.testing.assert_allclose(bare(got), expected, rtol=1e-13)
    assert stats.norm.rvs(random_state=0) == scipy.stats.norm.rvs(random_state=0)
    with pytest.raises(LeavesNumpyError, match=r"scipy.special.airye? has no counterpart"):
        special.airy(t)


def test_max_and_min_choose_without_looking(t):
    """The builtins choose among what is followed, the first of equals, as Python's do."""
    assert bare(BUILTINS["max"](t[0], t[1], 0.4)) == 0.4 and bare(BUILTINS["min"]([t[0], t[1]])) == -0.2
    assert BUILTINS["max"]([1, 3, 2], key=lambda x: -x) == builtins.max([1, 3, 2], key=lambda x: -x)
    with pytest.raises(ValueError, match="ambiguous"):
        BUILTINS["max"](t, t)


def test_what_cannot_be_followed_says_so(t):
    """Ragged lists, signatures and unknown forms are refused in words."""
    with pytest.raises(ValueError, match="rows of one shape"):
        xp.array([[t[0]], [t[0], t[1]]])
    with pytest.raises(LeavesNumpyError, match="signature"):
        xp.vectorize(np.sum, signature="(n)->()")
    with pytest.raises(LeavesNumpyError, match="directions in text"):
        xp.r_["0,2", t]
    with pytest.raises(NeedsValueError):
        jax.make_jaxpr(lambda x: bare(xp.unique(lift(x))))(X)
