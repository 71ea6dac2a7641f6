"""Noise in a function's values: measured, told, and evened out by longer differences."""

import numpy as np
import pytest

import fallline as fl
from fallline.diagnosis.value_noise import noise_of_values

WEIGHTS = np.arange(1.0, 4.0)


def bowl(x):
    return np.sum(WEIGHTS * (x - 1) ** 2)


def rounded(x):
    return np.round(bowl(x), 4)


def single(x):
    return float(np.sum(WEIGHTS.astype(np.float32) * (x.astype(np.float32) - np.float32(1)) ** 2) + np.float32(5))


def scrambled(x):
    return float(bowl(x)) + 1e-5 * (np.frombuffer(x.tobytes(), np.uint64).sum() % 1009 / 1009)


@pytest.mark.parametrize(("function", "size"), [(rounded, 2.9e-5), (single, 4e-7), (scrambled, 2.9e-6)])
def test_noise_is_measured(function, size):
    """To a factor of four, wherever it is asked."""
    for x in (np.zeros(3), np.array([0.3, 2.0, -1.0])):
        assert size / 4 < noise_of_values(function, x) < 4 * size


@pytest.mark.parametrize(
    "function",
    [
        bowl,
        lambda x: np.sum(np.abs(x)),
        lambda x: np.exp(5 * x[0]) + np.cos(3 * x[1]),
        lambda x: np.max(x),
        lambda x: 7.0,
    ],
)
@pytest.mark.parametrize("x", [np.zeros(3), np.ones(3), np.array([1e3, -2e-5, 0.7])], ids=str)
def test_what_is_exact_has_no_noise(function, x):
    """Neither curvature nor corners nor rounding are taken for noise."""
    with np.errstate(all="ignore"):
        assert noise_of_values(function, x) == 0.0


@pytest.mark.parametrize(("function", "near"), [(rounded, 0.01), (single, 1e-3), (scrambled, 2e-3)])
def test_noisy_functions_are_minimised_and_told(function, near):
    """A run left to itself comes as near as the noise lets it, and claims no more."""
    result = fl.minimize(function, np.zeros(3))
    np.testing.assert_allclose(result.x, 1.0, atol=near)
    assert "noise-floor" in [f.code for f in result.diagnosis] and not result.success
    assert [f.code for f in result.diagnosis if f.severity == "error"] == []
    assert result.gradient_source == "finite-differences"
