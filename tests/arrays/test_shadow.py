"""A function is followed in a copy: what is the user's is copied with it, and nothing of it is touched."""

import abc
import collections
import enum
import functools
import sys
import threading
import types
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fallline.arrays.lifting import Lifted, lift
from fallline.arrays.lowering import bare, following
from fallline.arrays.shadow import Shadow

T = np.array([0.3, -0.2, 0.5])


def followed(function, *args):
    """Return what a function's copy gives for a stand-in, and what the function itself gives."""
    with jax.enable_x64(True), following():
        shadow = Shadow(function)
        return bare(shadow.function(lift(jnp.asarray(T)), *shadow.of(args))), function(T.copy(), *args)


def helper(t):
    out = np.zeros(3)
    out[:] = t**2
    return out.sum()


def even(k, t):
    return helper(t) if k == 0 else odd(k - 1, t)


def odd(k, t):
    return even(k - 1, t)


class Model(abc.ABC):
    """A class with all that classes have."""

    scale = 2.0

    def __init__(self):
        self.data, self.seen, self.lock = np.ones(3), [], threading.Lock()

    @property
    def weights(self):
        out = np.zeros(3)
        out[:] = self.data * self.scale
        return out

    @staticmethod
    def bent(t):
        return helper(t)

    @classmethod
    def scaled(cls, t):
        return cls.scale * helper(t)

    @abc.abstractmethod
    def __call__(self, t): ...


class Derived(Model):
    """And a class derived from it."""

    def __call__(self, t):
        self.last = 1.0
        return np.sum(self.weights * t) + self.bent(t) + self.scaled(t) + super().scaled(t)


class Slotted:
    """A class whose objects cannot be copied so."""

    __slots__ = ("data",)

    def __init__(self):
        self.data = np.ones(3)

    def __call__(self, t):
        return np.sum(self.data * t)


class Point(NamedTuple):
    """A named tuple of arrays."""

    a: np.ndarray
    b: float


class Kind(enum.Enum):
    """Members are themselves, and no copies."""

    FIRST = 1


POINT = Point(np.ones(3), 2.0)
NESTED = {"a": [np.ones(3), (np.ones(3), 1.0)], "b": collections.defaultdict(list)}


def uses_containers(t):
    out = NESTED["a"][1][0].copy()
    out[0] = t[0]
    return np.sum(out * POINT.a) * POINT.b if Kind.FIRST is Kind.FIRST else np.nan


def with_defaults(t, w=T, *, v=T):
    out = w.copy()
    out += t
    return out @ v


FUNCTIONS = {
    "helpers": lambda t: helper(t),
    "helpers that call each other": functools.partial(even, 4),
    "an object": Derived(),
    "a bound method": Derived().scaled,
    "slots": Slotted(),
    "containers": uses_containers,
    "defaults": with_defaults,
    "a cached helper": lambda t: functools.lru_cache(helper).__wrapped__(t),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_copies_do_what_the_originals_do(name):
    """Whatever a function is made of, its copy gives the same."""
    got, expected = followed(FUNCTIONS[name])
    assert isinstance(got, jax.Array)
    assert float(got) == pytest.approx(float(expected), rel=1e-14)


def test_objects_keep_what_they_had():
    """What a function writes into its object, a list, a dict or a global, goes with the copy."""
    model, kept, table = Derived(), [], {}

    def keeping(t):
        global CALLS  # noqa: PLW0603
        CALLS += 1
        kept.append(t)
        table["t"] = model.last = t
        return np.sum(t) + 0 * len(model.seen)

    with following():
        Shadow(keeping).function(lift(jnp.ones(3)))
    assert (kept, table, CALLS) == ([], {}, 0) and "last" not in vars(model)


CALLS = 0


def test_the_closures_of_one_scope_stay_together():
    """Two functions that share a variable share its copy."""

    def scope():
        total = np.zeros(3)

        def add(t):
            nonlocal total
            total = total + t

        def both(t):
            add(t)
            add(t)
            return total.sum()

        return both, lambda: total

    both, total = scope()
    got, _ = followed(both)
    assert float(got) == pytest.approx(2 * T.sum())
    np.testing.assert_allclose(total(), 2 * T)  # what the plain call left, and no more


def test_a_name_without_a_value_stays_so():
    """A variable that is set only later is no obstacle."""

    def scope(is_late):
        def function(t):
            return np.sum(t) if t.ndim else later

        if is_late:
            later = 1.0
        return function

    got, expected = followed(scope(is_late=False))
    assert float(got) == pytest.approx(float(expected))


def test_modules_of_the_users_are_copied_and_libraries_are_not():
    """A function of the user's module is followed; one of a library is called as it is."""
    module = types.ModuleType("users_module")
    module.__file__ = "users_module.py"
    module.helper, module.json = helper, sys.modules["json"]
    got, expected = followed(lambda t: module.helper(t) + len(module.json.dumps([1])))
    assert float(got) == pytest.approx(float(expected))
    shadow = Shadow(helper)
    assert shadow.of(module) is not module and shadow.of(sys.modules["json"]) is sys.modules["json"]
    assert shadow.of(functools.reduce) is functools.reduce
    assert shadow.of(sys.modules["json"].dumps) is sys.modules["json"].dumps


def test_arrays_of_the_users_stand_in_and_are_not_copied():
    """A captured array is handed over as it lies in memory; a large container is not searched."""
    data, large = np.ones(1000), [np.ones(2)] * 1000
    shadow = Shadow(helper)
    stand_in = shadow.of(data)
    assert isinstance(stand_in, Lifted) and stand_in.value is data and shadow.of(data) is stand_in
    assert shadow.of(large) is not large and shadow.of(large)[0] is large[0]
    assert shadow.of(Kind.FIRST) is Kind.FIRST and shadow.of(np.float64(1.0)) == 1.0
