"""Functions compiled by Numba."""

import numba
import pytest

from fallline.data.kernels import compiled


def twice(x):
    return 2 * x


def test_a_compiled_function_is_the_function():
    """It gives what the plain one gives."""
    assert compiled(twice)(21) == 42


def test_without_a_place_for_machine_code_it_is_compiled_all_the_same(monkeypatch):
    """Where no folder can be written, nothing is kept, and the answer is the same."""
    plain, asked = numba.njit, []

    def njit(cache=False, **settings):
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return plain(**settings)

    monkeypatch.setattr(numba, "njit", njit)
    assert compiled(twice)(21) == 42
    assert asked == [True, False]


@pytest.mark.parametrize("x", [float("nan"), float("inf")])
def test_what_is_not_finite_keeps_its_meaning(x):
    """Sums are reordered for speed, but no number is taken to be finite."""
    assert str(compiled(twice)(x)) == str(x)
