"""torch's optimizers as methods: exactly their iterates, their settings, and clear refusals."""

import functools

import numpy as np
import pytest
import torch

import fallline as fl
from fallline.errors import InputError, InputTypeError
from fallline.stopping import MaxIterations

START = torch.tensor([-1.2, 1.0], dtype=torch.float64)


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


def by_torch(make, x0, steps):
    """The iterates of the usual loop."""
    x = x0.clone().requires_grad_()
    optimizer, path = make([x]), [x.detach().numpy().copy()]

    def closure():
        optimizer.zero_grad()
        cost = rosenbrock(x)
        cost.backward()
        return cost

    for _ in range(steps):
        optimizer.step(closure)
        path.append(x.detach().numpy().copy())
    return np.array(path)


def walked(method, x0=START, steps=20, **settings):
    return fl.minimize(rosenbrock, x0, method=method, stopping=MaxIterations(steps), **settings)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(
    ("cls", "rate"),
    [("SGD", 1e-3), ("Adam", 0.02), ("Rprop", 0.01), ("NAdam", 0.01), ("Adagrad", 0.1), ("LBFGS", 0.5)],
)
def test_the_iterates_are_torchs_to_the_last_bit(cls, rate, dtype):
    """Any optimizer, also one that evaluates the function several times a step, goes where torch's loop goes."""
    make, x0 = getattr(torch.optim, cls), START.to(dtype)
    result = walked(make, x0, learning_rate=rate)
    np.testing.assert_array_equal(result.trace.x, by_torch(functools.partial(make, lr=rate), x0, 20))
    assert cls in result.method and result.trace.learning_rate[1] == pytest.approx(rate)


@pytest.mark.parametrize(
    "make",
    [
        functools.partial(torch.optim.SGD, lr=1e-3, momentum=0.5, nesterov=True),
        lambda parameters: torch.optim.SGD(parameters, lr=1e-3, momentum=0.5, nesterov=True),
    ],
)
def test_settings_come_with_a_partial_or_a_function(make):
    """What makes the optimizer may set it up, its rate included."""
    result = walked(make)
    np.testing.assert_array_equal(result.trace.x, by_torch(make, START, 20))
    assert result.trace.learning_rate[1] == 1e-3


def test_a_schedule_sets_the_rate_of_every_step():
    """The rate of each update is the schedule's, as after torch's scheduler.step()."""
    result = walked(torch.optim.Adam, learning_rate=fl.schedules.StepDecay(0.02, 5, 0.5))
    x = START.clone().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=0.02)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5, 0.5)
    for _ in range(20):
        optimizer.zero_grad()
        rosenbrock(x).backward()
        optimizer.step()
        scheduler.step()
    np.testing.assert_allclose(result.trace.x[-1], x.detach().numpy(), rtol=0, atol=1e-14)


def test_groups_keep_their_proportions():
    """The rate is the first group's; another group's stays as many times that."""

    def make(parameters):
        slow, fast = parameters
        return torch.optim.SGD([{"params": [slow], "lr": 0.1}, {"params": [fast], "lr": 0.2}])

    x0 = [torch.tensor(1.0, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64)]
    own, given = (
        fl.minimize(lambda p: p[0] ** 2 + p[1] ** 2, x0, method=make, learning_rate=rate, stopping=MaxIterations(1))
        for rate in (None, 0.05)
    )
    np.testing.assert_allclose([c[1] for c in own.trace.x], [0.8, 0.6], rtol=1e-15)
    np.testing.assert_allclose([c[1] for c in given.trace.x], [0.9, 0.8], rtol=1e-15)


def test_mini_batches_by_a_torch_optimizer():
    """The two work together, as in any training loop."""
    X = torch.linspace(-1, 1, 30, dtype=torch.float64)
    result = fl.minimize(
        lambda t, x, y: torch.mean((t[0] * x + t[1] - y) ** 2), torch.zeros(2, dtype=torch.float64),
        data=(X, 3 * X - 1), batch_size=8, epochs=100, method=torch.optim.Adam, learning_rate=0.1,
    )  # fmt: skip
    torch.testing.assert_close(result.x, torch.tensor([3.0, -1.0], dtype=torch.float64), rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"x0": np.zeros(2), "method": torch.optim.Adam}, InputTypeError, "where x0 is not of torch tensors"),
        ({"method": torch.optim.Adam([START.clone()])}, InputTypeError, "has its parameters already"),
        ({"method": torch.optim.Muon}, InputError, "torch says: Muon"),
        ({"method": lambda parameters: parameters}, InputTypeError, "one of torch's optimizers"),
        ({"method": torch.optim.SGD, "learning_rate": -1.0}, InputError, "learning_rate must be a positive"),
        (
            {"method": torch.optim.SGD, "learning_rate": fl.steps.Backtracking()},
            InputTypeError,
            "a number or a schedule",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(settings, error, match):
    """A NumPy start, an optimizer that is in use, and impossible settings are refused before the first step."""
    with pytest.raises(error, match=match):
        fl.minimize(rosenbrock, **{"x0": START, **settings})


@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.Adam])
def test_bounds_and_penalties_hold_at_every_step(make):
    """The optimizer goes on from the point that was kept, and ends at the minimum within."""

    def cost(x):
        return ((x - torch.tensor([2.0, -1.0])) ** 2).sum()

    start = torch.zeros(2, dtype=torch.float64)
    result = fl.minimize(cost, start, method=make, learning_rate=0.1, bounds=[(0, 1), (0, 1)])
    assert result.success
    assert result.trace.x.min() >= 0
    assert result.trace.x.max() <= 1
    np.testing.assert_allclose(result.x.numpy(), [1.0, 0.0], atol=1e-12)
    lasso = fl.minimize(cost, start, method=torch.optim.SGD, learning_rate=0.1, penalty=fl.penalties.L1(3.0))
    np.testing.assert_allclose(lasso.x.numpy(), [0.5, 0.0], atol=1e-6)


def test_an_optimizer_that_steps_on_inside_its_own_cannot_be_kept_to_bounds():
    """It is told, not let out of them."""
    with pytest.raises(InputError, match="one step at a time under a penalty or bounds; got LBFGS"):
        fl.minimize(rosenbrock, START, method=torch.optim.LBFGS, bounds=[(-2, 2), (-2, 2)])


SKIPPED = {"Optimizer", "SparseAdam", "Muon"}
EVERY = sorted(
    name
    for name, thing in vars(torch.optim).items()
    if isinstance(thing, type) and issubclass(thing, torch.optim.Optimizer) and name not in SKIPPED
)


def expect_same(one, other):
    for column in ("flat_x", "fun", "gradient_norm", "learning_rate", "step_norm"):
        np.testing.assert_array_equal(getattr(one.trace, column), getattr(other.trace, column), err_msg=column)
    assert (one.nit, one.nfev, one.reason) == (other.nit, other.nfev, other.reason)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", EVERY)
def test_every_optimizer_goes_on_from_a_checkpoint_to_the_same_bits(name, dtype, tmp_path):
    """What it has learnt is in the file: tensors of other types than the parameters', counters and lists too."""
    start = START.to(dtype).reshape(1, 2)
    settings = {"method": getattr(torch.optim, name), "learning_rate": 1e-3, "stopping": fl.stopping.CostBelow(-1.0)}

    def run(steps, **more):
        return fl.minimize(lambda t: rosenbrock(t[0]), start, max_iterations=steps, **settings, **more)

    run(7, checkpoint=tmp_path / "run.ckpt")
    run(16, checkpoint=tmp_path / "run.ckpt")
    expect_same(run(30, checkpoint=tmp_path / "run.ckpt"), run(30))


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": fl.schedules.InverseSqrt(0.01)},
        {"penalty": fl.penalties.L1(0.1)},
        {"data": (np.arange(12.0), np.arange(12.0) % 5), "batch_size": 4},
    ],
    ids=["schedule", "penalty", "batches"],
)
def test_groups_and_trees_go_on_from_a_checkpoint(settings, tmp_path):
    """With a rate for each group, a schedule, a penalty, and on mini-batches."""
    start = {"a": torch.tensor([1.0, -1.0], dtype=torch.float64), "b": torch.tensor(0.5, dtype=torch.float64)}

    def cost(p, *rows):
        bend = p["a"] * rows[0][:, None] / 9 - rows[1][:, None] / 5 if rows else p["a"] - 2
        return (bend**2).mean() + (p["b"] * p["a"][0] - 1) ** 2

    def grouped(parameters):
        groups = [{"params": parameters[:1]}, {"params": parameters[1:], "lr": 0.002}]
        return torch.optim.NAdam(groups, lr=0.01)

    def run(steps, **more):
        return fl.minimize(cost, start, method=grouped, max_iterations=steps, **settings, **more)

    run(8, checkpoint=tmp_path / "run.ckpt")
    expect_same(run(20, checkpoint=tmp_path / "run.ckpt"), run(20))


def test_an_optimizer_that_keeps_other_things_is_refused_a_checkpoint(tmp_path):
    """Only tensors and numbers are written: nothing in the file could run."""

    class Keeping(torch.optim.SGD):
        def step(self, closure=None):
            self.state[self.param_groups[0]["params"][0]]["seen"] = {1, 2}
            return super().step(closure)

    with pytest.raises(InputTypeError, match=r"nothing but tensors and numbers.*Keeping, which keeps \{1, 2\}"):
        walked(Keeping, learning_rate=1e-3, checkpoint=tmp_path / "run.ckpt")
