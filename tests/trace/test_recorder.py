"""The recorder keeps what it promises, within its memory."""

import numpy as np
import pytest

from fallline.trace import Recorder, Rows


def rows(start, count, fun=None):
    k = np.arange(start, start + count)
    values = 1.0 / (k + 1) if fun is None else fun(k)
    return Rows(k, k[:, None].astype(float), values, values, values, values, k.astype(float))


def joined(recorder):
    return Rows.join(recorder.blocks())


def test_all_steps_are_kept():
    """Every row of every block comes back in order."""
    recorder = Recorder(1)
    for start, count in [(0, 1), (1, 10), (11, 3)]:
        recorder.add(rows(start, count))
    np.testing.assert_array_equal(joined(recorder).iteration, np.arange(14))


def test_thinning_keeps_first_last_best_and_first_non_finite():
    """Beyond its capacity the recorder thins evenly, but never loses the four rows that matter."""

    def cost(k):
        return np.where(k == 1237, -5.0, np.where(k >= 4321, np.nan, 1.0 * k))

    recorder = Recorder(1, record="thin")
    recorder.add(rows(0, 1, cost))
    for start in range(1, 5000, 100):
        recorder.add(rows(start, 100, cost))
    kept = joined(recorder)
    assert len(kept) <= 1004 and np.all(np.diff(kept.iteration) > 0)
    assert {0, 1237, 4321, 5000} <= set(kept.iteration.tolist())
    gaps = np.diff(kept.iteration[kept.iteration % 8 == 0])
    assert set(gaps.tolist()) == {8}


def test_ends_only():
    """record="ends" keeps first, best and last."""
    recorder = Recorder(1, record="ends")
    recorder.add(rows(0, 1))
    recorder.add(rows(1, 50, lambda k: np.abs(k - 20.0)))
    np.testing.assert_array_equal(joined(recorder).iteration, [0, 20, 50])


def test_memory_is_bounded():
    """The kept rows never take more than 64 MB, however large the parameters."""
    recorder = Recorder(1_000_000)
    assert recorder.capacity * (8_000_000 + 48) < 64e6


@pytest.mark.parametrize("fun", [lambda k: np.full(len(k), np.nan), lambda k: np.full(len(k), np.inf)])
def test_a_run_that_was_never_finite(fun):
    """Costs that are never finite are kept like any other."""
    recorder = Recorder(1)
    recorder.add(rows(0, 3, fun))
    assert len(joined(recorder)) == 3 and recorder.broken is not None
