"""The squared penalty."""

import numpy as np

from fallline.penalties import Ridge


def test_the_gradient_is_the_values():
    """The penalty's gradient is that of its value, weight by weight."""
    penalty, w = Ridge(np.array([0.5, 2.0, 0.0])), np.array([1.0, -3.0, 7.0])
    steps = 1e-6 * np.eye(3)
    slopes = [(penalty.value(w + step) - penalty.value(w - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(penalty.gradient(w), slopes, atol=1e-8)
    assert penalty.value(w) == 0.5 * (0.5 * 1 + 2.0 * 9)
