"""Any optax transformation is a method, with exactly its iterates."""

import jax
import numpy as np
import optax
import pytest

import fallline as fl
from fallline.errors import InputError, InputTypeError

TREE = {"w": np.array([[1.0, -2.0], [0.5, 3.0]]), "b": np.array([0.1, -0.4])}


def bowl(t):
    return (t[0] - 1) ** 2 + 10 * (t[1] + 0.5) ** 2 + t[0] * t[1]


def branching_bowl(t):
    return bowl(t) if t[0] < 1e9 else t[0]


def of_tree(p):
    return (p["w"] ** 2 * np.array([[1, 2], [3, 4]])).sum() + ((p["b"] - p["w"].sum(0)) ** 2).sum()


def walked_by_optax(function, x0, transformation, count):
    """Return every iterate of optax's own loop, as a list of trees."""

    @jax.jit
    def step(x, state):
        value, slope = jax.value_and_grad(function)(x)
        updates, state = optax.with_extra_args_support(transformation).update(
            slope, state, x, value=value, grad=slope, value_fn=function
        )
        return optax.apply_updates(x, updates), state

    with jax.enable_x64(True):
        x = jax.tree_util.tree_map(jax.numpy.asarray, x0)
        state, iterates = transformation.init(x), [x]
        for _ in range(count):
            x, state = step(x, state)
            iterates.append(x)
    return iterates


@pytest.mark.parametrize("function", [bowl, branching_bowl], ids=["compiled", "stepwise"])
@pytest.mark.parametrize(
    "transformation",
    [
        optax.chain(optax.clip_by_global_norm(5.0), optax.adam(0.03, b1=0.8)),
        optax.sgd(optax.cosine_decay_schedule(0.04, 60), momentum=0.9, nesterov=True),
        optax.inject_hyperparams(optax.rmsprop)(learning_rate=0.02),
        optax.apply_if_finite(optax.adamw(0.05), 3),
        optax.polyak_sgd(0.1, f_min=-5.0),
    ],
    ids=["chain", "schedule", "injected", "wrapped", "value"],
)
def test_the_iterates_are_optaxs(function, transformation):
    """Whether the function is compiled or runs step by step, optax's own loop takes the same steps."""
    run = fl.minimize(function, [3.0, 2.0], method=transformation, max_iterations=20)
    theirs = np.array(walked_by_optax(bowl, np.array([3.0, 2.0]), transformation, 20))
    np.testing.assert_allclose(run.trace.flat_x, theirs, rtol=0, atol=1e-12)
    assert run.trace.flat_x.dtype == np.float64


@pytest.mark.parametrize(
    "transformation",
    [
        optax.lamb(0.05),
        optax.multi_transform({"fast": optax.sgd(0.05), "slow": optax.adam(0.01)}, {"w": "fast", "b": "slow"}),
        optax.contrib.muon(0.05),
    ],
    ids=["by array", "by name", "matrices"],
)
def test_a_transformation_sees_the_users_arrays(transformation):
    """Rules for one array of several, or for one of a certain name or shape, hold as they do in optax."""
    run = fl.minimize(of_tree, TREE, method=transformation, max_iterations=20)
    theirs = walked_by_optax(of_tree, TREE, transformation, 20)
    for name in TREE:
        np.testing.assert_allclose(run.trace.x[name], [tree[name] for tree in theirs], rtol=0, atol=1e-12)


def test_a_line_search_of_optax_follows_the_compiled_function():
    """A transformation that asks for the function itself gets it, and is refused where that is not compiled."""
    searching = optax.chain(optax.sgd(1.0), optax.scale_by_backtracking_linesearch(10))
    run = fl.minimize(bowl, [3.0, 2.0], method=searching, max_iterations=6)
    theirs = np.array(walked_by_optax(bowl, np.array([3.0, 2.0]), searching, 6))
    np.testing.assert_allclose(run.trace.flat_x, theirs, rtol=0, atol=1e-10)
    with pytest.raises(InputError, match="method must not evaluate the function"):
        fl.minimize(branching_bowl, [3.0, 2.0], method=searching, max_iterations=6)


def test_a_learning_rate_multiplies_the_updates():
    """What optax has no rate for takes one here; without one the updates are taken as they are."""
    plain = fl.minimize(bowl, [3.0, 2.0], method=optax.scale(-1.0), learning_rate=0.02, max_iterations=5).trace
    ours = fl.minimize(bowl, [3.0, 2.0], method="gd", learning_rate=0.02, max_iterations=5).trace
    np.testing.assert_allclose(plain.flat_x, ours.flat_x, rtol=0, atol=1e-14)
    with pytest.raises(InputTypeError, match="learning_rate must be a number or a schedule with OptaxMethod"):
        fl.minimize(bowl, [3.0, 2.0], method=optax.sgd(0.1), learning_rate=fl.steps.Backtracking())


def test_float32_stays_float32():
    """A float32 start is descended in float32."""
    run = fl.minimize(bowl, np.array([3.0, 2.0], np.float32), method=optax.adam(0.1), max_iterations=5)
    assert run.trace.flat_x.dtype == np.float32 and run.x.dtype == np.float32


def test_random_transformations_repeat_themselves():
    """Noise drawn by optax is the same in every run."""
    first, second = (
        fl.minimize(
            bowl, [3.0, 2.0], method=optax.noisy_sgd(0.01, key=jax.random.key(0)), max_iterations=5
        ).trace.flat_x
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(
        first, fl.minimize(bowl, [3.0, 2.0], method="gd", learning_rate=0.01, max_iterations=5).trace.flat_x
    )
