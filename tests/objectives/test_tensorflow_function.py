"""TensorFlow functions and Keras models: their own gradient, graphs traced once, no variable touched."""

import jax
import keras
import numpy as np
import pytest
import tensorflow as tf

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.errors import InputError, InputTypeError
from fallline.objectives.tensorflow_function import TensorFlowFunction

START = tf.constant([-1.2, 1.0], tf.float64)


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


def objective_of(function, x0, **settings):
    x, layout, _ = flatten(x0)
    return x, TensorFlowFunction(function, layout, (), **settings)


def test_a_variable_gives_a_new_variable():
    """The answer is a variable like the start, which is left alone; slopes and records are tensors."""
    x0 = tf.Variable([[2.0, -1.0]])
    seen = []
    result = fl.minimize(lambda t: tf.reduce_sum((t - 0.5) ** 2), x0, learning_rate=0.25, callback=seen.append)
    assert isinstance(result.x, tf.Variable) and result.x is not x0 and result.x.dtype == tf.float32
    for tensor in (result.jac, seen[0].x, result.trace[1].x):
        assert isinstance(tensor, tf.Tensor) and tensor.dtype == tf.float32 and tensor.shape == (1, 2)
    np.testing.assert_allclose(result.x.numpy(), [[0.5, 0.5]], atol=1e-4)
    np.testing.assert_array_equal(x0.numpy(), [[2, -1]])
    assert result.success and result.gradient_source == "tensorflow" and "x              [0.5" in str(result)


def test_a_tensor_gives_a_tensor():
    """Each tensor of a tree keeps its type; whole numbers become float64."""
    start = {"a": tf.constant([1.0]), "b": [tf.constant([3], tf.int32)]}
    result = fl.minimize(lambda p: tf.reduce_sum(p["a"] ** 2) + tf.cast(p["b"][0][0] ** 2, tf.float32), start)
    assert isinstance(result.x["a"], tf.Tensor) and result.x["a"].dtype == tf.float32
    assert result.x["b"][0].dtype == tf.float64 and [f.code for f in result.diagnosis] == ["integer-start"]


@pytest.mark.parametrize("method", [fl.methods.Adam(learning_rate=0.1), fl.methods.LBFGS(), fl.methods.Prodigy()])
def test_the_steps_are_those_of_the_numpy_function(method):
    """fallline's own methods take the same steps in TensorFlow as compiled."""
    ours = fl.minimize(rosenbrock, START.numpy(), method=method, max_iterations=15)
    theirs = fl.minimize(rosenbrock, START, method=method, max_iterations=15)
    np.testing.assert_allclose(theirs.trace.x, ours.trace.x, rtol=0, atol=1e-9)


@pytest.mark.parametrize("in_graph", [True, False])
def test_value_gradient_and_curvature_are_exact(in_graph):
    """They come from tapes, over a tree too, through a lookup of rows and with a parameter that is not used."""

    def cost(p):
        return tf.reduce_sum(tf.gather(p["a"], [0, 1]) ** 3) * p["b"]

    start = {name: tf.constant(value, tf.float64) for name, value in {"a": [1, 2, 3], "b": 4, "unused": 5}.items()}
    x, objective = objective_of(cost, start, in_graph=in_graph)
    value, gradient = objective.value_and_gradient(x)
    assert value == objective.value(x) == 36
    np.testing.assert_allclose(gradient, [12, 48, 0, 9, 0])
    expected = [[24, 0, 0, 3, 0], [0, 48, 0, 12, 0], [0, 0, 0, 0, 0], [3, 12, 0, 0, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_allclose(objective.hessian_products(x, np.eye(5)), expected, atol=1e-12)
    assert objective.counts.curvature == 5


def test_what_can_be_differentiated_once_only_has_measured_curvature():
    """Where the tape does not lead back twice, differences of the gradient stand in."""

    @tf.custom_gradient
    def cube(t):
        slope = 3 * t.numpy() ** 2
        return t**3, lambda up: up * tf.constant(slope)

    x, objective = objective_of(lambda t: tf.reduce_sum(cube(t)), tf.constant([2.0], tf.float64), in_graph=False)
    np.testing.assert_allclose(objective.hessian_products(x, np.eye(1)), [[12.0]], rtol=1e-8)


def test_the_function_is_traced_once_for_each_size_of_batch():
    """Mini-batches share graphs: the function's own text runs a few times, not at every update."""
    calls = []
    X = np.random.default_rng(0).standard_normal((103, 3)).astype(np.float32)

    def cost(w, X, y):
        calls.append(tuple(X.shape))
        return tf.reduce_mean((tf.linalg.matvec(X, w) - y) ** 2)

    settings = {"data": (X, X @ [1, -2, 3]), "batch_size": 20, "epochs": 30, "method": "adam", "learning_rate": 0.1}
    result = fl.minimize(cost, tf.Variable(tf.zeros(3)), **settings)
    assert result.nit == 180 and len(calls) < 20 and {(103, 3), (20, 3), (3, 3)} <= set(calls)
    np.testing.assert_allclose(result.x.numpy(), [1, -2, 3], atol=0.05)
    numpy = fl.minimize(lambda w, X, y: np.mean((X @ w - y) ** 2), np.zeros(3, np.float32), **settings)
    np.testing.assert_allclose(result.trace.x, numpy.trace.x, atol=1e-4)


def test_a_function_that_looks_at_values_is_still_exact():
    """A Python if costs the graph, not the gradient, and is told."""
    result = fl.minimize(lambda t: rosenbrock(t) if t[0] < 5 else 0 * t[0], START)
    (finding,) = result.diagnosis
    assert result.gradient_source == "tensorflow" and result.success
    assert finding.code == "lower-gradient-rung" and "could not make a graph" in finding.message
    assert len(finding.message) < 250 and "tf.cond" in finding.remedy


@pytest.mark.parametrize("lossy", [lambda t: float(rosenbrock(t)), lambda t: rosenbrock(t.numpy())])
def test_a_gradient_that_got_lost_is_noticed(lossy):
    """A function that leaves TensorFlow on the way is differentiated by differences, and the finding says so."""
    result = fl.minimize(lossy, START)
    (finding,) = result.diagnosis
    assert result.gradient_source == "finite-differences" and result.success
    assert "gradient tape could not follow" in finding.message and ".numpy()" in finding.remedy


def test_random_functions_are_called_anew():
    """Noise from NumPy is not frozen into a graph."""
    rng = np.random.default_rng(0)
    noisy = fl.minimize(
        lambda t: tf.reduce_sum(t**2) * (1 + 0.1 * rng.random()), START, learning_rate=0.1, max_iterations=30
    )
    assert noisy.gradient_source == "tensorflow" and len(np.unique(np.diff(np.log(noisy.trace.fun)))) > 20


@pytest.mark.parametrize(
    ("x0", "match"),
    [
        (tf.ones(2, tf.float16), "float64 or float32"),
        (tf.ones(2, tf.complex64), "real numbers"),
        ([tf.ones(2), np.ones(2)], "tensorflow tensors only"),
        ([tf.ones(2), jax.numpy.ones(2)], "jax tensors only"),
        (tf.ragged.constant([[1.0], [1.0, 2.0]]), "must be a number"),
    ],
)
def test_starts_that_cannot_be_used_are_refused(x0, match):
    """Types that NumPy does not know and mixtures are refused in one sentence."""
    with pytest.raises(InputTypeError, match=match):
        flatten(x0)


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(4, activation="tanh"), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((2,)), *layers])


def test_the_variables_of_a_keras_model_go_in_and_come_out(model):
    """The trainable variables are a start, and the answer is assigned to them."""
    X = np.random.default_rng(0).standard_normal((40, 2))
    y = X[:, :1] * 2 - 1
    before = [variable.numpy() for variable in model.trainable_variables]

    def cost(values, X, y):
        predicted, _ = model.stateless_call(values, model.non_trainable_variables, X)
        return keras.ops.mean((predicted - y) ** 2)

    result = fl.minimize(cost, model.trainable_variables, data=(X, y), max_iterations=60)
    assert result.gradient_source == "tensorflow" and result.fun < 0.01 * result.trace.fun[0]
    assert all(isinstance(part, keras.Variable) for part in result.x)
    for variable, old in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)
    for variable, value in zip(model.trainable_variables, result.x, strict=True):
        variable.assign(value)
    assert np.mean((model(X).numpy() - y) ** 2) == pytest.approx(result.fun, rel=1e-3)


def test_a_function_that_reads_the_variables_themselves_is_refused(model):
    """A cost that ignores the values it is given would never change; the sentence says what to write."""
    x = tf.Variable([2.0, 1.0])
    with pytest.raises(InputError, match=r"fun must compute with the values.*tf\.reduce_sum"):
        fl.minimize(lambda _: tf.reduce_sum(x**2), x)
    with pytest.raises(InputError, match=r"stateless_call"):
        fl.minimize(lambda _, X: tf.reduce_mean(model(X) ** 2), model.trainable_variables, data=(np.ones((3, 2)),))
