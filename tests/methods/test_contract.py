"""Every registered method: compiled ≡ eager, pure, picklable, dtype kept, parity with PyTorch's formulas."""

import dataclasses
import pickle

import jax
import numpy as np
import pytest

import fallline as fl
from fallline.arrays import scalars
from fallline.arrays.layout import flatten
from fallline.descent.loop import prepare_loop
from fallline.descent.rates import resolve_rate
from fallline.errors import InputError, InputTypeError
from fallline.methods import CLASSES, find, known
from fallline.objectives.base import Objective
from fallline.objectives.ladder import differentiate

every = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)
ROW = flatten(np.zeros((1, 3)))[1]
SETTINGS = {
    "gradient-descent": [{}],
    "momentum": [{}, {"momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1}],
    "nesterov": [{}, {"momentum": 0.5, "weight_decay": 0.1}],
    "adagrad": [{}, {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 1.0}],
    "adadelta": [{}, {"rho": 0.5, "eps": 1e-3, "weight_decay": 0.1}],
    "rmsprop": [{}, {"alpha": 0.8, "momentum": 0.5, "centered": True, "weight_decay": 0.1}],
    "adam": [{}, {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}],
    "amsgrad": [{}, {"betas": (0.8, 0.5), "weight_decay": 0.1}],
    "adamax": [{}, {"betas": (0.8, 0.5), "weight_decay": 0.1}],
    "adamw": [{}, {"betas": (0.8, 0.95), "weight_decay": 0.5}],
    "nadam": [{}, {"momentum_decay": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}],
    "radam": [{}, {"betas": (0.9, 0.5), "weight_decay": 0.1, "decoupled_weight_decay": True}],
    "adabelief": [{}, {"betas": (0.8, 0.95), "eps": 1e-6}],
    "lion": [{}, {"betas": (0.5, 0.9), "weight_decay": 0.1}],
    "muon": [{"layout": ROW}, {"layout": ROW, "nesterov": False, "adjust_lr_fn": "match_rms_adamw"}],
    "schedule-free-sgd": [{}, {"momentum": 0.5, "weight_decay": 0.1, "r": 1.0, "weight_lr_power": 0.0}],
    "schedule-free-adamw": [{}, {"betas": (0.5, 0.95), "weight_decay": 0.1, "r": 0.5}],
    "prodigy": [{}, {"d0": 0.01, "use_bias_correction": True, "decouple": False, "growth_rate": 1.1}],
    "dadapt-sgd": [{}, {"momentum": 0.5, "weight_decay": 0.1, "d0": 0.01, "growth_rate": 1.1}],
    "dadapt-adam": [{}, {"betas": (0.8, 0.95), "weight_decay": 0.1, "d0": 0.01, "growth_rate": 1.1}],
    "dog": [{}, {"reps_rel": 0.01, "weight_decay": 0.1, "gamma": 0.0}],
    "dowg": [{}, {"eps": 0.01, "weight_decay": 0.1}],
    "adgd": [{}],
    "ac-fgm": [{}, {"alpha": 0.0, "beta": 0.1, "restart": False}],
    "barzilai-borwein": [{}],
    "lbfgs": [{}, {"memory": 2}],
    "proximal-gradient": [{}],
}
RATES = {"gradient-descent": 1e-3, "momentum": 1e-4, "nesterov": 1e-4, "schedule-free-sgd": 1e-4}
configured = pytest.mark.parametrize(
    "method", [cls(**more) for cls in CLASSES for more in SETTINGS[cls.name]], ids=lambda m: repr(m).split("(")[0]
)


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2 + (t[2] - t[1]) ** 2


def bowl(t):
    return np.sum(np.arange(1, 4) * (t - 1) ** 2) + t[0] * t[1]


def on_row(function):
    """Return the function of a vector as one of a matrix with a single row, for the method that takes only matrices."""
    return lambda t: function(t[0])


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
    if isinstance(method, fl.methods.Muon):
        function, x0 = on_row(function), [x0]
    x, layout, _ = flatten(x0)
    objective, _ = differentiate(function, x, layout, ())
    if not compiled:
        objective = Uncompiled(objective)
    rate = resolve_rate(rate, method)
    return prepare_loop(objective, x, method=method, rate=rate, layout=layout).run(count).trace


@pytest.mark.parametrize(
    ("method", "function", "most"),
    [(cls(**SETTINGS[cls.name][0]), rosenbrock, 10_000) for cls in CLASSES]
    + [(cls(**SETTINGS[cls.name][-1]), bowl, 0) for cls in CLASSES],
    ids=lambda part: part.name if isinstance(part, fl.methods.Method) else None,
)
def test_compiled_and_eager_take_the_same_steps(method, function, most, monkeypatch):
    """The compiled loop, in scalars or in arrays, and the NumPy loop agree to rounding, whatever the method."""
    monkeypatch.setattr(scalars, "MOST", most)
    rate = RATES.get(method.name)
    one, other = (steps(function, [2.0, -1.0, 0.5], method, rate, 12, compiled=choice) for choice in (True, False))
    np.testing.assert_allclose(one.flat_x, other.flat_x, rtol=0, atol=1e-12)
    np.testing.assert_allclose(one.learning_rate, other.learning_rate, rtol=1e-9)


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
        assert np.isfinite(direction).all()


@configured
def test_float32_stays_float32(method):
    """Directions and states keep the type of the parameters."""
    x = np.array([1.0, -2.0, 0.5], np.float32)
    state = method.init(x)
    for _ in range(3):
        direction, state = method.update(x * 2, state, x)
        assert {direction.dtype, *(leaf.dtype for leaf in jax.tree_util.tree_leaves(state))} == {x.dtype}
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
    function, x0 = (on_row(bowl), [[2.0, -1.0, 0.5]]) if cls.name == "muon" else (bowl, [2.0, -1.0, 0.5])
    result = fl.minimize(function, x0, method=cls.name, max_iterations=1000)
    assert result.fun < 0.9 * result.trace.fun[0]


@every
def test_it_is_found_by_each_of_its_names(cls):
    """Names and aliases lead to the class, in any case of letters."""
    for name in (cls.name, *cls.aliases):
        assert type(find(name)) is cls and type(find(name.upper())) is cls and known()[name] is cls


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
        ("Momentum", {"momentum": 1.0}),
        ("Momentum", {"dampening": 1.5}),
        ("Momentum", {"weight_decay": -1.0}),
        ("Nesterov", {"momentum": -0.1}),
        ("AdaGrad", {"lr_decay": -1.0}),
        ("AdaGrad", {"initial_accumulator_value": -1.0}),
        ("AdaDelta", {"rho": 1.0}),
        ("RMSProp", {"alpha": 1.0}),
        ("RMSProp", {"momentum": 2.0}),
        ("Adam", {"betas": (0.9, 1.0)}),
        ("Adam", {"betas": (0.9,)}),
        ("Adam", {"betas": [0.9, 0.999]}),
        ("Adam", {"eps": 0.0}),
        ("AMSGrad", {"betas": (-0.1, 0.9)}),
        ("AdaMax", {"eps": float("nan")}),
        ("AdamW", {"weight_decay": float("inf")}),
        ("NAdam", {"momentum_decay": -1.0}),
        ("RAdam", {"weight_decay": -0.1}),
        ("AdaBelief", {"eps": -1e-8}),
        ("Lion", {"betas": (0.9, 2.0)}),
        ("Lion", {"weight_decay": -0.1}),
        ("Muon", {"ns_steps": 0}),
        ("Muon", {"adjust_lr_fn": "best"}),
        ("ScheduleFreeSGD", {"momentum": 0.0}),
        ("ScheduleFreeSGD", {"r": -1.0}),
        ("ScheduleFreeAdamW", {"weight_lr_power": -1.0}),
        ("Prodigy", {"d0": 0.0}),
        ("Prodigy", {"beta3": 1.0}),
        ("DAdaptSGD", {"growth_rate": 0.5}),
        ("DAdaptAdam", {"d0": float("inf")}),
        ("DoG", {"reps_rel": 0.0}),
        ("DoG", {"gamma": -1.0}),
        ("DoWG", {"eps": 0.0}),
        ("ACFGM", {"beta": 1.0}),
        ("LBFGS", {"memory": 0}),
    ],
    ids=lambda part: str(part),
)
def test_impossible_hyperparameters_are_refused(cls, bad):
    """A parameter out of its range is refused at construction, by name and value, with what to do."""
    ((name, value),) = bad.items()
    with pytest.raises(InputError, match=rf"^{name} must be .*; got .*\. .*\.$") as caught:
        getattr(fl.methods, cls)(**bad)
    assert repr(value) in str(caught.value)


def test_hyperparameters_that_are_no_numbers_are_refused():
    """A word or a truth value for a number is told from a number out of range."""
    for bad in ("a", True, None):
        with pytest.raises(InputTypeError, match=r"eps must be a number; got"):
            fl.methods.Adam(eps=bad)


def test_an_unknown_name_is_answered_with_the_nearest():
    """A misspelt name gets a suggestion; a thing that is no method gets an example."""
    with pytest.raises(InputError, match="Did you mean 'adam'"):
        find("adamm")
    with pytest.raises(InputError, match=r"Known names: .*lbfgs"):
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
