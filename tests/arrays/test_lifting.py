"""NumPy code run on a stand-in gives what NumPy gives, and a gradient that JAX can follow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fallline.arrays.layout import flatten
from fallline.arrays.lifting import lift
from fallline.arrays.lowering import LeavesNumpyError, NeedsValueError, following
from fallline.objectives.lifted import lifted_value

V = np.array([0.3, -0.2, 0.5])
OUTSIDE = np.zeros(3)
A = np.arange(12.0).reshape(4, 3) / 7


def reshaped_in_place(t):
    a = t.reshape(3, 1) * np.ones((3, 2))
    a[1, :] = t[1] ** 2
    a[:, 1] += 1.0
    return a.sum()


def rows_changed_in_a_loop(t):
    table = np.outer(t, t) + 1
    for row in table:
        np.maximum(row, 1.0, out=row)
        np.multiply(row, 2, out=row)
    table[:, 0] += t
    return np.sum(table**2)


def written_through_views(t):
    a = t * 1.0
    b = a[1:]
    b[0] = t[0] ** 2
    a.reshape(3, 1).T[0, 2] = t[1]
    a.ravel()[:1] *= 3
    a[2] = a[2] + b[1]
    return np.sum(a * np.arange(1, 4)) + b.sum()


def scalars_stay(t):
    first = before = t[0]
    first += 1
    return first * before


def assigned_by_mask(t):
    out = np.zeros_like(t)
    out[np.array([True, False, True])] = t[:2]
    return np.sum(out**2)


def assigned_by_traced_places(t):
    out = np.zeros((3, 3)) * t
    out[np.arange(3), np.argsort(t)] = 1.0
    return np.sum(out * t) + np.sum(out[:2] * t**2)


def aliased(t):
    a = t * 2
    b = a
    b += 1
    return np.sum(a * b)


def filled(t):
    a = np.empty_like(t)
    a.fill(2.0)
    return np.sum(a * t)


IDIOMS = {
    "reductions": lambda t: t.sum() + t.mean() + t.prod() + t.std() + t.max() - t.min(),
    "operators both ways": lambda t: np.sum(2 - t + 3 * t / 2 - 1 / (t + 2) + 2**t + t**3 - -t + abs(t)),
    "floor and remainder": lambda t: np.sum(t % 0.17 + t // 0.17),
    "numpy scalars first": lambda t: np.sum(np.float64(2.0) * t + np.float64(1.0) / (2 + t)),
    "matrix products": lambda t: (
        np.sum(A @ t) + t @ t + np.sum(t @ A.T) + np.dot(t, t) + np.inner(t, t) + np.vdot(t, V)
    ),
    "trigonometry": lambda t: np.sum(np.sin(t) + np.cos(t) * np.tan(t) + np.arctan2(t, 2) + np.hypot(t, 1)),
    "exponentials": lambda t: np.sum(np.exp(t) + np.expm1(t) + np.log1p(t) + np.logaddexp(t, 1) + np.sqrt(t + 1)),
    "an array of elements": lambda t: np.sum(np.array([t[0] * t[1], np.exp(t[2]), 1.0]) ** 2),
    "a matrix of elements": lambda t: np.trace(np.array([[t[0], t[1]], [t[2], 1.0]]) @ np.eye(2)),
    "an object array by methods": lambda t: np.sum(np.sin(np.array([t[0], t[1]]))),
    "stacking": lambda t: np.sum(np.stack([t, t + 1]) * np.vstack([t, t]) + np.column_stack([t, t]).T),
    "concatenation": lambda t: np.sum(np.concatenate([t, [1.0], t**2]) ** 2 + np.append(t, np.ones(4)) * 0.5),
    "shapes": lambda t: np.sum(t.reshape(1, 3).T.ravel() + t[:, None].squeeze() + np.atleast_2d(t).flatten()),
    "slices": lambda t: np.sum(t[::-1] * t[[2, 0, 1]] + t[np.array([0, 0, 1])]) + t[-1] + t[..., 0],
    "selection": lambda t: np.sum(np.where(t > 0, t, t**2) + np.maximum(t, 0.1) + np.clip(t, -0.1, 0.4)),
    "cumulated": lambda t: np.sum(np.cumsum(t) * np.cumprod(t)) + np.sum(np.diff(t)),
    "linear algebra": lambda t: np.linalg.det(np.outer(t, t) + np.eye(3)) + np.linalg.norm(t),
    "einsum": lambda t: np.einsum("i,ij,j->", t, np.eye(3), t),
    "polynomials": lambda t: np.polyval(t, 2.0),
    "sorted": lambda t: np.sum(np.sort(t) * np.arange(3)),
    "reduce": lambda t: np.add.reduce(t) + np.multiply.reduce(t),
    "python's sum": lambda t: sum(x**2 for x in t),
    "unpacking": lambda t: (lambda a, b, c: a * b + c)(*t),
    "isfinite": lambda t: np.sum(np.where(np.isfinite(t), t, 0)),
    "reshaped in place": reshaped_in_place,
    "rows changed in a loop": rows_changed_in_a_loop,
    "written through views": written_through_views,
    "scalars are not changed in place": scalars_stay,
    "lists of numbers": lambda t: np.polyval([1.0, -2.0, 3.0], t[0]) + np.sum(np.interp(t, [-1, 0, 1], [3, 1, 2])),
    "assigned by a constant mask": assigned_by_mask,
    "assigned by places that are traced": assigned_by_traced_places,
    "aliases": aliased,
    "filled": filled,
}


def gradient_of(f):
    x, layout, _ = flatten(V)
    with jax.enable_x64(True):
        return jax.jit(jax.value_and_grad(lifted_value(f, layout, ())))(x)


@pytest.mark.parametrize("idiom", IDIOMS)
def test_numpy_code_is_followed(idiom):
    """Ordinary NumPy code compiles, and gives the plain value and the measured slope."""
    f = IDIOMS[idiom]
    value, gradient = gradient_of(f)
    assert float(value) == pytest.approx(float(f(V)), rel=1e-13)
    h = 1e-6
    measured = [(f(V + h * e) - f(V - h * e)) / (2 * h) for e in np.eye(3)]
    np.testing.assert_allclose(gradient, np.array(measured, dtype=float), rtol=2e-7, atol=2e-8)


@pytest.mark.parametrize(
    ("f", "error"),
    [
        (lambda t: float(t[0]), LeavesNumpyError),
        (lambda t: np.sin(t, out=OUTSIDE).sum(), LeavesNumpyError),
        (lambda t: np.copyto(OUTSIDE, t), LeavesNumpyError),
        (lambda t: np.sin(t, where=t > 0).sum(), LeavesNumpyError),
        (lambda t: complex(t[0]), LeavesNumpyError),
        (lambda t: np.busday_count(t, t), LeavesNumpyError),
        (lambda t: t[0] if t[0] > 0 else t[1], NeedsValueError),
        (lambda t: sorted(t)[1], NeedsValueError),
        (lambda t: np.unique(t)[0], NeedsValueError),
        (lambda t: t[t > 0].sum(), NeedsValueError),
        (lambda t: t[int(t[0])], NeedsValueError),
    ],
)
def test_what_cannot_be_followed_says_so(f, error):
    """Code that needs a value, or leaves NumPy, raises; it is never silently taken for a constant."""
    with pytest.raises(error):
        gradient_of(f)


def test_a_constant_is_handed_over_once():
    """The same array used twice, or turned, becomes one constant of the program."""

    def twice(x):
        with following():
            t = lift(x)
            return (np.matmul(A, t) + np.matmul(A, t) + np.matmul(t, A.T)).value

    with jax.enable_x64(True):
        traced = jax.make_jaxpr(twice)(V)
    assert len(traced.consts) == 1


def test_it_behaves_like_an_array():
    """Shape, size, length, iteration and copies are those of the array."""
    t = lift(jnp.asarray([1.0, 2.0]))
    assert (t.shape, t.ndim, t.size, len(t), t.dtype.kind) == ((2,), 1, 2, 2, "f")
    assert [float(row.value) for row in t] == [1.0, 2.0] and [float(e.value) for e in t.tolist()] == [1.0, 2.0]
    copy = t.copy()
    copy += 1
    assert float(t.value[0]) == 1.0
    with pytest.raises(TypeError, match="unsized"):
        len(t[0])
