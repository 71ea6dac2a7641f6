"""Every schedule: the same rates of one iteration or of many, compiled or not, and PyTorch's where it has the like."""

import dataclasses
import inspect
import pickle

import jax
import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError, InputTypeError
from fallline.schedules import (
    Constant,
    CosineDecay,
    CosineRestarts,
    Custom,
    Cyclic,
    ExponentialDecay,
    InverseSqrt,
    InverseTimeDecay,
    OneCycle,
    Piecewise,
    PolynomialDecay,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
    Warmup,
)

STEPS = 80
EXAMPLES = [
    Constant(0.1),
    CosineDecay(0.1, 30, 0.01),
    CosineRestarts(0.1, 7),
    CosineRestarts(0.1, 5, 2, 0.01),
    Cyclic(0.1, 0.5, 6),
    ExponentialDecay(0.1, 0.9),
    InverseSqrt(0.1, 0.5),
    InverseTimeDecay(0.1, 0.5),
    OneCycle(0.1, 50),
    Piecewise([10, 25], [0.05, 0.02, 0.01]),
    PolynomialDecay(0.1, 30, 0.01, 2.0),
    StepDecay(0.1, 3, 0.5),
    Warmup(8, CosineDecay(0.1, 30)),
    Warmup(3, 0.1),
]
each = pytest.mark.parametrize("schedule", EXAMPLES, ids=lambda s: type(s).__name__)


def registered():
    found = [getattr(fl.schedules, name) for name in fl.schedules.__all__]
    return [cls for cls in found if issubclass(cls, Schedule) and not inspect.isabstract(cls)]


def test_every_schedule_is_run_through_this_contract():
    """A schedule that is added is checked here too."""
    assert {type(schedule) for schedule in EXAMPLES} == set(registered()) - {Custom}


@each
def test_one_iteration_or_many_give_the_same_rates(schedule):
    """A schedule takes a number or an array of iterations, and gives a rate for each."""
    k = np.arange(STEPS)
    rates = schedule(k)
    assert rates.shape == k.shape and rates.dtype == np.float64 and np.all(rates >= 0)
    np.testing.assert_array_equal(rates, [schedule(k[each : each + 1])[0] for each in k])
    np.testing.assert_allclose(rates, [schedule(int(each)) for each in k], rtol=1e-14)
    assert all(isinstance(schedule(each), float) for each in range(5))
    np.testing.assert_array_equal(schedule(k.reshape(8, 10)), rates.reshape(8, 10))


@each
def test_the_iteration_may_be_traced(schedule):
    """The same code serves a JAX program."""
    with jax.enable_x64(True):
        traced = np.array([jax.jit(schedule)(jax.numpy.asarray(k)) for k in range(0, STEPS, 7)])
        many = np.asarray(jax.jit(schedule)(jax.numpy.arange(STEPS)))
    np.testing.assert_allclose(traced, schedule(np.arange(0, STEPS, 7)), rtol=0, atol=1e-15)
    np.testing.assert_allclose(many, schedule(np.arange(STEPS)), rtol=0, atol=1e-15)


@each
def test_the_steps_are_taken_at_the_rates(schedule):
    """A run's steps and its trace show the schedule's rates, compiled and step by step alike."""
    rates = schedule(np.arange(STEPS))
    path = np.cumprod([1.0, *(1 - rates)])
    for function in (lambda t: t**2 / 2, lambda t: t**2 / 2 if t < 9 else t):
        stopping = fl.stopping.MaxIterations(STEPS)
        result = fl.minimize(function, 1.0, learning_rate=schedule, max_iterations=STEPS, stopping=stopping)
        np.testing.assert_array_equal(result.trace.learning_rate[1:], rates)
        np.testing.assert_allclose(result.trace.x, path, rtol=0, atol=1e-14)


@pytest.mark.parametrize("schedule", [*EXAMPLES, ReduceOnPlateau(0.1)], ids=lambda s: type(s).__name__)
def test_a_schedule_is_a_value(schedule):
    """Equal after pickling, usable as a key, and not to be changed."""
    assert pickle.loads(pickle.dumps(schedule)) == schedule and len({schedule, schedule}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.rate = 3


@each
def test_float32_stays_float32(schedule):
    """A schedule does not change the parameters' type, in either engine."""
    for function in (lambda t: np.sum(t**2), lambda t: np.sum(t**2) if t[0] < 9 else t[0]):
        result = fl.minimize(function, np.ones(2, np.float32), learning_rate=schedule, max_iterations=3)
        assert result.x.dtype == np.float32 and result.trace.x.dtype == np.float32


# --- PyTorch's schedulers, one step of the scheduler to one of the optimizer


def of_torch(name, rate=0.05, steps=STEPS, costs=None, **settings):
    torch = pytest.importorskip("torch")
    descent = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler = getattr(torch.optim.lr_scheduler, name)(descent, **settings)
    rates = []
    for k in range(steps):
        rates.append(descent.param_groups[0]["lr"])
        descent.step()
        scheduler.step(*([] if costs is None else [costs[k]]))
    return np.array(rates)


PARITY = [
    (StepDecay(0.05, 10, 0.5), "StepLR", {"step_size": 10, "gamma": 0.5}, STEPS),
    (ExponentialDecay(0.05, 0.95), "ExponentialLR", {"gamma": 0.95}, STEPS),
    (PolynomialDecay(0.05, 30, power=2.0), "PolynomialLR", {"total_iters": 30, "power": 2.0}, STEPS),
    (PolynomialDecay(0.05, 30), "PolynomialLR", {"total_iters": 30}, STEPS),
    (CosineDecay(0.05, 30, 0.005), "CosineAnnealingLR", {"T_max": 30, "eta_min": 0.005}, STEPS),
    (CosineRestarts(0.05, 7), "CosineAnnealingWarmRestarts", {"T_0": 7}, STEPS),
    (
        CosineRestarts(0.05, 5, 2, 0.005),
        "CosineAnnealingWarmRestarts",
        {"T_0": 5, "T_mult": 2, "eta_min": 0.005},
        STEPS,
    ),
    (CosineRestarts(0.05, 1, 3), "CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 3}, STEPS),
    (OneCycle(0.5, STEPS), "OneCycleLR", {"max_lr": 0.5, "total_steps": STEPS, "cycle_momentum": False}, STEPS - 1),
    (
        OneCycle(0.5, 64, 0.4, 10.0, 100.0),
        "OneCycleLR",
        {"max_lr": 0.5, "total_steps": 64, "pct_start": 0.4, "div_factor": 10, "final_div_factor": 100}
        | {"cycle_momentum": False},
        63,
    ),
    (
        Cyclic(0.01, 0.5, 6),
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.5, "step_size_up": 6, "cycle_momentum": False},
        STEPS,
    ),
    (Piecewise([10, 25], [0.05, 0.005, 0.0005]), "MultiStepLR", {"milestones": [10, 25]}, STEPS),
    (Warmup(8, 0.05), "LinearLR", {"start_factor": 1 / 9, "total_iters": 8}, STEPS),
]


@pytest.mark.parametrize(("schedule", "name", "settings", "steps"), PARITY, ids=[case[1] for case in PARITY])
def test_the_rates_are_pytorchs(schedule, name, settings, steps):
    """Whoever moves from a PyTorch scheduler gets its rates, past its end too."""
    np.testing.assert_allclose(schedule(np.arange(steps)), of_torch(name, steps=steps, **settings), rtol=0, atol=1e-12)


# --- rates that look at the cost


def followed(schedule, costs):
    """Return the rates that a measured schedule gives for a list of costs."""
    state, rates = schedule.init(np.zeros(1)), []
    for k, cost in enumerate(costs):
        rate, state = schedule.follow(np.float64(schedule.base(k)), np.float64(cost), state)
        rates.append(float(rate))
    return np.array(rates)


@pytest.mark.parametrize(
    "settings", [{}, {"patience": 2}, {"patience": 0, "cooldown": 4}, {"threshold": 0.3, "factor": 0.5}]
)
@pytest.mark.parametrize("minimum", [0.0, 0.004])
def test_a_plateau_lowers_the_rate_as_in_pytorch(settings, minimum):
    """ReduceOnPlateau gives ReduceLROnPlateau's rates for the same costs."""
    settings = {"factor": 0.3, "patience": 4} | settings
    rng = np.random.default_rng(1)
    costs = np.exp(-np.arange(STEPS) / 15) + 0.1 * rng.random(STEPS)
    mine = followed(ReduceOnPlateau(0.05, minimum=minimum, **settings), costs)
    np.testing.assert_allclose(
        mine, of_torch("ReduceLROnPlateau", costs=costs, min_lr=minimum, **settings), rtol=0, atol=1e-12
    )
    assert mine[-1] < mine[0]


def test_a_plateau_is_seen_compiled_and_step_by_step():
    """A rate that bounces across the valley is lowered until the run settles, in both engines alike."""
    schedule = ReduceOnPlateau(1.0, factor=0.5, patience=3)
    functions = (lambda t: np.sum(t**2), lambda t: np.sum(t**2) if t[0] < 9 else t[0])
    one, other = (fl.minimize(f, np.array([3.0, 1.0]), learning_rate=schedule) for f in functions)
    np.testing.assert_array_equal(one.trace.learning_rate, other.trace.learning_rate)
    np.testing.assert_array_equal(one.trace.learning_rate[1:], [1, 1, 1, 1, 1, 0.5])
    assert one.success and other.success and one.fun == 0


def test_a_plateau_lowers_a_warmed_up_schedule():
    """ReduceOnPlateau multiplies any schedule; the other way round the refusal says so."""
    rates = followed(ReduceOnPlateau(Warmup(3, 0.4), factor=0.5, patience=1), np.ones(7))
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3, 0.2, 0.2, 0.1, 0.1])
    with pytest.raises(InputError, match=r"ReduceOnPlateau\(Warmup"):
        Warmup(3, ReduceOnPlateau(0.1))


# --- the user's own


def test_a_function_of_the_iteration_is_a_schedule():
    """A plain function with an if is taken as it is, called with whole numbers, and its rates are the steps'."""
    seen = []

    def rate(k):
        seen.append(k)
        return 0.1 if k < 3 else 0.05

    result = fl.minimize(lambda t: t**2, 3.0, learning_rate=rate, max_iterations=6)
    np.testing.assert_array_equal(result.trace.learning_rate[1:], [0.1, 0.1, 0.1, 0.05, 0.05, 0.05])
    assert seen == list(range(6)) and all(type(k) is int for k in seen)
    warmed = Warmup(2, lambda k: 0.3 / (1 + k))
    np.testing.assert_allclose(warmed(np.arange(4)), [0.1, 0.2, 0.3, 0.15])


@dataclasses.dataclass(frozen=True)
class Wave(Schedule):
    """A schedule of the user's own, in array code."""

    def __call__(self, k):
        return 0.1 + 0.05 * np.sin(k)


def test_a_schedule_of_ones_own_is_five_lines():
    """A subclass of Schedule runs wherever a schedule does."""
    result = fl.minimize(lambda t: t**2, 3.0, learning_rate=Wave(), max_iterations=5)
    np.testing.assert_array_equal(result.trace.learning_rate[1:], 0.1 + 0.05 * np.sin(np.arange(5)))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.1])
@pytest.mark.parametrize("first", [0, 40])
@pytest.mark.parametrize("function", [lambda t: t**2, lambda t: t**2 if t < 9 else t], ids=["compiled", "stepwise"])
def test_a_rate_that_cannot_be_used_is_refused_where_it_is_reached(bad, first, function):
    """A schedule that returns nan or goes below zero is named with the iteration, but only once a run comes to it."""
    schedule = lambda k: bad if k >= first else 1e-3
    assert fl.minimize(function, 3.0, learning_rate=schedule, max_iterations=first).nit == first
    with pytest.raises(
        InputError, match=f"learning_rate must be finite and not negative.*got {bad:g} at iteration {first}"
    ):
        fl.minimize(function, 3.0, learning_rate=schedule, max_iterations=100)


@pytest.mark.parametrize("bad", ["0.1", None, np.ones(2), fl.steps.Backtracking])
def test_what_is_no_rate_is_refused(bad):
    """A function that returns no number, and a thing that is none, are refused with what to write."""
    with pytest.raises(InputTypeError, match="learning_rate must"):
        fl.minimize(
            lambda t: t**2, 3.0, learning_rate=(lambda k: bad) if bad is None or isinstance(bad, np.ndarray) else bad
        )
