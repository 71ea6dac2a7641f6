"""A cost that adds up over its rows is told from one that averages, whatever is added to it."""

import numpy as np
import pytest

from fallline.diagnosis.cost_not_mean import ENOUGH, cost_not_mean

TERMS = np.random.default_rng(0).exponential(size=10_000)

COSTS = {
    "sum": (lambda part: TERMS[part].sum(), True),
    "sum and a penalty": (lambda part: TERMS[part].sum() + 147.0, True),
    "a fixed divisor": (lambda part: TERMS[part].sum() / 10_000, True),
    "mean": (lambda part: TERMS[part].mean(), False),
    "mean and a penalty": (lambda part: TERMS[part].mean() + 147.0, False),
    "root of a mean": (lambda part: np.sqrt(TERMS[part].mean()), False),
    "largest": (lambda part: TERMS[part].max(), False),
    "nothing": (lambda part: 0.0, False),
    "no number": (lambda part: np.nan, False),
}


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("rows", [3, 100, 10_000])
def test_sums_are_told_from_means(name, rows):
    """Sums are found by their parts; means, roots, maxima and costs without a value are left in peace."""
    cost, is_sum = COSTS[name]
    finding = cost_not_mean(cost, rows, batched=True)
    assert (finding is not None) == is_sum, finding
    if finding is not None:
        assert finding.code == "cost-not-mean" and finding.values["rows"] == min(rows, ENOUGH)


def test_on_all_rows_it_is_no_alarm():
    """Without batches the answer is the same: it is information only."""
    assert cost_not_mean(COSTS["sum"][0], 100, batched=False).severity == "info"
    assert cost_not_mean(COSTS["sum"][0], 100, batched=True).severity == "warning"


def test_too_few_rows_tell_nothing():
    """Two rows cannot be told apart by thirds."""
    assert cost_not_mean(COSTS["sum"][0], 2, batched=True) is None
