"""The engine for many runs: its steps are those of the engine for one."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fallline.arrays.layout import flatten
from fallline.descent import compiled_many
from fallline.descent.compiled import CompiledEngine
from fallline.descent.compiled_many import ManyEngine, _note
from fallline.descent.rates import resolve_rate
from fallline.methods import find
from fallline.objectives.ladder import differentiate
from fallline.steps import Backtracking

rng = np.random.default_rng(1)
MATRIX = rng.normal(size=(12, 12))


def small(x):
    return np.sum(np.arange(1.0, 4.0) * (x - 1) ** 2) + x[0] * x[1]


def large(x):
    return np.sum((MATRIX @ x) ** 2) + np.sum(np.cos(x))


def engines(fun, size, name, rates, starts=3):
    """Return an engine for all rates, which take starts in turn, and one for each of them alone."""
    points = rng.normal(size=(starts, size))
    objective = differentiate(fun, points[0], flatten(points[0])[1], ())[0]
    method = find(name)
    made = [resolve_rate(rate, method) for rate in rates]
    chosen = np.arange(len(made)) % starts
    many = ManyEngine(objective, method, made, points, chosen, ThreadPoolExecutor(2), 2)
    alone = [CompiledEngine(objective, points[start], method, rate) for start, rate in zip(chosen, made, strict=True)]
    return many, alone


def check(rows, rates, alone, places, count, rtol):
    """Check the block of many against the blocks of the engines alone."""
    for lane, place in enumerate(places):
        block = alone[place].advance(count)
        size = block.x.shape[1]
        np.testing.assert_allclose(rows[:, :size, lane], block.x, rtol=rtol, atol=rtol)
        np.testing.assert_allclose(rows[:, size, lane], block.fun, rtol=rtol, atol=rtol)
        squares = rows[:, size + 1 : size + 3, lane].T
        for column, expected in zip(np.sqrt(squares), (block.gradient_norm, block.step_norm), strict=True):
            np.testing.assert_allclose(column, expected, rtol=rtol, atol=rtol)
        if isinstance(alone[place].rate, Backtracking):
            np.testing.assert_allclose(rows[:, size + 3, lane], block.learning_rate)
            np.testing.assert_array_equal(rows[:, size + 4, lane], block.evaluations)
        else:
            np.testing.assert_array_equal(rates[:, lane], block.learning_rate)


@pytest.mark.parametrize(
    ("fun", "size", "name", "rate"),
    [
        (small, 3, "adam", None),
        (large, 12, "momentum", None),
        (small, 3, "gd", Backtracking()),
        (large, 12, "gd", Backtracking()),
    ],
)
def test_lanes_take_the_steps_of_single_runs(fun, size, name, rate, monkeypatch):
    """In scalars, in arrays and one lane after another, over several tiles and threads, the steps are the same."""
    monkeypatch.setattr(compiled_many, "WIDEST", 8)
    monkeypatch.setattr(compiled_many, "LONGEST", 4)
    rates = np.geomspace(1e-4, 1e-2, 19).tolist() if rate is None else [rate] * 19
    many, alone = engines(fun, size, name, rates)
    costs, _ = many.start()
    for place, engine in enumerate(alone):
        assert engine.start().fun[0] == costs[place % 3]
    assert len(many.tiles) == 3
    rows, table = many.advance(7)
    assert rows.shape == (7, many.channels, 19)
    check(rows, table, alone, range(19), 7, 1e-12)
    chosen = np.arange(19) % 2 == 0
    many.keep(chosen)
    rows, table = many.advance(3)
    check(rows, table, alone, np.flatnonzero(chosen), 3, 1e-11)
    low, seen = many.extremes, rows[:, size : size + 3]
    np.testing.assert_array_equal((low.cost, low.highest), (seen[:, 0].min(axis=0), seen[:, 0].max(axis=0)))
    np.testing.assert_array_equal((low.slope, low.step), np.sqrt(seen[:, 1:].min(axis=0)))
    np.testing.assert_array_equal(low.before_last, seen[:-1, 0].min(axis=0))


def test_extremes_see_past_what_is_no_number():
    """The least cost is the least number; the highest is no number where one cost is none."""
    rows = np.array([[[3.0], [1.0], [1.0]], [[np.nan], [4.0], [0.5]], [[2.0], [np.nan], [9.0]]])
    found = [np.full(1, value) for value in (np.inf, np.inf, np.inf, -np.inf, np.inf)]
    _note(rows, found, is_last=True)
    np.testing.assert_array_equal(np.concatenate(found), [2.0, 1.0, 0.5, np.nan, np.nan])


def test_the_state_after_some_of_a_block_can_be_had():
    """A method that averages is asked for its state at the step where each run stopped."""
    many, alone = engines(small, 3, "schedule-free-sgd", np.geomspace(1e-3, 1e-2, 9).tolist())
    many.start()
    many.advance(10)
    places, counts = np.array([1, 4, 8]), np.array([10, 3, 3])
    for place, count, state in zip(places, counts, many.method_states(places, counts), strict=True):
        alone[place].start()
        alone[place].advance(10)
        expected = alone[place].method_state(int(count))
        for value, other in zip(expected, state, strict=True):
            np.testing.assert_allclose(other, value, rtol=1e-12)
    rows, _ = many.advance(2)
    assert np.isfinite(rows).all()


def test_an_interrupted_block_leaves_the_engine_where_it_was(monkeypatch):
    """Where a block fails half-way, every lane is back at the beginning of it."""
    monkeypatch.setattr(compiled_many, "WIDEST", 8)
    many, alone = engines(small, 3, "gd", np.geomspace(1e-3, 1e-2, 16).tolist())
    many.start()
    inner, calls = many._advance, []

    def failing(tile, rows):
        calls.append(tile)
        if len(calls) == 2:
            raise KeyboardInterrupt
        inner(tile, rows)

    many._advance = failing
    with pytest.raises(KeyboardInterrupt):
        many.advance(5)
    many._advance = inner
    rows, table = many.advance(5)
    for engine in alone:
        engine.start()
    check(rows, table, alone, range(16), 5, 1e-12)
