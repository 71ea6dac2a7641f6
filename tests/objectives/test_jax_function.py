"""JAX functions: differentiated by JAX, compiled as NumPy's are, in the precision of the start, no setting touched."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.objectives.jax_function import EagerJaxFunction, trace_jax_program


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


def double(numbers):
    with jax.enable_x64(True):
        return jnp.array(numbers, dtype=jnp.float64)


def test_a_jax_start_runs_the_jax_function():
    """The answer, its slope and the records are JAX arrays of the start's type, and nothing was switched on."""
    seen, types = [], set()

    def cost(t):
        types.add(jnp.arange(2.0).dtype)
        return jnp.sum((t - jnp.arange(2.0)) ** 2)

    result = fl.minimize(cost, jnp.array([[2.0, -1.0]]), learning_rate=0.25, callback=seen.append)
    for array in (result.x, result.jac, seen[0].x, result.trace[1].x):
        assert isinstance(array, jax.Array) and array.dtype == jnp.float32 and array.shape == (1, 2)
    np.testing.assert_allclose(result.x, [[0, 1]], atol=1e-4)
    assert result.success and result.gradient_source == "jax" and result.diagnosis == []
    assert types == {np.dtype("float32")} and not jax.config.jax_enable_x64
    assert "x              [" in str(result)


@pytest.mark.parametrize("method", [fl.methods.Adam(learning_rate=0.1), fl.methods.LBFGS(), fl.methods.Prodigy()])
def test_the_steps_are_those_of_the_numpy_function(method):
    """A float64 start is descended in float64, compiled, with the steps of the NumPy function."""
    ours = fl.minimize(rosenbrock, np.array([-1.2, 1.0]), method=method, max_iterations=15)
    theirs = fl.minimize(rosenbrock, double([-1.2, 1.0]), method=method, max_iterations=15)
    np.testing.assert_allclose(theirs.trace.x, ours.trace.x, rtol=0, atol=1e-12)
    assert theirs.x.dtype == jnp.float64 and theirs.gradient_source == "jax"


def test_whole_numbers_become_float64():
    """An integer start is told, and descends in float64."""
    result = fl.minimize(lambda t: jnp.sum((t - 0.1) ** 2), jnp.array([5, 15]))
    assert result.x.dtype == np.float64 and [finding.code for finding in result.diagnosis] == ["integer-start"]
    np.testing.assert_allclose(result.x, [0.1, 0.1], rtol=0, atol=1e-12)


def test_a_plain_number_beside_jax_arrays_takes_their_type():
    """A tree may have numbers in it, as JAX's own may; they come back as numbers."""
    start = {"w": jnp.zeros((2, 2)), "b": 1.0}
    result = fl.minimize(lambda p: jnp.sum((p["w"] - 3) ** 2) + p["b"] ** 2, start)
    assert result.x["w"].dtype == jnp.float32 and isinstance(result.x["b"], float)
    np.testing.assert_allclose(result.x["w"], np.full((2, 2), 3), atol=1e-4)


def test_each_array_keeps_its_own_type():
    """A float32 array beside a float64 one is float32 for the function, and in the answer."""
    seen = set()

    def cost(p):
        seen.add((p["a"].dtype.name, p["b"].dtype.name))
        return jnp.sum(p["a"] ** 2) + jnp.sum((p["b"] - 1) ** 2)

    result = fl.minimize(cost, {"a": jnp.ones(1), "b": double([3.0])})
    assert seen == {("float32", "float64")} and result.x["a"].dtype == jnp.float32 and result.x["b"].dtype == np.float64


def test_a_function_that_looks_at_values_is_still_exact():
    """A Python if costs the compilation, not the gradient, and is told."""

    def cost(t):
        return jnp.sum(t**2) if t[0] > 1 else jnp.sum(t**2) + (t[0] - 1) ** 2

    result = fl.minimize(cost, double([3.0, 1.0]))
    np.testing.assert_allclose(result.x, [0.5, 0], atol=1e-7)
    (finding,) = result.diagnosis
    assert result.gradient_source == "jax" and result.success
    assert finding.code == "lower-gradient-rung" and "JAX could not compile" in finding.message
    assert "jax.lax.cond" in finding.remedy and ".." not in finding.message


def test_a_function_that_leaves_jax_is_measured():
    """float() loses the gradient: differences take its place, and are told."""
    result = fl.minimize(lambda t: float(t[0]) ** 2 + jnp.sum(t**2), double([3.0, 1.0]))
    (finding,) = result.diagnosis
    assert result.gradient_source == "finite-differences" and result.success
    assert "JAX could not follow" in finding.message and "no float()" in finding.remedy


@pytest.mark.parametrize("jitted", [False, True])
def test_what_a_function_captured_is_an_argument_of_the_program(jitted):
    """Arrays are not folded into the program, also not those of a jitted function, so that programs are shared."""

    def program(X):
        def inner(t):
            return jnp.mean(jax.nn.relu(X @ t))

        called = jax.jit(inner) if jitted else inner
        return trace_jax_program(lambda t: called(t) + jnp.sum(t**2), flatten(jnp.zeros(3))[1], ())

    one, other = (program(jnp.full((50, 3), float(number))) for number in (1, 2))
    assert [constant.shape for constant in one.constants] == [(50, 3)]
    assert one.key == other.key and float(one.value(jnp.ones(3), one.constants)) == 6
    assert float(other.value(jnp.ones(3), other.constants)) == 9


def test_a_users_own_derivative_is_used_and_told_apart():
    """Functions that differ in their custom derivative alone are different programs."""

    def program(factor):
        @jax.custom_jvp
        def square(t):
            return jnp.sum(t**2)

        square.defjvp(lambda points, directions: (square(*points), factor * jnp.vdot(points[0], directions[0])))
        return trace_jax_program(square, flatten(jnp.ones(2))[1], ())

    assert program(2.0).key == program(2.0).key != program(3.0).key
    value = program(3.0).value
    np.testing.assert_allclose(jax.grad(value)(jnp.ones(2), program(3.0).constants), [3, 3])


def test_curvature_is_exact_step_by_step():
    """Hessian-vector products come from going through JAX twice."""
    x, layout, _ = flatten({"a": double([1.0, 2.0]), "b": double(3.0)})
    objective = EagerJaxFunction(lambda p: p["a"][0] ** 2 * p["b"] + p["a"][1] ** 3, layout, ())
    np.testing.assert_allclose(objective.hessian_products(x, np.eye(3)), [[6, 0, 2], [0, 12, 0], [2, 0, 0]], atol=1e-12)
    assert objective.counts.curvature == 3


def loss(w, X, y):
    return jnp.mean((X @ w["w"] + w["b"] - y) ** 2)


@pytest.fixture(scope="module")
def table():
    X = np.random.default_rng(0).standard_normal((103, 3))
    return X, X @ [1.0, -2.0, 0.5] + 3


def test_mini_batches_are_compiled_as_numpys_are(table):
    """The updates on batches are those of the same function in NumPy, the short last batch included."""
    start = {"w": np.zeros(3), "b": 0.0}
    settings = {"data": table, "batch_size": 20, "epochs": 3, "method": "adam", "seed": 2}
    ours = fl.minimize(lambda w, X, y: np.mean((X @ w["w"] + w["b"] - y) ** 2), start, **settings)
    theirs = fl.minimize(loss, {"w": double(np.zeros(3)), "b": 0.0}, **settings)
    assert theirs.gradient_source == "jax" and theirs.nit == ours.nit == 18
    np.testing.assert_allclose(theirs.trace.flat_x, ours.trace.flat_x, rtol=0, atol=1e-12)
    np.testing.assert_allclose(theirs.epoch_costs, ours.epoch_costs, rtol=1e-12)


def test_rows_reach_the_function_in_the_type_of_the_start(table):
    """float64 rows beside float32 parameters are float32, compiled or not, and JAX rows are taken as they are."""
    seen = set()

    def cost(w, X, y):
        seen.add((isinstance(X, jax.Array), X.dtype.name))
        return loss(w, X, y) if jnp.sum(w["w"]) > -1e9 else 0.0

    start = {"w": jnp.zeros(3), "b": 0.0}
    stepwise = fl.minimize(cost, start, data=table, batch_size=50, epochs=2, method="adam")
    compiled = fl.minimize(loss, start, data=tuple(map(jnp.asarray, table)), batch_size=50, epochs=2, method="adam")
    assert seen == {(True, "float32")}
    assert [finding.code for finding in stepwise.diagnosis if finding.severity == "info"] == ["lower-gradient-rung"]
    np.testing.assert_allclose(stepwise.trace.flat_x, compiled.trace.flat_x, atol=1e-5)


def test_random_functions_are_called_anew():
    """Noise drawn at each call is not frozen into a program."""
    rng = np.random.default_rng(0)
    result = fl.minimize(
        lambda t: jnp.sum(t**2) * (1 + 0.1 * rng.random()), double([3.0, 1.0]), learning_rate=0.1, max_iterations=30
    )
    assert result.gradient_source == "jax" and len(np.unique(np.diff(np.log(result.trace.fun)))) > 20
