"""A compiled step of every method on 2-D Rosenbrock and on 1,000 variables, beside optax's and torch's."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax
import torch
from harness import conditions, pinned, shown

import fallline as fl
from fallline.methods import CLASSES

SMALL, LARGE = (20_000, 220_000), (200, 2_200)
"""Steps of a short and of a long run: their difference is what steps cost, without the call's own part."""

OTHERS = 300
"""Steps of optax and torch, which have no part but their steps."""

RATE = 1e-5
OWN_RATE = set("Prodigy DAdaptSGD DAdaptAdam DoG DoWG AdGD ACFGM BarzilaiBorwein LBFGS ProximalGradient".split())
TURNS = 5

CURVATURES = np.linspace(1.0, 10.0, 1000)


def rosenbrock(x):
    return (1 - x[..., 0, 0]) ** 2 + 100 * (x[..., 0, 1] - x[..., 0, 0] ** 2) ** 2


def quadratic(x):
    return (CURVATURES * x.reshape(-1) ** 2).sum() / 2


def quadratic_in_torch(x, curvatures=torch.tensor(CURVATURES)):  # noqa: B008 (one tensor for all calls)
    return (curvatures * x.reshape(-1) ** 2).sum() / 2


# matrices, because Muon takes nothing else
PROBLEMS = {
    "2-D Rosenbrock": (rosenbrock, rosenbrock, np.array([[-1.2, 1.0]]), SMALL, 50.0),
    "1,000-D quadratic": (quadratic, quadratic_in_torch, np.ones((25, 40)), LARGE, 1.0),
}

CONTRIB = optax.contrib
OPTAX: dict[str, Callable[[], Any]] = {
    "GradientDescent": lambda: optax.sgd(RATE),
    "Momentum": lambda: optax.sgd(RATE, 0.9),
    "Nesterov": lambda: optax.sgd(RATE, 0.9, nesterov=True),
    "AdaGrad": lambda: optax.adagrad(RATE),
    "AdaDelta": lambda: optax.adadelta(RATE),
    "RMSProp": lambda: optax.rmsprop(RATE),
    "Adam": lambda: optax.adam(RATE),
    "AMSGrad": lambda: optax.amsgrad(RATE),
    "AdaMax": lambda: optax.adamax(RATE),
    "AdamW": lambda: optax.adamw(RATE),
    "NAdam": lambda: optax.nadam(RATE),
    "RAdam": lambda: optax.radam(RATE),
    "AdaBelief": lambda: optax.adabelief(RATE),
    "Lion": lambda: optax.lion(RATE),
    "Muon": lambda: CONTRIB.muon(RATE),
    "ScheduleFreeSGD": lambda: CONTRIB.schedule_free_sgd(RATE),
    "ScheduleFreeAdamW": lambda: CONTRIB.schedule_free_adamw(RATE),
    "Prodigy": lambda: CONTRIB.prodigy(RATE),
    "DAdaptAdam": lambda: CONTRIB.dadapt_adamw(RATE),
    "DoG": lambda: CONTRIB.dog(RATE),
    "DoWG": lambda: CONTRIB.dowg(RATE),
    "LBFGS": optax.lbfgs,
}
TORCH: dict[str, tuple[str, dict[str, Any]]] = {
    "GradientDescent": ("SGD", {}),
    "Momentum": ("SGD", {"momentum": 0.9}),
    "Nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "AdaGrad": ("Adagrad", {}),
    "AdaDelta": ("Adadelta", {}),
    "RMSProp": ("RMSprop", {}),
    "Adam": ("Adam", {}),
    "AMSGrad": ("Adam", {"amsgrad": True}),
    "AdaMax": ("Adamax", {}),
    "AdamW": ("AdamW", {}),
    "NAdam": ("NAdam", {}),
    "RAdam": ("RAdam", {}),
    "Muon": ("Muon", {}),
    "LBFGS": ("LBFGS", {}),
}
FUSED = {"SGD", "Adagrad", "Adam", "AdamW"}


def of_fallline(cls, function, start, runs):
    """Return the seconds of a step, by the difference of a long run and a short one; None if one breaks off."""
    # a tiny rate, so that no run of fixed rate arrives; those without one go on at the minimum
    rate = None if cls.__name__ in OWN_RATE else RATE
    seconds = []
    for steps in runs:
        stopping = fl.stopping.MaxIterations(steps)
        result = fl.minimize(
            function, start, method=cls(), learning_rate=rate, max_iterations=steps, stopping=stopping, record="ends"
        )
        if result.nit != steps:
            return None
        seconds.append(float(result.trace.seconds[-1]))
    return (seconds[1] - seconds[0]) / (runs[1] - runs[0])


def of_optax(make, function, start):
    """Return a function of no arguments that gives the seconds of a jitted step, called from Python as its users do."""
    transformation = make()
    searches = isinstance(transformation, optax.GradientTransformationExtraArgs) and make is optax.lbfgs

    @jax.jit
    def step(x, state):
        value, gradient = jax.value_and_grad(function)(x)
        more = {"value": value, "grad": gradient, "value_fn": function} if searches else {}
        updates, state = transformation.update(gradient, state, x, **more)
        return optax.apply_updates(x, updates), state, value

    x0 = jax.numpy.array(start)
    state0 = transformation.init(x0)

    def run():
        x, state = x0, state0
        before = time.perf_counter()
        for _ in range(OTHERS):
            x, state, _ = step(x, state)
        jax.block_until_ready(x)
        return (time.perf_counter() - before) / OTHERS

    return run


def of_torch(name, settings, function, start):
    """Return the like for a torch optimizer: fused where it can be, else foreach where it can be."""
    x = torch.tensor(start, requires_grad=True)
    ways = {"fused": True} if name in FUSED else {} if name in ("LBFGS", "Muon") else {"foreach": True}
    descent = getattr(torch.optim, name)([x], lr=RATE, **ways, **settings)

    def closure():
        descent.zero_grad()
        value = function(x)
        value.backward()
        return value

    def run():
        before = time.perf_counter()
        for _ in range(OTHERS):
            closure() if name != "LBFGS" else None
            descent.step(closure if name == "LBFGS" else None)
        return (time.perf_counter() - before) / OTHERS

    return run


def contenders(cls, problem):
    """Return what is timed for a method, by library."""
    function, in_torch, start, runs, _ = PROBLEMS[problem]
    calls = {"fallline": lambda: of_fallline(cls, function, start, runs)}
    if cls.__name__ in OPTAX:
        calls["optax"] = of_optax(OPTAX[cls.__name__], function, start)
    if cls.__name__ in TORCH:
        name, settings = TORCH[cls.__name__]
        calls["torch"] = of_torch(name, settings, in_torch, start)
    return calls


def compare(problem):
    """Print one table: a step of each method in each library, and how many times fallline's is as fast."""
    bar = PROBLEMS[problem][-1]
    print(f"\n### A step on {problem}\n\n{conditions()} Medians of {TURNS}, in turns. Bar: {bar:g} times both.\n")
    print("| method | fallline | optax | torch | times optax | times torch |\n|---|---:|---:|---:|---:|---:|")
    below = []
    for cls in CLASSES:
        calls = contenders(cls, problem)
        taken = {name: [call() for _ in range(TURNS + 1)][1:] for name, call in calls.items()}
        medians = {name: statistics.median(seconds) for name, seconds in taken.items() if None not in seconds}
        cells = [shown(medians[name]) if name in medians else "–" for name in ("fallline", "optax", "torch")]
        ratios = [
            medians[name] / medians["fallline"] if {name, "fallline"} <= set(medians) else None
            for name in ("optax", "torch")
        ]
        cells += ["–" if ratio is None else f"{ratio:.3g}" for ratio in ratios]
        print(f"| {cls.__name__} | {' | '.join(cells)} |", flush=True)
        below += [cls.__name__ for ratio in ratios if ratio is not None and not ratio >= bar]
    print(f"\nBelow the bar: {', '.join(dict.fromkeys(below)) or 'none'}.")


if __name__ == "__main__":
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # runs cut off on purpose warn of it
    with pinned(), jax.enable_x64(True):
        for problem in PROBLEMS:
            compare(problem)
