"""The keeper of many runs' steps."""

import numpy as np

from fallline.trace.histories import Histories


def filled(memory=10**9, blocks=4, steps=25):
    """Three runs of one parameter whose costs fall; run 1 stops after 30 steps, the others go on."""
    rng = np.random.default_rng(0)
    histories = Histories(np.zeros((3, 1)), np.full(3, 9.0), np.ones(3), memory)
    costs = np.sort(rng.random((blocks * steps, 3)), axis=0)[::-1]
    for block in range(blocks):
        runs = np.array([0, 1, 2]) if block < 2 else np.array([0, 2])
        part = costs[block * steps : (block + 1) * steps, runs]
        rows = np.stack([part + 10, part, part + 20, part + 30], axis=1)
        stops = np.array([steps, 5, steps]) if block == 1 else np.full(len(runs), steps)
        rates = np.broadcast_to(runs / 10, part.shape)
        histories.add(runs, block * steps + 1, rows, rates, np.arange(steps) * 0.1 + block, stops)
    return histories, costs


def rows_of(histories, run):
    """Return the kept rows of a run, joined."""
    blocks = histories.blocks(run)
    names = ("iteration", "x", "fun", "gradient_norm", "step_norm", "learning_rate")
    return {name: np.concatenate([getattr(block, name) for block in blocks]) for name in names}


def test_each_run_has_its_own_rows_up_to_its_stop():
    """Rows after the stop are of no run; the start comes first."""
    histories, costs = filled()
    for run, count in ((0, 100), (1, 30), (2, 100)):
        rows = rows_of(histories, run)
        np.testing.assert_array_equal(rows["iteration"], np.arange(count + 1))
        np.testing.assert_array_equal(rows["fun"][1:], costs[:count, run])
        np.testing.assert_array_equal(rows["x"][1:, 0], costs[:count, run] + 10)
        np.testing.assert_array_equal(rows["learning_rate"][1:], np.full(count, run / 10))
        np.testing.assert_array_equal(rows["gradient_norm"][1:], np.sqrt(costs[:count, run] + 20))
        assert rows["fun"][0] == 9
        assert histories.last_of(run).iteration[0] == count
        assert histories.best_of(run).fun[0] == costs[:count, run].min()


def test_beyond_the_memory_rows_are_thinned_evenly():
    """Every second, fourth, … row is kept, and the ends and the best always."""
    histories, costs = filled(memory=3000)
    assert histories.stride > 1
    for run, count in ((0, 100), (1, 30)):
        iteration = rows_of(histories, run)["iteration"]
        assert {0, count, int(histories.best_of(run).iteration[0])} <= set(iteration.tolist())
        inner = iteration[iteration % histories.stride == 0]
        np.testing.assert_array_equal(inner, np.arange(0, count + 1, histories.stride))
        np.testing.assert_array_equal(rows_of(histories, run)["fun"][1:], costs[iteration[1:] - 1, run])


def test_the_best_is_the_first_lowest_number():
    """Costs that are no number, and costs after the stop, are nobody's best; of equal ones the first is."""
    histories = Histories(np.zeros((3, 1)), np.array([5.0, 5.0, np.nan]), np.ones(3))
    costs = np.array([[3.0, 4.0, np.nan], [1.0, 3.0, np.nan], [1.0, np.nan, np.nan], [0.0, 9.0, np.nan]])
    rows = np.stack([costs] * 4, axis=1)
    histories.add(np.arange(3), 1, rows, np.zeros((4, 3)), np.zeros(4), np.array([3, 3, 1]))
    assert [int(histories.best_of(run).iteration[0]) for run in range(3)] == [2, 2, 0]
    assert [int(histories.last_of(run).iteration[0]) for run in range(3)] == [3, 3, 1]
