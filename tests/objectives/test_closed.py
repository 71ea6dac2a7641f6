"""A function is traced anew only where something that it refers to may have changed."""

import dataclasses

import numpy as np
import pytest

import fallline as fl
from fallline.objectives.closed import MOST, closed_key

SLOPES = np.array([1.0, 2.0])
FACTOR = 3.0
HISTORY = []


def plain(x):
    return np.sum(x**2)


def scaled(x):
    return FACTOR * np.sum(SLOPES * x**2)


def through_a_helper(x):
    return scaled(x) + plain(x)


def keeping(x):
    HISTORY.append(x)
    return plain(x)


def marking(x):
    marking.calls = 1
    return plain(x)


def counting():
    calls = 0

    def function(x):
        nonlocal calls
        calls += 1
        return plain(x)

    return function


@dataclasses.dataclass(frozen=True)
class Bowl:
    factor: float
    label: str = dataclasses.field(default="", compare=False)

    def __call__(self, x):
        return self.factor * np.sum(x**2)


class Open:
    factor = 2.0

    def __call__(self, x):
        return self.factor * np.sum(x**2)


@pytest.mark.parametrize("function", [plain, lambda x: np.sum(x**4)])
def test_what_refers_to_numpy_alone_is_known_for_ever(function):
    """With its values or without."""
    assert closed_key(function) is not None and closed_key(function, values=True) is not None


@pytest.mark.parametrize("function", [scaled, through_a_helper, lambda x, a=2.0: a * x[0], Bowl(2.0)])
def test_numbers_arrays_and_helpers_count_by_their_values(function):
    """They are part of the key, where that is asked for."""
    assert closed_key(function) is None and closed_key(function, values=True) == closed_key(function, values=True)


@pytest.mark.parametrize("function", [keeping, marking, counting(), Open(), np.sum, lambda x: HISTORY[0] * x[0]])
def test_what_may_change_or_keep_something_has_no_key(function):
    """Lists, attributes, variables around it, objects that are not frozen."""
    assert closed_key(function, values=True) is None


def test_a_large_array_has_no_key():
    """Comparing it at every run would take longer than tracing."""
    large = np.zeros(MOST)
    assert closed_key(lambda x: np.sum(large) * x[0], values=True) is None


def test_the_key_changes_with_what_is_referred_to(monkeypatch):
    """With an array's elements, a number, a number's sign, a field that counts, and not with one that does not."""
    before = closed_key(through_a_helper, values=True)
    SLOPES[0] = 5.0
    try:
        changed = closed_key(through_a_helper, values=True)
    finally:
        SLOPES[0] = 1.0
    assert changed != before == closed_key(through_a_helper, values=True)
    keys = []
    for factor in (3.0, 3, 0.0, -0.0, np.float32(3)):
        monkeypatch.setitem(globals(), "FACTOR", factor)
        keys.append(closed_key(scaled, values=True))
    assert len(set(keys)) == 5
    assert closed_key(Bowl(1.0, "a"), values=True) == closed_key(Bowl(1.0, "b"), values=True)
    assert closed_key(Bowl(1.0), values=True) != closed_key(Bowl(2.0), values=True)


def test_a_changed_array_is_seen_by_the_next_run():
    """The same function object, its array changed in place between two runs."""
    centre = np.array([1.0, 2.0])
    function = lambda x: np.sum((x - centre) ** 2)
    first = fl.minimize(function, [0.0, 0.0]).x
    centre[:] = [3.0, 4.0]
    second = fl.minimize(function, [0.0, 0.0]).x
    np.testing.assert_allclose([first, second], [[1, 2], [3, 4]], atol=1e-6)


def centred(x):
    return (x - centred_at.value) ** 2


def centred_at():
    return None


centred_at.value = 1.0
PLACE = 1.0


@dataclasses.dataclass(frozen=True)
class Placed:
    factor: float

    @property
    def double(self):
        return 2 * PLACE

    def from_there(self, x):
        return x - self.double

    def __call__(self, x):
        return self.factor * self.from_there(x) ** 2


def test_an_attribute_of_a_function_is_part_of_the_key():
    """A helper whose attribute has changed is traced anew."""
    first = fl.minimize(centred, 0.0).x
    centred_at.value = 4.0
    try:
        second = fl.minimize(centred, 0.0).x
    finally:
        centred_at.value = 1.0
    np.testing.assert_allclose([first, second], [1, 4], atol=1e-6)


def test_what_the_methods_of_a_dataclass_read_is_part_of_the_key(monkeypatch):
    """Also by way of a property, and of a method that the call calls."""
    first = fl.minimize(Placed(1.0), 0.0).x
    monkeypatch.setitem(globals(), "PLACE", 3.0)
    second = fl.minimize(Placed(1.0), 0.0).x
    np.testing.assert_allclose([first, second], [2, 6], atol=1e-6)
