"""Columns that were not touched are caught up with as if each update had been made."""

import numpy as np
import pytest

from fallline.objectives.rows_lazy import caught_up


def one_by_one(v, g, l1, way):
    """Make each update as it comes."""
    for step in np.diff(way):
        v = v - step * g
        v = np.sign(v) * max(abs(v) - step * l1, 0.0)
    return v


@pytest.mark.parametrize("l1", [0.0, 0.3, 1.5])
def test_many_updates_at_once_are_the_same(l1):
    """Shifts and thresholds along a way of uneven steps end where they do one by one, through zero or held at it."""
    rng = np.random.default_rng(0)
    way = np.append(0.0, np.cumsum(rng.uniform(0.0, 0.3, 50)))
    values = [0.0, 0.4, -0.4, 3.0, -3.0, 20.0]
    for v in values:
        for g in [0.0, 0.2, -0.2, 0.9, -0.9, 2.0, -2.0]:
            for then in [0, 1, 7, 50]:
                found = caught_up(v, g, l1, way, 0, then)
                assert found == pytest.approx(one_by_one(v, g, l1, way[: then + 1]), rel=1e-12, abs=1e-12)


def test_what_is_held_at_zero_is_exactly_zero():
    """A column that the threshold holds at zero is no rounding away from it."""
    way = np.linspace(0.0, 10.0, 101)
    assert caught_up(0.5, 0.1, 0.2, way, 0, 100) == 0.0
    assert caught_up(-0.5, 0.1, 0.2, way, 0, 100) == 0.0
