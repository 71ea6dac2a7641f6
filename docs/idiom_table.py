"""The idioms of NumPy code that `minimize` differentiates, each with the rung of the ladder that it stands on.

One table for two readers: the tests differentiate every idiom and compare, and the manual prints the table at every
build, with the rungs as they come out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
import scipy.special
from numpy import zeros
from scipy.stats import norm

__all__ = ["IDIOMS", "Idiom"]

V = np.array([0.3, -0.2, 0.5])
A = np.arange(12.0).reshape(4, 3) / 7
B = np.array([1.0, 2.0, 0.0, 1.0])
S = scipy.sparse.csr_array(np.array([[1.0, 0, 2], [0, 3, 0], [0, 0, 4], [5, 0, 0]]))


@dataclass(frozen=True)
class Idiom:
    """A way of writing, the function that uses it, a start, and the rung expected there."""

    name: str
    function: Callable[[Any], Any]
    at: Any
    rung: str
    group: str


IDIOMS: list[Idiom] = []


def idiom(name: str, at: Any = V, rung: str = "compiled") -> Callable[[Any], Any]:
    """Add the function below to the table."""

    def add(function: Any) -> Any:
        IDIOMS.append(Idiom(name, function, at, rung, GROUP[-1]))
        return function

    return add


GROUP = ["Arrays made and filled"]


@idiom("`out = np.zeros(n)`, then `out[i] = …`")
def filled(t):
    out = np.zeros(3)
    out[0] = t[0] * t[1]
    out[1:] = t[1:] ** 2
    return np.sum(out**2)


@idiom("`np.empty`, filled in a loop")
def looped(t):
    out = np.empty(len(t))
    for i in range(len(t)):
        out[i] = (i + 1) * t[i] ** 3
    return np.sum(np.sin(out))


@idiom("`np.zeros_like`, `np.full`, `np.ones`, `np.eye` as places to write")
def several(t):
    a, b, c, d = np.zeros_like(t), np.full(3, 2.0), np.ones((2, 3)), np.eye(3)
    a[0] = t[2]
    b[1] *= t[0]
    c[1] = t
    d[np.arange(3), np.arange(3)] += t
    return a.sum() + b.prod() + np.sum(c @ d)


@idiom("`from numpy import zeros`")
def by_name(t):
    out = zeros(2)
    out[:] = t[:2] * t[2]
    return out @ out


@idiom("`np.arange` and `np.linspace` written into")
def ranges(t):
    grid = np.linspace(0, 1, 5)
    grid[2] = t[0]
    steps = np.arange(3.0)
    steps += t
    return np.sum(grid**2) + np.prod(steps + 1)


@idiom("a number array copied and changed")
def changed_copy(t):
    out = A.copy()
    out[:, 0] = t[0] ** 2
    out[1] -= t
    return np.sum(out**2)


@idiom("`np.array([t[0], …])`, also of rows")
def listed(t):
    rotation = np.array([[np.cos(t[0]), -np.sin(t[0])], [np.sin(t[0]), np.cos(t[0])]])
    return np.sum((rotation @ np.array([t[1], 1.0])) ** 3)


@idiom("`np.sum([…])`, `np.mean([… for …])` of a list")
def of_lists(t):
    return np.mean([np.exp(x) for x in t]) + np.sum([t[0], t[1] ** 2]) + np.linalg.norm([t[0] - 1, t[1]])


@idiom("`np.asarray`, `np.atleast_1d`, `np.array(t, dtype=float)`")
def taken_in(t):
    a = np.asarray(t, dtype=np.float64)
    return np.sum(np.atleast_1d(a) ** 2) + np.sum(np.array(t, dtype=float, ndmin=2) ** 3)


@idiom("`+=`, `*=`, `out=`")
def in_place(t):
    a = t * 1.0
    a += 1.0
    a *= t
    np.multiply(a, t, out=a)
    work = np.empty(3)
    np.exp(a, out=work)
    return np.sum(work)


@idiom("`np.divide(a, b, out=…, where=…)`", at=np.array([0.0, -0.2, 0.5]))
def divided(t):
    return np.sum(np.divide(np.sin(t), t, out=np.ones(3), where=t != 0))


@idiom("writing through views and aliases")
def views(t):
    a = np.zeros((2, 3))
    row, column = a[0], a.T[1]
    row[:] = t
    column += t[0]
    a.reshape(-1)[5] = t[2] ** 2
    return np.sum(a**2) + row.sum()


@idiom("`np.fill_diagonal`, `np.copyto`, `np.put`")
def written_by_functions(t):
    a, b = np.zeros((3, 3)), np.zeros(3)
    np.fill_diagonal(a, t)
    np.copyto(b, t**2)
    np.put(b, [0], t[1])
    return np.sum(a @ b)


@idiom("a function that changes its argument")
def changes_argument(t):
    t -= np.array([1.0, 2.0, 3.0])
    t *= t
    return np.sum(t)


@idiom("`np.add.at`, `np.add.reduce`, `np.multiply.accumulate`, `np.subtract.outer`")
def ufunc_methods(t):
    counts = np.zeros(2)
    np.add.at(counts, [0, 1, 0], t)
    table = np.subtract.outer(t, t)
    return np.sum(counts**2) + np.add.reduce(t) * np.sum(np.multiply.accumulate(t)) + np.sum(table**4)


GROUP.append("Indices and shapes")


@idiom("`t[[2, 0]]`, `t[mask]` with a fixed mask")
def fancy(t):
    return np.sum(t[[2, 0]] * t[np.array([True, False, True])]) + A[np.ix_([0, 1], [0, 2])].sum() * t[-1]


@idiom("`out[mask] = value` with a mask of the parameters")
def masked_write(t):
    out = t * 2
    out[out < 0] = 0.0
    return np.sum(out**2)


@idiom("fancy assignment")
def fancy_write(t):
    out = np.zeros((3, 3))
    rows, columns = np.triu_indices(3, k=1)
    out[rows, columns] = t
    return np.sum((out + out.T + np.eye(3)) ** 3)


@idiom("`reshape`, `.T`, `ravel`, `None`, `...`, `squeeze`, `swapaxes`, `flip`, `roll`")
def shapes(t):
    a = t.reshape(1, 3).T + np.expand_dims(t, 0)
    return (
        np.sum(a.ravel() * a.swapaxes(0, 1).flatten()) + np.sum(np.roll(t, 1) * np.flip(t)) + t[..., None].squeeze()[0]
    )


@idiom("`np.concatenate`, `stack`, `vstack`, `hstack`, `column_stack`, `block`, `append`, `np.r_`, `np.c_`")
def joined(t):
    a = np.concatenate([t, [1.0], t**2])
    b = np.vstack([t, t + 1, np.ones(3)]) + np.column_stack([t, t, t])
    c = np.block([[np.outer(t, t), t[:, None]], [t[None, :], np.ones((1, 1))]])
    return (
        np.sum(a**2)
        + np.sum(b * np.stack([t] * 3))
        + np.sum(c**2)
        + np.sum(np.r_[t, 1.0] * np.append(t, 2.0))
        + np.sum(np.c_[t, t**2])
        + np.hstack([t, t]).sum()
    )


@idiom("`a, b, c = t`, iteration, `len`, `enumerate`, `zip`")
def unpacked(t):
    a, b, c = t
    return (
        (1 - a) ** 2 + b * c + sum(k * x for k, x in enumerate(t)) + sum(x * y for x, y in zip(t, t[1:], strict=False))
    )


@idiom("`.copy()`, `.item()`, `.tolist()`, `.astype(float)`, `.fill()`, `.flat`")
def methods(t):
    a = t.copy()
    a.flat[0] = 2.0
    return a.astype(float).sum() * t[0].item() + sum(t.tolist()) + t.item(2) ** 2


@idiom("`isinstance(t, np.ndarray)`, `np.ndim`, `t.shape`, `t.size`, `t.dtype`")
def asked(t):
    if isinstance(t, np.ndarray) and np.ndim(t) == 1 and t.dtype == np.float64 and isinstance(t[0], float):
        return np.sum(t**2) / t.size + t.shape[0]
    return np.nan


@idiom("`np.split`, `np.tile`, `np.repeat`, `np.meshgrid`, `np.broadcast_to`")
def repeated(t):
    first, second = np.split(np.tile(t, 2), 2)
    x, y = np.meshgrid(t, t)
    return np.sum(first * second) + np.sum(np.repeat(t, 2) ** 3) + np.sum(x * y**2) + np.broadcast_to(t, (2, 3)).sum()


GROUP.append("Arithmetic and NumPy's functions")


@idiom("`+ - * / ** // % @`, `abs`, `round`, `divmod`, from either side")
def operators(t):
    whole, rest = divmod(t, 0.17)
    return (
        np.sum(2 - t + 3 * t / 2 - 1 / (t + 2) + 2**t + t**3 + abs(-t))
        + t @ t
        + np.sum(whole + rest + t % 0.17 + round(t[0], 2))
    )


@idiom("powers that include 0, at 0", at=np.array([0.0, 0.5, 2.0]))
def powers(t):
    return np.sum(t[:, None] ** np.arange(4.0)) + np.sum(t**2.0) + np.sum(np.power(t, [0, 1, 2]))


@idiom("`np.sin`, `np.exp`, `np.log`, … and array methods")
def elementary(t):
    return np.sum(np.sin(t) * np.cosh(t) + np.exp(t) - np.log(t + 1) + np.sqrt(t + 1) + np.arctan2(t, 2)) * t.mean()


@idiom("`np.float64(…)` and NumPy's numbers first")
def scalars(t):
    return np.sum(np.float64(2.0) * t + np.float64(1.0) / (2 + t)) + np.float64(t[0]) ** 2


@idiom("`np.logaddexp`, `np.log1p`, `np.expm1`, `np.hypot`, `np.sinc`")
def careful(t):
    return np.sum(np.logaddexp(0, A @ t) + np.log1p(np.exp(-A @ t))) + np.sum(np.expm1(t) + np.hypot(t, 1) + np.sinc(t))


@idiom("`np.where`, `np.select`, `np.piecewise`, `np.clip`, `np.maximum`, `np.heaviside`")
def branches(t):
    a = np.where(t > 0, t**2, -t) + np.select([t > 0.4, t > 0], [t, 2 * t], t**3)
    b = np.piecewise(t, [t < 0, t >= 0], [lambda x: -x, lambda x: x**3])
    return np.sum(a + b + np.clip(t, -0.1, 0.4) + np.maximum(t, 0.1) + np.heaviside(t, 0.5) * t)


@idiom("builtin `max`, `min`, `sum`, `abs`, `pow`")
def builtin(t):
    return max(t[0], t[1]) ** 2 + min(t[1], t[2], 0.0) + sum(t) + pow(t[2], 3)


@idiom("`sum`, `prod`, `mean`, `std`, `var`, `ptp`, `average`, `cov`, with `axis` and `keepdims`")
def reductions(t):
    table = np.outer(t, t) + A[:3]
    centred = table - table.mean(axis=0, keepdims=True)
    return (
        np.sum(centred**2)
        + t.prod()
        + t.std()
        + np.var(t)
        + np.ptp(t)
        + np.average(t, weights=[1, 2, 3])
        + np.cov(table).sum()
    )


@idiom("`np.sort`, `argsort`, `partition`, `median`, `percentile`, `t.sort()`")
def ordered(t):
    a = t.copy()
    a.sort()
    return (
        np.sum(np.sort(t) * np.arange(3))
        + t[np.argsort(t)][0] ** 2
        + np.median(t) * np.percentile(t, 30)
        + np.partition(t, 1)[0]
        + np.sum(a**3)
    )


@idiom("`cumsum`, `cumprod`, `diff`, `gradient`, `ediff1d`, `maximum.accumulate`")
def cumulative(t):
    return (
        np.sum(np.cumsum(t) * np.cumprod(t))
        + np.sum(np.diff(t) ** 2)
        + np.sum(np.gradient(t) ** 2)
        + np.sum(np.maximum.accumulate(t))
    )


@idiom("`convolve`, `correlate`, `interp`, `trapezoid`, `polyval`, `vander`")
def sampled(t):
    return (
        np.sum(np.convolve(t, [1.0, -2.0, 1.0]) ** 2)
        + np.interp(t[0], [0, 1], [1.0, 3.0])
        + np.trapezoid(t**2)
        + np.polyval(t, 2.0)
        + np.sum(np.vander(t, 3))
        + np.sum(np.correlate(t, t))
    )


@idiom("`np.fft`")
def spectrum(t):
    return np.sum(np.abs(np.fft.rfft(t)) ** 4) + np.fft.ifft(np.fft.fft(t) * np.array([1, 0, 2])).real[0]


@idiom("complex numbers on the way")
def complex_way(t):
    z = t[0] + 1j * t[1]
    return np.abs(np.exp(z) - z**2) ** 2 + (z * np.conj(z)).real + z.imag


@idiom("`np.einsum`, `tensordot`, `kron`, `outer`, `inner`, `vdot`, `cross`, `trace`")
def products(t):
    return (
        np.einsum("i,ij,j->", t, np.eye(3) + 0.1, t)
        + np.tensordot(A, t, axes=1).sum()
        + np.kron(t, t).sum()
        + np.trace(np.outer(t, t**2))
        + np.inner(t, t)
        + np.vdot(t, V)
        + np.cross(t, V).sum()
    )


@idiom("`np.vectorize`, `np.apply_along_axis`, `np.fromiter`, `np.fromfunction`")
def called_back(t):
    @np.vectorize
    def bent(x):
        return np.tanh(x) * x

    rows = np.apply_along_axis(lambda row: row @ t, 1, A)
    return (
        np.sum(bent(t))
        + np.sum(rows**2)
        + np.sum(np.fromiter((x**2 for x in t), float))
        + np.sum(np.fromfunction(lambda i, j: i * t[0] + j, (2, 2)))
    )


GROUP.append("Linear algebra and SciPy")


@idiom("`np.linalg.solve`, `inv`, `det`, `slogdet`, `matrix_power`, `multi_dot`")
def linear(t):
    m = np.eye(3) * (1 + t[0] ** 2) + 0.1 + np.outer(t, t)
    sign, size = np.linalg.slogdet(m)
    return (
        np.sum(np.linalg.solve(m, t))
        + np.trace(np.linalg.inv(m))
        + np.linalg.det(m)
        + sign * size
        + np.trace(np.linalg.matrix_power(m, 3))
        + np.linalg.multi_dot([t, m, t])
    )


@idiom("`np.linalg.norm`, `cholesky`, `qr`, `eigvalsh`, `eigh`, `svd`, `lstsq`, `pinv`")
def decompositions(t):
    m = np.diag([1.0, 2.0, 4.0]) + np.outer(t, t)
    values, vectors = np.linalg.eigh(m)
    fitted = np.linalg.lstsq(A[:, :2] + t[0] * np.eye(4, 2), B, rcond=None)[0]
    return (
        np.linalg.norm(t - 1)
        + np.log(np.diag(np.linalg.cholesky(m))).sum()
        + np.abs(np.linalg.qr(m)[1][0, 0])
        + np.linalg.eigvalsh(m)[0]
        + np.sum(values * vectors[0] ** 2)
        + np.linalg.svd(m, compute_uv=False)[1]
        + np.sum(fitted**2)
        + np.linalg.pinv(m).sum()
    )


@idiom("a sparse matrix of SciPy's, `S @ t`")
def sparse(t):
    return np.sum((S @ t - B) ** 2) + np.sum(S.T @ (S @ t))


@idiom("`scipy.special.expit`, `logsumexp`, `gammaln`, `erf`, `xlogy`, `softmax`")
def special(t):
    return (
        np.sum(scipy.special.expit(t))
        + scipy.special.logsumexp(A @ t)
        + np.sum(scipy.special.gammaln(t + 2) + scipy.special.erf(t) + scipy.special.xlogy(t + 1, t + 1))
        + scipy.special.softmax(t)[0]
    )


@idiom("`scipy.stats.norm.logpdf`")
def likelihood(t):
    return -np.sum(norm.logpdf(B, loc=t[0], scale=np.exp(t[1]))) - scipy.stats.expon.logpdf(t[2])


@idiom("`scipy.linalg.solve_triangular`, `cho_factor`, `expm`")
def scipy_linear(t):
    from scipy import linalg

    m = np.eye(3) + np.outer(t, t)
    low = np.linalg.cholesky(m)
    return (
        np.sum(linalg.solve_triangular(low, t, lower=True) ** 2)
        + linalg.expm(m)[0, 1]
        + np.sum(linalg.cho_solve(linalg.cho_factor(m), t))
    )


GROUP.append("Functions, objects and Python")


def model(t, x):
    out = np.empty_like(x)
    out[:] = t[0] * np.exp(-x) + t[1] * x + t[2]
    return out


@idiom("a helper function")
def helped(t):
    return np.mean((model(t, B) - B) ** 2)


class Residuals:
    """A callable object with its data."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y

    def predict(self, t):
        out = np.zeros(len(self.y))
        for i, row in enumerate(self.x):
            out[i] = row @ t
        return out

    def __call__(self, t):
        return np.mean((self.predict(t) - self.y) ** 2)


idiom("a callable object")(Residuals(A, B))
idiom("a bound method")(Residuals(A, B).__call__)
idiom("`functools.partial`")(functools.partial(lambda x, t: np.sum((model(t, x) - B) ** 2), B))


def squared(function):
    @functools.wraps(function)
    def inner(t):
        return function(t) ** 2

    return inner


@idiom("a decorated function, a closure")
@squared
def decorated(t):
    out = zeros(3)
    out[:] = np.exp(t)
    return out.sum()


@functools.lru_cache
def grid(n):
    return np.linspace(0, 1, n)


@idiom("a helper under `functools.lru_cache`")
def cached(t):
    return np.sum((t[0] * grid(5) + t[1]) ** 2) + t[2] ** 2


@dataclass(frozen=True)
class Settings:
    """Parameters of a function."""

    scale: float
    data: np.ndarray


SETTINGS = Settings(2.0, B)


@idiom("a dataclass of settings, a dict, comprehensions")
def settled(t):
    parts = {"a": t[0], "b": [x**2 for x in t[1:]]}
    return SETTINGS.scale * parts["a"] ** 2 + sum(parts["b"]) + np.sum((SETTINGS.data - t[0]) ** 2)


@idiom("recursion")
def recursive(t):
    def horner(k):
        return t[k] if k == len(t) - 1 else t[k] + 0.5 * horner(k + 1)

    return horner(0) ** 2 + np.sum(t**2)


@idiom("imports and classes within the function")
def local(t):
    import numpy as xp
    from numpy.linalg import norm as length

    class Part:
        def __init__(self, value):
            self.value = value

    out = xp.zeros(3)
    out[:] = [Part(x).value for x in t]
    return length(out) ** 2


@idiom("`try` / `except`, `with np.errstate`, `assert`, `print`")
def guarded(t):
    with np.errstate(divide="ignore"):
        try:
            value = np.sum(1 / (t + 2))
        except ZeroDivisionError:
            value = np.inf
    assert t.ndim == 1
    return value


@idiom("a value of shape (1,)")
def of_one(t):
    return np.array([np.sum(t**2)])


@idiom("a matrix, `x0` of shape (2, 2)", at=np.array([[1.0, 0.2], [0.3, 2.0]]))
def matrix(m):
    out = np.zeros((2, 2))
    out[np.tril_indices(2)] = m[np.tril_indices(2)]
    return -np.linalg.slogdet(out @ out.T)[1] + np.sum(m**2)


@idiom("a number, `x0 = 3.0`", at=3.0)
def number(theta):
    return (theta - 1) ** 2 if isinstance(theta, float) else np.nan


GROUP.append("Branches without a derivative")


@idiom("`np.where(t > 0, np.log(t), 0)` at 0", at=np.array([0.0, 0.0, 0.5]))
def safe_log(t):
    return np.sum(np.where(t > 0.1, np.log(t), t))


@idiom("`np.where(r > 0, t / r, 0)` at 0", at=np.array([0.0, 0.0, 0.0]))
def safe_norm(t):
    r = np.sqrt(np.sum(t**2))
    return np.sum(np.where(r > 0.1, t / r, t))


@idiom("`np.where` against overflow", at=np.array([1000.0, 1.0, 0.5]))
def safe_exp(t):
    return np.sum(np.where(t > 30, t, np.log1p(np.exp(t))))


GROUP.append("Exact, step by step")


@idiom("a Python `if` on a value", rung="stepwise")
def branching(t):
    out = np.zeros(3)
    out[0] = t[0] ** 2 if t[0] > 0 else -t[0]
    return np.sum(out) + np.sum(t**2)


@idiom("a Python `while` on a value", rung="stepwise")
def iterated(t):
    a, b = np.sum(t**2) + 2.0, 1.0
    while abs(a - b) > 1e-13:
        a, b = (a + b) / 2, np.sqrt(a * b)
    return a


@idiom("`a < t[0] < b`, `x in t`, `sorted(t)`", rung="stepwise")
def compared(t):
    return np.sum(t**2) if 0 < t[0] < 1 and 7.0 not in t else sorted(t)[0]


@idiom("`t[t > 0]`: elements selected by the parameters", rung="stepwise")
def selected(t):
    return np.sum(t[t > 0] ** 2) + np.sum(np.unique(t))


@idiom("a Python `if` before a branch without a derivative", at=np.array([0.0, 0.2, 0.5]), rung="stepwise")
def branching_safely(t):
    return np.sum(np.where(t > 0.1, np.log(t), t)) if t[1] > 0 else 0.0


GROUP.append("By finite differences")


@idiom("`math.exp` and its like", rung="finite-differences")
def by_math(t):
    return math.exp(t[0]) + math.log(2 + t[1]) + t[2] ** 2


@idiom("`float(…)`", rung="finite-differences")
def by_float(t):
    return float(t[0]) ** 2 + np.sum(t**2)


@idiom("code in C or without a counterpart", rung="finite-differences")
def by_c(t):
    return np.sum(scipy.special.airy(t)[0])


HISTORY: list[Any] = []


@idiom("a function that keeps what it computes", rung="finite-differences")
def keeping(t):
    value = np.sum(t**2)
    HISTORY.append(value)
    return value


@idiom("writing into an array from outside", rung="finite-differences")
def scratch(t):
    WORK[:] = t**2
    return WORK.sum()


WORK = np.zeros(3)
