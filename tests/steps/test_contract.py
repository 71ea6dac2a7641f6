"""Every step rule: the same steps compiled and step by step, pure, a value, and a minimum found without a rate."""

import dataclasses
import inspect
import pickle

import jax
import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputTypeError
from fallline.steps import (
    AdGDStep,
    Backtracking,
    BarzilaiBorweinStep,
    Evaluate,
    Point,
    Polyak,
    StepRule,
    StrongWolfe,
)

EXAMPLES = [
    AdGDStep(),
    Backtracking(),
    BarzilaiBorweinStep(),
    BarzilaiBorweinStep(kind="short", memory=1),
    Polyak(),
    StrongWolfe(),
]
each = pytest.mark.parametrize("rule", EXAMPLES, ids=repr)


def bowl(t):
    return (t[0] - 1) ** 2 + 10 * (t[1] + 0.5) ** 2 + 0.5 * (t[0] - 1) * (t[1] + 0.5)


def bowl_with_a_branch(t):
    return bowl(t) if t[0] < 1e9 else t[0]


def matrix(t):
    return np.sum(np.arange(1, 9) * (t - 1) ** 2)


def matrix_with_a_branch(t):
    return matrix(t) if t[0] < 1e9 else t[0]


def test_every_rule_is_run_through_this_contract():
    """A step rule that is added is checked here too."""
    found = [getattr(fl.steps, name) for name in fl.steps.__all__]
    rules = {cls for cls in found if issubclass(cls, StepRule) and not inspect.isabstract(cls)}
    assert {type(rule) for rule in EXAMPLES} == rules


@each
@pytest.mark.parametrize(
    ("one", "other", "x0"), [(bowl, bowl_with_a_branch, [3.0, 2.0]), (matrix, matrix_with_a_branch, np.zeros(8))]
)
def test_compiled_and_stepwise_take_the_same_steps(rule, one, other, x0):
    """The rates and the points agree to rounding, and so do the evaluations."""
    a, b = (fl.minimize(f, x0, method="gd", learning_rate=rule, max_iterations=12) for f in (one, other))
    assert (a.gradient_source, b.gradient_source) == ("compiled", "stepwise")
    # near the minimum rounding decides: the first steps are compared
    rows = slice(0, min(6, len(a.trace), len(b.trace)))
    np.testing.assert_allclose(a.trace.x[rows], b.trace.x[rows], rtol=0, atol=1e-12)
    np.testing.assert_allclose(a.trace.learning_rate[rows], b.trace.learning_rate[rows], rtol=1e-9)
    assert a.nfev == b.nfev or len(a.trace) != len(b.trace)


@each
def test_a_convex_bowl_is_solved_without_a_rate(rule):
    """Plain descent with a measured rate reaches the minimum and proves it."""
    result = fl.minimize(bowl, [3.0, 2.0], method="gd", learning_rate=rule)
    assert result.success
    np.testing.assert_allclose(result.x, [1.0, -0.5], atol=1e-4)


@each
def test_nothing_given_is_changed(rule):
    """take writes into nothing that it is given."""
    x = np.array([3.0, 2.0])
    state = rule.init(x)
    evaluate = Evaluate(bowl, lambda x: Point(x, bowl(x), jax.grad(bowl)(x).__array__().astype(float)))
    here = evaluate.point(x)
    for _ in range(3):
        for array in (*here, *jax.tree_util.tree_leaves(state)):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        rate, here, state, evaluations = rule.take(here, here.gradient, evaluate, state)
        assert rate >= 0 and evaluations >= 1


@each
def test_a_rule_is_a_value(rule):
    """Equal after pickling, usable as a key, and not to be changed."""
    assert pickle.loads(pickle.dumps(rule)) == rule and len({rule, rule}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        rule.memory = 3


@each
def test_float32_stays_float32(rule):
    """A rule does not change the parameters' type, in either engine."""
    for function in (bowl, bowl_with_a_branch):
        x0 = np.array([3.0, 2.0], np.float32)
        result = fl.minimize(function, x0, method="gd", learning_rate=rule, max_iterations=30)
        assert result.x.dtype == np.float32 and result.fun < 0.1 * result.trace.fun[0]


@pytest.mark.parametrize("rule", [Backtracking(), BarzilaiBorweinStep()], ids=repr)
def test_a_search_serves_other_methods_too(rule):
    """A searched rate scales any direction that goes down."""
    assert fl.minimize(bowl, [3.0, 2.0], method="lbfgs", learning_rate=rule).success


@each
def test_a_start_at_the_minimum_stays_there(rule):
    """Where the gradient is zero nothing moves and nothing becomes nan."""
    result = fl.minimize(bowl, [1.0, -0.5], method="gd", learning_rate=rule, tolerance=1e-8, max_iterations=3)
    np.testing.assert_array_equal(result.x, [1.0, -0.5])
    assert np.isfinite(result.trace.learning_rate[1:]).all()


def test_a_rule_that_is_not_made_is_refused():
    """A class instead of an instance is told how to be written."""
    with pytest.raises(InputTypeError, match=r"steps.Backtracking\(\)"):
        fl.minimize(bowl, [3.0, 2.0], learning_rate=Backtracking)
