"""Functions of every library climb down the same ladder."""

import subprocess
import sys

import numpy as np
import pytest

import fallline as fl

BACKENDS = """
import keras, numpy as np, fallline as fl
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(1)])
X = np.random.default_rng(0).standard_normal((30, 2))

def cost(values, X, y):
    predicted, _ = model.stateless_call(values, model.non_trainable_variables, X)
    return keras.ops.mean((predicted - y) ** 2)

result = fl.minimize(cost, model.trainable_variables, data=(X, X[:, :1]), max_iterations=40)
for variable, value in zip(model.trainable_variables, result.x):
    variable.assign(value)
print(result.gradient_source, result.fun < 0.01 * result.trace.fun[0], type(result.x[0]) is keras.Variable)
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_keras_models_run_on_every_backend(backend, monkeypatch):
    """The same program serves a Keras model on JAX and on torch, and the gradient is theirs."""
    monkeypatch.setenv("KERAS_BACKEND", backend)
    done = subprocess.run([sys.executable, "-c", BACKENDS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [backend, "True", "True"]


def test_a_library_is_not_loaded_for_those_who_have_not():
    """A run on arrays imports neither torch nor TensorFlow nor Keras."""
    code = "import sys, fallline as fl; fl.minimize(lambda t: t**2, 3.0); print(set('keras tensorflow torch'.split()) "
    code += "& {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_mistakes_in_the_function_are_the_users_own():
    """An error that the function raises at the start reaches the user as it is."""
    import jax.numpy as jnp

    with pytest.raises(NameError, match="missing"):
        fl.minimize(lambda t: jnp.sum(t) + missing, jnp.ones(2))  # noqa: F821
    with pytest.raises(TypeError, match=r"one number.*shape \(2,\)"):
        fl.minimize(lambda t: t**2, jnp.ones(2))
    with pytest.raises(TypeError, match="got None"):
        fl.minimize(lambda t: None, jnp.ones(2))


def test_a_jax_function_of_a_numpy_start_is_told_what_to_start_from():
    """The start picks the library; the finding says so where the function is of another."""
    import jax.numpy as jnp

    result = fl.minimize(lambda t: jnp.sum((t - 1) ** 2), np.array([3.0, 5.0]), max_iterations=5)
    finding = next(finding for finding in result.diagnosis if finding.code == "lower-gradient-rung")
    assert "jax.numpy.array" in finding.remedy
