"""Every method against its reference implementation: PyTorch's, or optax's where PyTorch has none."""

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


def valley(t):
    return (t[0] - 1) ** 2 + 10 * (t[1] + 0.5) ** 2 + 3 * t[2] ** 2 + t[0] * t[1] - t[1] * t[2]


PROBLEMS = {"rosenbrock": (rosenbrock, [-1.2, 1.0]), "valley": (valley, [3.0, 2.0, -1.0])}
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
        (
            lambda: optax.contrib.schedule_free_sgd(lambda k: 1e-3 / k),  # optax counts from 1 here
            lambda k: 1e-3 / (k + 1),
            {},
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
                0.5, BETAS, beta3=0.7, eps=1e-6, estim_lr0=1e-4, estim_lr_coef=0.5, weight_decay=0.2, safeguard_warmup=True
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


def shaped(cls, function):
    """Return the function of a vector as one of a matrix, for the method that takes nothing else."""
    return (lambda t: function(t.reshape(-1))) if cls == "Muon" else function


def walked(cls, problem, rate, settings):
    """Return every iterate of fallline's run, shape (101, d)."""
    function, x0 = PROBLEMS[problem]
    start = np.array(x0)[:, None] if cls == "Muon" else np.array(x0)
    method = getattr(fl.methods, cls)(**settings)
    run = fl.minimize(shaped(cls, function), start, method=method, learning_rate=rate, max_iterations=STEPS)
    return run.trace.flat_x


def walked_by_torch(cls, problem, reference, rate, settings):
    """Return every iterate of PyTorch's run, shape (101, d)."""
    function, x0 = PROBLEMS[problem]
    x = torch.tensor(x0, dtype=torch.float64)
    x = (x[:, None] if cls == "Muon" else x).requires_grad_()
    optimizer = getattr(torch.optim, reference)([x], **({} if rate is None else {"lr": rate}), **settings)
    iterates = [x.detach().numpy().ravel().copy()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        shaped(cls, function)(x).backward()
        optimizer.step()
        iterates.append(x.detach().numpy().ravel().copy())
    return np.array(iterates)


def walked_by_optax(problem, transformation):
    """Return every iterate of optax's run, shape (101, d), and its last state."""
    function, x0 = PROBLEMS[problem]
    with jax.enable_x64(True):
        x = jax.numpy.array(x0)
        state, slope, update = transformation.init(x), jax.grad(function), jax.jit(transformation.update)
        iterates = [np.array(x)]
        for _ in range(STEPS):
            updates, state = update(slope(x), state, x)
            x = optax.apply_updates(x, updates)
            iterates.append(np.array(x))
    return np.array(iterates), state


def differences(monkeypatch):
    """Yield method, reference and largest difference over both problems, for the table in the manual."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda self: self)
    torch.set_default_dtype(torch.float64)
    for cls, cases in TORCH.items():
        for reference, rate, shared, theirs in cases:
            gaps = [
                np.abs(
                    walked(cls, problem, rate, shared) - walked_by_torch(cls, problem, reference, rate, shared | theirs)
                ).max()
                for problem in PROBLEMS
            ]
            yield cls, f"torch.optim.{reference}", shared | theirs, max(gaps)
    for cls, cases in OPTAX.items():
        for transformation, rate, settings in cases:
            gaps = [
                np.abs(walked(cls, problem, rate, settings) - walked_by_optax(problem, transformation())[0]).max()
                for problem in PROBLEMS
            ]
            yield cls, "optax", settings, max(gaps)
