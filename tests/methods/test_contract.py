"""Every registered method: compiled ≡ eager, pure, picklable, dtype kept, parity with PyTorch's formulas."""

import dataclasses
import pickle

import jax
import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.descent.loop import descend
from fallline.descent.rates import resolve_rate
from fallline.errors import InputError, InputTypeError
from fallline.methods import CLASSES, find, known
from fallline.objectives.base import Objective
from fallline.objectives.ladder import differentiate

every = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)
SETTINGS = {
    "gradient-descent": [{}],
    "momentum": [{}, {"momentum": 0.5, "dampening": 0.3}],
    "nesterov": [{}, {"momentum": 0.5}],
    "adam": [{}, {"betas": (0.8, 0.95), "eps": 1e-3}],
    "lbfgs": [{}, {"memory": 2}],
}
configured = pytest.mark.parametrize(
    "method", [cls(**more) for cls in CLASSES for more in SETTINGS[cls.name]], ids=lambda m: repr(m).split("(")[0]
)


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


def bowl(t):
    return np.sum(np.arange(1, 4) * (t - 1) ** 2) + t[0] * t[1]


class Uncompiled(Objective):
    """The same function without its program, for the eager engine."""

    source = "compiled"

    def __init__(self, inner):
        super().__init__()
        self.inner, self.size, self.dtype = inner, inner.size, inner.dtype

    def value(self, x):
        return self.inner.value(x)

    def value_and_gradient(self, x):
        return self.inner.value_and_gradient(x)


def steps(function, x0, method, rate, count, *, compiled):
    x, layout, _ = flatten(x0)
    objective, _ = differentiate(function, x, layout, ())
    if not compiled:
        objective = Uncompiled(objective)
    run = descend(objective, x, method=method, rate=resolve_rate(rate, method), max_iterations=count)
    return run.trace


@configured
@pytest.mark.parametrize(("function", "x0"), [(rosenbrock, [-1.2, 1.0]), (bowl, [2.0, -1.0, 0.5])])
def test_compiled_and_eager_take_the_same_steps(method, function, x0):
    """The compiled loop and the NumPy loop agree to rounding, whatever the method."""
    rate = None if method.name == "lbfgs" else 1e-3
    one, other = (steps(function, x0, method, rate, 20, compiled=choice) for choice in (True, False))
    np.testing.assert_allclose(one.flat_x, other.flat_x, rtol=0, atol=1e-12)
    np.testing.assert_allclose(one.learning_rate, other.learning_rate, rtol=1e-9)


@every
def test_a_program_in_scalars_takes_the_steps_of_one_in_arrays(cls, monkeypatch):
    """Small problems run in scalars, and nobody can tell."""
    from fallline.arrays import scalars
    from fallline.descent import compiled

    inside = steps(bowl, [2.0, -1.0, 0.5], cls(), None, 15, compiled=True)
    monkeypatch.setattr(scalars, "MOST", 0)
    compiled._programs.cache_clear()
    outside = steps(bowl, [2.0, -1.0, 0.5], cls(), None, 15, compiled=True)
    compiled._programs.cache_clear()
    np.testing.assert_allclose(inside.flat_x, outside.flat_x, rtol=0, atol=1e-12)


@configured
def test_update_is_pure(method):
    """update writes into nothing it is given."""
    x, gradient = np.array([1.0, -2.0, 3.0]), np.array([0.5, 0.1, -0.2])
    state = method.init(x)
    for k in range(3):
        for array in (x, gradient, *jax.tree_util.tree_leaves(state)):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        direction, state = method.update(gradient, state, x)
        x, gradient = x - 0.1 * direction, gradient * (0.7 + k)


@configured
def test_float32_stays_float32(method):
    """Directions keep the type of the parameters."""
    x = np.array([1.0, -2.0], np.float32)
    state = method.init(x)
    for _ in range(3):
        direction, state = method.update(x * 2, state, x)
        assert direction.dtype == np.float32
        x = x - np.float32(0.1) * direction


@configured
def test_it_can_be_pickled_and_is_frozen(method):
    """A method is a value: equal after pickling, and not to be changed."""
    assert pickle.loads(pickle.dumps(method)) == method
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.learning_rate = 3


@every
def test_the_default_descends_a_convex_bowl(cls):
    """With nothing said every method lowers a convex cost."""
    result = fl.minimize(bowl, [2.0, -1.0, 0.5], method=cls(), max_iterations=100)
    assert result.fun < 0.9 * result.trace.fun[0]


@every
def test_it_is_found_by_each_of_its_names(cls):
    """Names and aliases lead to the class, in any case of letters."""
    for name in (cls.name, *cls.aliases):
        assert type(find(name)) is cls and type(find(name.upper())) is cls and known()[name] is cls


def reference(rule, x0, count):
    """The iterates of torch.optim's own formulas, written out."""
    x, state, path = np.array(x0), {}, [np.array(x0)]
    for t in range(1, count + 1):
        g = np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])
        x = x - rule(g, state, t)
        path.append(x)
    return np.array(path)


def torch_momentum(g, state, t, mu=0.9, damp=0.2, rate=1e-4):
    state["b"] = g if t == 1 else mu * state["b"] + (1 - damp) * g
    return rate * state["b"]


def torch_nesterov(g, state, t, mu=0.9, rate=1e-4):
    state["b"] = g if t == 1 else mu * state["b"] + g
    return rate * (g + mu * state["b"])


def torch_adam(g, state, t, b1=0.8, b2=0.99, eps=1e-6, rate=1e-2):
    state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
    state["v"] = b2 * state.get("v", 0) + (1 - b2) * g * g
    return rate / (1 - b1**t) * state["m"] / (np.sqrt(state["v"]) / np.sqrt(1 - b2**t) + eps)


@pytest.mark.parametrize(
    ("method", "rate", "rule"),
    [
        (fl.methods.Momentum(momentum=0.9, dampening=0.2), 1e-4, torch_momentum),
        (fl.methods.Nesterov(), 1e-4, torch_nesterov),
        (fl.methods.Adam(betas=(0.8, 0.99), eps=1e-6), 1e-2, torch_adam),
    ],
    ids=["momentum", "nesterov", "adam"],
)
def test_the_steps_are_pytorchs(method, rate, rule):
    """A hundred steps follow torch.optim's formulas to 1e-10."""
    mine = steps(rosenbrock, [-1.2, 1.0], method, rate, 100, compiled=True).flat_x
    np.testing.assert_allclose(mine, reference(rule, [-1.2, 1.0], 100), rtol=0, atol=1e-10)


def test_lbfgs_is_the_two_loop_recursion():
    """The compact form gives the textbook's direction, with as many pairs as it remembers."""
    rng = np.random.default_rng(0)
    hessian = (lambda a: a @ a.T + np.eye(6))(rng.normal(size=(6, 6)))
    method, x = fl.methods.LBFGS(memory=4), rng.normal(size=6)
    state, pairs, last = method.init(x), [], None
    for _ in range(12):
        g = hessian @ x
        direction, state = method.update(g, state, x)
        if last is not None:
            pairs = [*pairs, (x - last[0], g - last[1])][-4:]
            np.testing.assert_allclose(direction, two_loops(g, pairs), rtol=1e-10, atol=1e-14)
        last, x = (x, g), x - 0.7 * direction


def two_loops(g, pairs):
    q, weights = g.copy(), []
    for s, y in reversed(pairs):
        weights.append(s @ q / (s @ y))
        q -= weights[-1] * y
    s, y = pairs[-1]
    r = q * (s @ y) / (y @ y)
    for (s, y), weight in zip(pairs, reversed(weights), strict=True):
        r += s * (weight - y @ r / (s @ y))
    return r


@pytest.mark.parametrize(
    ("cls", "bad"),
    [
        (fl.methods.Momentum, {"momentum": 1.0}),
        (fl.methods.Momentum, {"dampening": 1.5}),
        (fl.methods.Nesterov, {"momentum": -0.1}),
        (fl.methods.Adam, {"betas": (0.9, 1.0)}),
        (fl.methods.Adam, {"eps": 0.0}),
        (fl.methods.LBFGS, {"memory": 0}),
    ],
)
def test_impossible_hyperparameters_are_refused(cls, bad):
    """A parameter out of its range is refused at construction, by name and value."""
    (name, value), = bad.items()
    with pytest.raises(InputError, match=name) as caught:
        cls(**bad)
    assert repr(value) in str(caught.value)


def test_an_unknown_name_is_answered_with_the_nearest():
    """A misspelt name gets a suggestion; a thing that is no method gets an example."""
    with pytest.raises(InputError, match="Did you mean 'adam'"):
        find("adamm")
    with pytest.raises(InputError, match="Known names: .*lbfgs"):
        find("zzz")
    for thing in (3, None, fl.methods.Adam):
        with pytest.raises(InputTypeError, match="method must be a name or an object"):
            find(thing)


@dataclasses.dataclass(frozen=True)
class Signs:
    """A method of the user's own: step by the sign of an average."""

    keep: float = 0.5

    def init(self, x):
        return 0 * x

    def update(self, gradient, state, x):
        state = self.keep * state + gradient
        return state / (1 + abs(state)), state


def test_a_users_own_method_runs_compiled_and_eager():
    """Ten lines make a method; it gives the same steps in both engines."""
    one, other = (steps(bowl, [2.0, -1.0, 0.5], Signs(), 0.05, 30, compiled=choice) for choice in (True, False))
    np.testing.assert_allclose(one.flat_x, other.flat_x, rtol=0, atol=1e-12)
    assert one.fun[-1] < one.fun[0]
    with pytest.raises(InputTypeError, match="learning_rate must be given"):
        fl.minimize(bowl, np.ones(3), method=Signs())


class Counting:
    """A method that is no dataclass, with a dataclass for its state."""

    @dataclasses.dataclass
    class State:
        count: object
        sum: object

    def __init__(self, scale):
        self.scale = scale

    def init(self, x):
        return self.State(0, 0 * x)

    def update(self, gradient, state, x):
        state = self.State(state.count + 1, state.sum + gradient)
        return self.scale * state.sum / state.count, state


def test_a_method_that_changes_between_runs_is_not_run_from_memory():
    """A plain class may be changed: the next run uses what it says now."""
    method = Counting(1.0)
    first = fl.minimize(bowl, np.zeros(3), method=method, learning_rate=0.01, max_iterations=2).trace.flat_x[1]
    method.scale = 2.0
    second = fl.minimize(bowl, np.zeros(3), method=method, learning_rate=0.01, max_iterations=2).trace.flat_x[1]
    np.testing.assert_allclose(second, 2 * first)
