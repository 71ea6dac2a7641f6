"""Gradients given by the user are used as they are."""

import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError, InputTypeError


def bowl(t):
    return np.sum((t - 1) ** 2)


def bowl_gradient(t):
    return 2 * (t - 1)


def test_a_given_gradient_makes_the_textbooks_steps():
    """The steps are x − rate·gradient(x), each evaluated once."""
    calls = []

    def gradient(t):
        calls.append(t.copy())
        return bowl_gradient(t)

    settings = {"learning_rate": 0.25, "max_iterations": 3, "check_gradient": False}
    result = fl.minimize(bowl, np.zeros(2), gradient=gradient, **settings)
    np.testing.assert_allclose(result.trace.x, 1 - 0.5 ** np.arange(4)[:, None] * np.ones(2), rtol=1e-15)
    assert result.gradient_source == "user" and (result.nfev, result.njev) == (4, 4)


def test_value_and_gradient_together():
    """gradient=True takes a function that returns both."""
    result = fl.minimize(lambda t: (bowl(t), bowl_gradient(t)), np.zeros(2), gradient=True)
    assert result.success
    with pytest.raises(InputTypeError, match=r"\(value, gradient\)"):
        fl.minimize(bowl, np.zeros(2), gradient=True)


def test_a_tree_of_parameters_has_a_tree_of_gradients():
    """The gradient comes in the structure of the parameters."""
    result = fl.minimize(
        lambda p: p["a"] ** 2 + np.sum(p["b"] ** 2), {"a": 1.0, "b": np.ones(2)},
        gradient=lambda p: {"a": 2 * p["a"], "b": 2 * p["b"]}, learning_rate=0.25,
    )  # fmt: skip
    assert result.success and isinstance(result.x["a"], float)


def test_a_gradient_of_the_wrong_size_is_refused():
    """A gradient that does not fit the parameters is refused with both sizes."""
    with pytest.raises(InputError, match="got 3 for 2"):
        fl.minimize(bowl, np.zeros(2), gradient=lambda t: np.zeros(3))


def test_a_gradient_that_reuses_its_array_does_no_harm():
    """An array written anew at every call does not corrupt the trace."""
    buffer = np.empty(2)

    def gradient(t):
        buffer[:] = bowl_gradient(t)
        return buffer

    one = fl.minimize(bowl, np.zeros(2), gradient=gradient, learning_rate=0.1, max_iterations=20)
    other = fl.minimize(bowl, np.zeros(2), gradient=bowl_gradient, learning_rate=0.1, max_iterations=20)
    np.testing.assert_array_equal(one.trace.x, other.trace.x)
