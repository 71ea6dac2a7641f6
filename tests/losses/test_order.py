"""Weighted quantiles."""

import numpy as np
import pytest

from fallline.losses.order import quantile_of


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_weight_is_a_repetition(share):
    """The quantile of weighted numbers is that of the numbers written so many times."""
    rng = np.random.default_rng(0)
    y, times = rng.normal(size=50), rng.integers(1, 5, 50)
    expected = np.quantile(np.repeat(y, times), share, method="inverted_cdf")
    assert quantile_of(y, times.astype(float), share) == expected
    assert quantile_of(np.repeat(y, times), None, share) == expected
