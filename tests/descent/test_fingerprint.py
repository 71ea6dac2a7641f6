"""What a function refers to is part of the problem, to any depth; what it changes itself is none."""

import functools
import logging
import os
import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest
import scipy.sparse

import fallline as fl
from fallline.descent.fingerprint import LARGE, fingerprint, marks, unchanged

CENTRE = np.array([1.0, 2.0, 3.0])
TABLE = {"scale": 2.0, "shift": np.ones(3)}
PLACES = [1.0, [2.0, 3.0]]
SEEN = []


def helper(x):
    return x - CENTRE


def cost(x):
    return TABLE["scale"] * np.sum(helper(x) ** 2) + PLACES[0]


def in_a_comprehension(x):
    return sum((lambda i: x[i] * PLACES[0])(i) for i in range(3))


def bare(x):
    return np.sum(x**2)


class Callable:
    shift = 1.0

    def __init__(self, scale):
        self.scale = scale

    def bent(self, x):
        return x - self.shift

    def __call__(self, x):
        return self.scale * np.sum(self.bent(x) ** 2)


def changed(function):
    """The names under which a function is known by other marks now than with the values of before."""
    now = marks(function)
    return lambda: sorted(name for name, mark in marks(function).items() if now.get(name) != mark)


@pytest.mark.parametrize(
    ("target", "name", "value", "told"),
    [
        ("CENTRE", None, np.array([1.0, 2.0, 3.1]), ["helper.CENTRE"]),
        ("CENTRE", None, CENTRE[::-1].copy(), ["helper.CENTRE"]),
        ("CENTRE", None, CENTRE.astype(np.float32), ["helper.CENTRE"]),
        ("helper", None, bare, ["helper"]),
        ("TABLE", "scale", 2.5, ["TABLE.scale"]),
        ("TABLE", "shift", np.zeros(3), ["TABLE.shift"]),
        ("PLACES", 1, [2.0, 3.5], ["PLACES"]),
    ],
)
def test_what_a_function_refers_to_counts(target, name, value, told, monkeypatch):
    """Globals, entries of containers, helpers and what these refer to."""
    look = changed(cost)
    assert look() == []
    if name is None:
        monkeypatch.setitem(globals(), target, value)
    elif isinstance(name, int):
        monkeypatch.setitem(globals(), target, [PLACES[0], value])
    else:
        monkeypatch.setitem(TABLE, name, value)
    assert set(told) <= set(look())


def test_functions_within_functions_count(monkeypatch):
    """What only an inner function looks up is found."""
    look = changed(in_a_comprehension)
    monkeypatch.setitem(globals(), "PLACES", [5.0])
    assert look() == ["PLACES"]


def test_objects_count_by_class_and_by_what_they_hold(monkeypatch):
    """The code of their methods, what belongs to the class, and the instance."""
    here = Callable(2.0)
    look = changed(here)
    here.scale = 3.0
    assert look() == ["scale"]
    before = fingerprint(here)
    monkeypatch.setattr(Callable, "shift", 2.0)
    assert fingerprint(here) != before
    before = fingerprint(here)
    monkeypatch.setattr(Callable, "bent", lambda self, x: x + self.shift)
    assert fingerprint(here) != before
    assert fingerprint(Callable(2.0).bent) == fingerprint(Callable(2.0).bent) != fingerprint(Callable(3.0).bent)


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        (functools.partial(bare, 1), functools.partial(bare, 1), functools.partial(bare, 2)),
        (np.float32(1), np.float32(1), np.float64(1)),
        (1, 1, True),
        ({1, 2}, {2, 1}, {1, 3}),
        ({"a": 1, 2: 3}, {"a": 1, 2: 3}, {"a": 1, 2: 4}),
        (dict.fromkeys(map(str, range(200)), 1), dict.fromkeys(map(str, range(200)), 1), {}),
        (scipy.sparse.eye(3), scipy.sparse.eye(3), 2 * scipy.sparse.eye(3)),
        (types.SimpleNamespace(a=CENTRE), types.SimpleNamespace(a=CENTRE.copy()), types.SimpleNamespace(a=-CENTRE)),
        (fl.penalties.L1(1.0), fl.penalties.L1(1.0), fl.penalties.L1(2.0)),
        (logging.getLogger("a"), logging.getLogger("a"), logging.getLogger("b")),
        (np.array(["a", None]), np.array(["a", None]), np.array(["a", 1], dtype=object)),
        (property(helper), property(helper), property(bare)),
        (lambda x, a=1: x, lambda x, a=1: x, lambda x, a=2: x),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_every_kind_of_thing(one, same, other):
    """The same where it is the same, another where it is not."""
    assert fingerprint(one) == fingerprint(same) != fingerprint(other)


def test_what_contains_itself_and_names_bound_later():
    """Cycles end, and shared parts are read once: many paths lead to them."""
    ring = [1]
    ring.append(ring)
    assert fingerprint(ring) == fingerprint(ring)

    def late(x):
        return unbound(x)

    assert "unbound" in marks(late)
    unbound = bare
    assert fingerprint(late) != fingerprint(unbound)
    tower = [0]
    for _ in range(60):
        tower = [tower, tower]
    assert fingerprint(tower) == fingerprint(tower)


def test_what_a_function_changes_itself_is_left_out():
    """A counter, a list of points and a cache are no part of the problem; what stays is."""
    before = marks(lambda x: (SEEN, TABLE))
    SEEN.append(1)
    after = marks(lambda x: (SEEN, TABLE))
    kept = unchanged(before, after)
    assert "SEEN" in after and "SEEN" not in kept and "TABLE.scale" in kept


def test_large_arrays_are_read_once():
    """Given what was read before, the numbers are not looked at again."""
    large, small, read = np.zeros(LARGE), np.zeros(8), {}
    before = marks([large, small], read)
    large[0] = 1
    assert marks([large, small], read) == before and len(read) == 1
    small[0] = 1
    assert marks([large, small], read) != before


def test_the_same_in_another_process():
    """Whatever the order in which sets and addresses fall there."""
    code = """
        import logging, numpy as np
        from fallline.descent.fingerprint import fingerprint
        log, names, table = logging.getLogger("x"), {"a", "b", "c"}, {"k": np.arange(3.0)}
        class Cost:
            def __call__(self, x):
                log.debug("called")
                return sum(x[i] * table["k"][i] for i in range(3)) + len(names)
        print(fingerprint(Cost()))
    """
    said = {
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1 and len(said.pop().strip()) == 64
