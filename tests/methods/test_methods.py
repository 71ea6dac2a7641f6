"""Every method against its reference implementation: PyTorch's, or optax's where PyTorch has none."""

from pathlib import Path

import jax
import numpy as np
import optax
import pytest
import torch

import fallline as fl
from fallline.methods import CLASSES

STEPS = 100
BETAS = (0.8, 0.95)


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


def rosenbrock_slope(t):
    return np.array([-2 * (1 - t[0]) - 400 * t[0] * (t[1] - t[0] ** 2), 200 * (t[1] - t[0] ** 2)])


HESSIAN = np.array([[2.0, 1.0, 0.0], [1.0, 20.0, -1.0], [0.0, -1.0, 6.0]])


def valley(t):
    return t @ HESSIAN @ t / 2 - t[0]


def valley_slope(t):
    return HESSIAN @ t - np.array([1.0, 0.0, 0.0])


PROBLEMS = {
    "rosenbrock": (rosenbrock, rosenbrock_slope, [-1.2, 1.0]),
    "valley": (valley, valley_slope, [3.0, 2.0, -1.0]),
}
on_both = pytest.mark.parametrize("problem", PROBLEMS)

TORCH = {
    "GradientDescent": [("SGD", 1e-3, {}, {})],
    "Momentum": [
        ("SGD", 3e-4, {}, {"momentum": 0.9}),
        ("SGD", 1e-4, {"momentum": 0.5, "dampening": 0.3, "weight_decay": 0.2}, {}),
    ],
    "Nesterov": [
        ("SGD", 3e-4, {}, {"momentum": 0.9, "nesterov": True}),
        ("SGD", 1e-4, {"momentum": 0.6, "weight_decay": 0.2}, {"nesterov": True}),
    ],
    "AdaGrad": [
        ("Adagrad", None, {}, {}),
        ("Adagrad", 0.1, {"lr_decay": 0.1, "weight_decay": 0.2, "initial_accumulator_value": 2.0, "eps": 1e-3}, {}),
    ],
    "AdaDelta": [("Adadelta", None, {}, {}), ("Adadelta", 0.3, {"rho": 0.8, "eps": 1e-5, "weight_decay": 0.2}, {})],
    "RMSProp": [
        ("RMSprop", None, {}, {}),
        ("RMSprop", 1e-3, {"alpha": 0.9, "eps": 0.1, "weight_decay": 0.2, "momentum": 0.5, "centered": True}, {}),
    ],
    "Adam": [("Adam", None, {}, {}), ("Adam", 0.02, {"betas": BETAS, "eps": 1e-4, "weight_decay": 0.2}, {})],
    "AMSGrad": [
        ("Adam", None, {}, {"amsgrad": True}),
        ("Adam", 0.02, {"betas": BETAS, "eps": 1e-4, "weight_decay": 0.2}, {"amsgrad": True}),
    ],
    "AdaMax": [("Adamax", None, {}, {}), ("Adamax", 0.02, {"betas": BETAS, "eps": 1e-4, "weight_decay": 0.2}, {})],
    "AdamW": [("AdamW", None, {}, {}), ("AdamW", 0.02, {"betas": BETAS, "eps": 1e-4, "weight_decay": 0.2}, {})],
    "NAdam": [
        ("NAdam", None, {}, {}),
        ("NAdam", 0.02, {"betas": BETAS, "eps": 1e-4, "weight_decay": 0.2, "momentum_decay": 0.1}, {}),
        ("NAdam", 0.02, {"weight_decay": 0.2, "decoupled_weight_decay": True}, {}),
    ],
    "RAdam": [
        ("RAdam", None, {}, {}),
        ("RAdam", 2e-4, {"betas": BETAS, "eps": 1e-4, "weight_decay": 0.2}, {}),
        ("RAdam", 2e-4, {"betas": (0.9, 0.5), "weight_decay": 0.2, "decoupled_weight_decay": True}, {}),
    ],
    "Muon": [
        ("Muon", None, {}, {}),
        ("Muon", 0.02, {"momentum": 0.8, "nesterov": False, "weight_decay": 0.3, "ns_steps": 3}, {}),
        ("Muon", 0.02, {"ns_coefficients": (3.0, -3.2, 1.2), "eps": 10.0, "adjust_lr_fn": "match_rms_adamw"}, {}),
    ],
}
OPTAX = {
    "AdaBelief": [
        (lambda: optax.adabelief(1e-3), None, {}),
        (lambda: optax.adabelief(0.02, b1=0.8, b2=0.95, eps=1e-6, eps_root=1e-6), 0.02, {"betas": BETAS, "eps": 1e-6}),
    ],
    "Lion": [
        (lambda: optax.lion(1e-4, weight_decay=0.0), None, {}),
        (lambda: optax.lion(0.013, b1=0.8, b2=0.95, weight_decay=0.2), 0.013, {"betas": BETAS, "weight_decay": 0.2}),
    ],
    "ScheduleFreeSGD": [
        (lambda: optax.contrib.schedule_free_sgd(1e-3), 1e-3, {}),
        (
            lambda: optax.contrib.schedule_free_sgd(1e-3, b1=0.6, weight_decay=0.2, weight_lr_power=1.0),
            1e-3,
            {"momentum": 0.6, "weight_decay": 0.2, "weight_lr_power": 1.0},
        ),
    ],
    "ScheduleFreeAdamW": [
        (lambda: optax.contrib.schedule_free_adamw(), None, {}),
        (
            lambda: optax.contrib.schedule_free_adamw(0.02, b1=0.8, b2=0.95, eps=1e-4, weight_decay=0.2),
            0.02,
            {"betas": BETAS, "eps": 1e-4, "weight_decay": 0.2},
        ),
    ],
    "Prodigy": [
        (lambda: optax.contrib.prodigy(), None, {"use_bias_correction": True}),
        (
            lambda: optax.contrib.prodigy(
                0.5,
                BETAS,
                beta3=0.7,
                eps=1e-6,
                estim_lr0=1e-4,
                estim_lr_coef=0.5,
                weight_decay=0.2,
                safeguard_warmup=True,
            ),
            0.5,
            {
                "betas": BETAS,
                "beta3": 0.7,
                "eps": 1e-6,
                "d0": 1e-4,
                "d_coef": 0.5,
                "weight_decay": 0.2,
                "safeguard_warmup": True,
                "use_bias_correction": True,
            },
        ),
    ],
    "DAdaptAdam": [
        (lambda: optax.contrib.dadapt_adamw(), None, {}),
        (
            lambda: optax.contrib.dadapt_adamw(0.5, BETAS, eps=1e-6, estim_lr0=1e-4, weight_decay=0.2),
            0.5,
            {"betas": BETAS, "eps": 1e-6, "d0": 1e-4, "weight_decay": 0.2},
        ),
    ],
    "DoG": [
        (lambda: optax.contrib.dog(), None, {}),
        (
            lambda: optax.contrib.dog(0.5, ("heuristic", 1e-4), eps=1e-3, weight_decay=0.2),
            0.5,
            {"reps_rel": 1e-4, "eps": 1e-3, "weight_decay": 0.2},
        ),
    ],
    "DoWG": [
        (lambda: optax.contrib.dowg(), None, {}),
        (lambda: optax.contrib.dowg(0.5, eps=1e-2, weight_decay=0.2), 0.5, {"eps": 1e-2, "weight_decay": 0.2}),
    ],
}
BY_HAND = {"DAdaptSGD", "AdGD", "ACFGM", "BarzilaiBorwein", "LBFGS", "ProximalGradient"}


def walked(cls, problem, rate, settings):
    """Return every iterate of fallline's run, shape (101, d)."""
    function, slope, x0 = PROBLEMS[problem]
    start = np.array(x0)
    if cls == "Muon":  # which takes nothing but matrices
        vector, matrix_slope, start = function, slope, start[:, None]
        function, slope = lambda t: vector(t[:, 0]), lambda t: matrix_slope(t[:, 0])[:, None]
    method = getattr(fl.methods, cls)(**settings)
    return fl.minimize(
        function, start, gradient=slope, method=method, learning_rate=rate, max_iterations=STEPS
    ).trace.flat_x


def walked_by_torch(cls, problem, reference, rate, settings):
    """Return every iterate of PyTorch's run, shape (101, d)."""
    _, slope, x0 = PROBLEMS[problem]
    x = torch.tensor(x0)
    x = x[:, None].clone() if cls == "Muon" else x
    optimizer = getattr(torch.optim, reference)([x], **({} if rate is None else {"lr": rate}), **settings)
    iterates = [x.numpy().ravel().copy()]
    for _ in range(STEPS):
        x.grad = torch.tensor(slope(iterates[-1])).reshape(x.shape)
        optimizer.step()
        iterates.append(x.numpy().ravel().copy())
    return np.array(iterates)


def walked_by_optax(problem, transformation):
    """Return every iterate of optax's run, shape (101, d), and its last state."""
    _, slope, x0 = PROBLEMS[problem]
    with jax.enable_x64(True):
        state, update = transformation.init(jax.numpy.array(x0)), jax.jit(transformation.update)
        iterates = [np.array(x0)]
        for _ in range(STEPS):
            updates, state = update(slope(iterates[-1]), state, iterates[-1])
            iterates.append(iterates[-1] + np.asarray(updates))
    return np.array(iterates), state


@pytest.fixture
def doubles(monkeypatch):
    """Have PyTorch compute in float64 where it is told to round: Muon's matrices, and the scalars of NAdam."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@on_both
@pytest.mark.parametrize(
    ("cls", "case"), [(cls, case) for cls, cases in TORCH.items() for case in cases], ids=lambda part: str(part)[:24]
)
def test_the_steps_are_pytorchs(cls, case, problem, doubles):
    """A hundred steps are those of torch.optim to 1e-10, with its default settings and with others."""
    reference, rate, shared, theirs = case
    mine = walked(cls, problem, rate, shared)
    np.testing.assert_allclose(
        mine, walked_by_torch(cls, problem, reference, rate, shared | theirs), rtol=0, atol=1e-10
    )


@on_both
@pytest.mark.parametrize(
    ("cls", "case"), [(cls, case) for cls, cases in OPTAX.items() for case in cases], ids=lambda part: str(part)[:24]
)
def test_the_steps_are_optaxs(cls, case, problem):
    """A hundred steps are those of optax to 1e-10, where PyTorch has no such method."""
    transformation, rate, settings = case
    mine = walked(cls, problem, rate, settings)
    np.testing.assert_allclose(mine, walked_by_optax(problem, transformation())[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize(("cls", "name"), [("ScheduleFreeSGD", "sgd"), ("ScheduleFreeAdamW", "adamw")])
def test_schedule_free_methods_answer_with_the_average(cls, name):
    """The answer is the averaged point of optax.contrib.schedule_free, not the last one where a gradient was taken."""
    function, slope, x0 = PROBLEMS["valley"]
    path, state = walked_by_optax("valley", getattr(optax.contrib, f"schedule_free_{name}")(0.02))
    with jax.enable_x64(True):
        average = np.asarray(optax.contrib.schedule_free_eval_params(state, path[-1]))
    method = getattr(fl.methods, cls)(learning_rate=0.02)
    answer = fl.minimize(function, np.array(x0), gradient=slope, method=method, max_iterations=STEPS).x
    np.testing.assert_allclose(answer, average, rtol=0, atol=1e-10)
    assert np.abs(answer - path[-1]).max() > 1e-3


def test_every_method_is_compared_with_something():
    """No registered method goes without a reference: PyTorch, optax, or steps worked out by hand in its own file."""
    names = {cls.__name__ for cls in CLASSES}
    assert names == set(TORCH) | set(OPTAX) | BY_HAND
    for cls in CLASSES:
        if cls.__name__ in BY_HAND - {"LBFGS"}:
            assert (Path(__file__).parent / f"test_{cls.__module__.rpartition('.')[2]}.py").is_file()


def table():
    """Print method, reference, settings and largest difference over both problems, as the manual shows them."""
    torch.set_default_dtype(torch.float64)
    torch.Tensor.bfloat16 = torch.Tensor.clone
    rows = []
    for cls, cases in TORCH.items():
        for reference, rate, shared, theirs in cases:
            paths = [walked_by_torch(cls, problem, reference, rate, shared | theirs) for problem in PROBLEMS]
            rows.append((cls, f"torch.optim.{reference}", rate, shared, paths))
    for cls, cases in OPTAX.items():
        for transformation, rate, settings in cases:
            paths = [walked_by_optax(problem, transformation())[0] for problem in PROBLEMS]
            rows.append((cls, "optax", rate, settings, paths))
    for cls, reference, rate, settings, paths in rows:
        mine = [walked(cls, problem, rate, settings) for problem in PROBLEMS]
        largest = max(np.abs(path - other).max() for path, other in zip(mine, paths, strict=True))
        print(f"| {cls} | {reference} | {settings or 'defaults'} | {largest:.1e} |")


if __name__ == "__main__":
    table()
