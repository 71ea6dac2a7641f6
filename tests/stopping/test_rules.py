"""Stopping rules stop at the first row where they hold, however the rows come in blocks."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fallline as fl
from fallline.errors import InputError, InputTypeError
from fallline.stopping import (
    CostBelow,
    CostChangeBelow,
    GradientBelow,
    MaxIterations,
    NoImprovement,
    StepBelow,
    TimeLimit,
)
from fallline.stopping.base import reason_of
from fallline.stopping.guards import Guards
from fallline.stopping.stalled import Stalled
from fallline.trace import Rows, StopReason


def rows_of(costs):
    costs = np.asarray(costs, dtype=float)
    k = np.arange(len(costs))
    steps = np.abs(np.diff(costs, prepend=np.nan))
    return Rows(k, costs[:, None], costs, costs, costs, steps, k.astype(float))


def first_stop(rule, rows, cuts):
    """The row at which a rule stops when the rows come cut into blocks."""
    state = rule.init()
    edges = sorted({1, *(c for c in cuts if 1 < c < len(rows)), len(rows)})
    for start, end in pairwise(edges):
        codes, state = rule.judge(rows.take(slice(start, end)), rows.take(slice(start - 1, start)), state)
        hits = np.flatnonzero(codes)
        if hits.size:
            return start + int(hits[0]), reason_of(int(codes[hits[0]]))
    return None, None


RULES = [
    StepBelow(0.3),
    GradientBelow(0.5),
    CostChangeBelow(0.3),
    CostBelow(0.2),
    MaxIterations(7),
    NoImprovement(3),
    TimeLimit(9.0),
    StepBelow(0.3) | CostBelow(0.2),
    StepBelow(0.5) & CostBelow(0.6),
    NoImprovement(2) & (MaxIterations(4) | CostBelow(0.1)),
    Guards(),
    Stalled(),
]


@given(
    st.lists(st.floats(0, 1), min_size=3, max_size=20), st.lists(st.integers(1, 19), max_size=4), st.sampled_from(RULES)
)
def test_blocks_change_nothing(costs, cuts, rule):
    """A rule stops at the same row for the same reason, wherever the rows are cut."""
    rows = rows_of(costs)
    assert first_stop(rule, rows, cuts) == first_stop(rule, rows, range(len(costs)))


@pytest.mark.parametrize(
    ("rule", "costs", "stop", "reason"),
    [
        (CostBelow(0.2), [1, 0.5, 0.1, 0.05], 2, "target-reached"),
        (CostChangeBelow(0.2), [1, 0.5, 0.4, 0.1], 2, "small-cost-change"),
        (NoImprovement(2), [1, 0.5, 0.6, 0.5, 0.4], 3, "no-progress"),
        (NoImprovement(2), [1, np.nan, np.nan, 0.1], 2, "no-progress"),
        (StepBelow(0.2) | MaxIterations(1), [1, 0.5, 0.4], 1, "max-iterations"),
        (StepBelow(0.2) & MaxIterations(2), [1, 0.9, 0.8, 0.7], 2, "small-steps"),
        (Guards(), [1, 2, np.nan], 2, "not-finite"),
        (Guards(), [1, 1e19, 1e21], 2, "diverged"),
        (Guards(), [1, -1e19, -1e21], 2, "unbounded"),
        (Guards(), [0, 1e19, -np.inf], 2, "unbounded"),
        (Stalled(), [1, 0.5, 0.5, 0.5, 0.5], 3, "no-progress"),
    ],
)
def test_a_rule_stops_where_it_should(rule, costs, stop, reason):
    """Each rule stops at its own row, for its own reason."""
    assert first_stop(rule, rows_of(costs), []) == (stop, StopReason(reason))


def test_a_pause_of_the_schedule_is_no_standstill():
    """A schedule that has come to a rate of zero, or rests there, does not stop the run."""
    schedule = fl.schedules.PolynomialDecay(0.1, 5, 0.0, 1.0)
    result = fl.minimize(lambda t: t**2, 3.0, learning_rate=schedule, max_iterations=20)
    assert result.nit == 20 and result.reason == "max-iterations" and not result.success


def test_the_largest_change_counts_not_the_length():
    """StepBelow looks at the largest change of any parameter, not at the length of the step."""
    result = fl.minimize(lambda t: np.sum(t**2) / 2, np.ones(100), learning_rate=0.5, stopping=StepBelow(0.2))
    assert result.nit == 3 and result.trace.step_norm[-1] == pytest.approx(1.25)


@pytest.mark.parametrize("make", [StepBelow, GradientBelow, CostChangeBelow, MaxIterations, NoImprovement, TimeLimit])
@pytest.mark.parametrize("bad", [0, -1, float("nan"), "soon"])
def test_rules_that_could_never_hold_are_refused(make, bad):
    """A threshold that is not a positive number is refused."""
    with pytest.raises(InputError, match=r"above 0|at least 1"):
        make(bad)


def test_only_rules_combine():
    """Combining a rule with something else is refused with an example."""
    with pytest.raises(InputTypeError, match="combination of rules"):
        StepBelow(1.0) | 3
