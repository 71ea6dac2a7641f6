"""The starts of a comparison."""

import numpy as np
import pytest

from fallline.descent.starts import resolve_starts
from fallline.errors import InputError, InputTypeError


def test_drawn_starts_come_after_the_one_given_and_from_the_seed():
    """The first start is x0; the others lie about it, or within the ends given, the same for the same seed."""
    one = resolve_starts([1.0, 100.0], 50, None, 3, "x")
    again = resolve_starts([1.0, 100.0], 50, None, 3, "x")
    np.testing.assert_array_equal(one.flat, again.flat)
    np.testing.assert_array_equal(one.flat[0], [1.0, 100.0])
    assert one.flat[1:, 1].std() > 20 * one.flat[1:, 0].std()
    assert not np.array_equal(one.flat, resolve_starts([1.0, 100.0], 50, None, 4, "x").flat)
    within = resolve_starts({"a": 0.0, "b": np.zeros(2)}, 200, ({"a": 5, "b": -1}, {"a": 6, "b": [0, 1]}), 0, "x")
    low, high = within.flat[1:].min(axis=0), within.flat[1:].max(axis=0)
    np.testing.assert_allclose(low, [5, -1, -1], atol=0.05)
    np.testing.assert_allclose(high, [6, 0, 1], atol=0.05)
    assert set(within.given[7]) == {"a", "b"}


def test_listed_starts_follow_the_first():
    """A list adds its starts to x0, or is all there are; whole numbers are told of."""
    starts = resolve_starts(0.5, [1, 2.5], None, 0, "t")
    assert starts.flat.ravel().tolist() == [0.5, 1.0, 2.5]
    assert starts.whole == (False, True, False)
    assert resolve_starts(None, np.eye(2), None, 0, "t").flat.shape == (2, 2)
    assert resolve_starts(np.float32([1, 2]), 3, None, 0, "t").flat.dtype == np.float32


@pytest.mark.parametrize(
    ("x0", "starts", "within", "error", "says"),
    [
        (None, None, None, InputError, "x0 must be given"),
        ([0.0, 0.0], 0, None, InputError, "starts must be a number of at least 1"),
        ([0.0, 0.0], [1.0, 2.0], None, InputError, "starts must all be alike"),
        ([0.0, 0.0], "ten", None, InputTypeError, "starts must be how many"),
        ([0.0, 0.0], [[1.0, np.nan]], None, InputError, r"starts\[0\] must be finite"),
        ([0.0, 0.0], None, (-1, 1), InputError, "within must be given with the number of starts"),
        ([0.0, 0.0], 3, (1, -1), InputError, r"low ends below high ends, all finite; got 1 and -1 for x\[0\]"),
        ([0.0, 0.0], 3, 5, InputTypeError, "within must be a pair"),
    ],
)
def test_starts_that_cannot_be_used_are_refused(x0, starts, within, error, says):
    """One sentence says what was given and what to write."""
    with pytest.raises(error, match=says):
        resolve_starts(x0, starts, within, 0, "x")
