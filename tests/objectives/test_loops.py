"""Where a program repeats itself, and how a turn hangs together."""

import jax
import numpy as np
import pytest

from fallline.objectives.loops import IrregularError, Loop, Stretch, Traced, stretches


def traced(function, size=2):
    with jax.enable_x64(True):
        return Traced(jax.make_jaxpr(function)(np.zeros(size)))


def line(t):
    s = 0.0
    for i in range(20):
        s = s + (t[0] * i + t[1]) ** 2
    return s


def test_the_longest_repetition_is_found_with_its_shortest_period():
    """Each stretch that repeats itself, in order."""
    marks = np.array([7, 8, *[1, 2, 3] * 10, 9, *[4] * 8])
    assert stretches(marks, 0, len(marks)) == [Stretch(2, 3, 10), Stretch(33, 1, 8)]


def test_too_few_turns_are_no_loop():
    """Four turns are sooner compiled as they are."""
    marks = np.array([1, 2, 3] * 4)
    assert stretches(marks, 0, len(marks)) == []


def test_a_running_sum_is_known_as_one():
    """The terms of ``s += term`` are found."""
    program = traced(line)
    (stretch,) = stretches(program.marks, 0, len(program.marks))
    loop = Loop(program, stretch)
    assert stretch.count >= 19
    assert [terms is not None for terms in loop.sums.values()] == [True]


def test_a_recurrence_is_no_sum():
    """What is multiplied from turn to turn stays a loop."""

    def function(t):
        h = t[0]
        for _ in range(20):
            h = t[1] * h + 0.5
        return h

    program = traced(function)
    (stretch,) = stretches(program.marks, 0, len(program.marks))
    loop = Loop(program, stretch)
    assert list(loop.sums.values()) == [None]
    assert max(map(len, loop.groups)) == 2


def test_operands_from_two_turns_back_are_refused():
    """A loop hands on what the turn before made, and nothing older."""

    def function(t):
        before, now = t[0], t[1]
        for _ in range(20):
            before, now = now, now + before
        return now

    program = traced(function)
    (stretch,) = stretches(program.marks, 0, len(program.marks))
    with pytest.raises(IrregularError):
        Loop(program, stretch)
