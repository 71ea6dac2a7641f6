"""The pictures of the methods' pages: each method's path on the same three functions, run at every build."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from method_tables import FAMILIES, brief

import fallline as fl

__all__ = ["draw_family", "draw_range_test", "draw_rates", "draw_rules"]

STEPS = 200
RED = "#c8102e"


def bowl(x: Any, y: Any) -> Any:
    return x**2 / 2 + 10 * y**2


def rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def himmelblau(x: Any, y: Any) -> Any:
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


FUNCTIONS: list[tuple[str, Callable[[Any, Any], Any], tuple[float, float], tuple[float, float, float, float]]] = [
    ("a bowl, 20 times as steep across as along", bowl, (-4.0, 1.5), (-5.0, 3.0, -2.5, 2.5)),
    ("Rosenbrock's bent valley", rosenbrock, (-1.2, 1.0), (-2.0, 2.0, -1.0, 3.0)),
    ("Himmelblau's four minima", himmelblau, (-0.5, -1.0), (-5.0, 5.0, -5.0, 5.0)),
]

RATES = {
    "GradientDescent": (0.09, 0.0015, 0.01),
    "Momentum": (0.02, 0.0005, 0.003),
    "Nesterov": (0.02, 0.0005, 0.003),
    "AdaGrad": (0.5, 0.5, 0.5),
    "RMSProp": (0.05, 0.02, 0.05),
    "RAdam": (0.05, 0.001, 0.01),
    "Lion": (0.05, 0.02, 0.05),
    "Muon": (0.1, 0.03, 0.1),
    "ScheduleFreeSGD": (0.05, 0.001, 0.01),
}
"""Rates for the three functions; 0.1 for the others that need one, and their own for those that need none."""

OWN_RATE = {"AdaDelta", "Prodigy", "DAdaptSGD", "DAdaptAdam", "DoG", "DoWG", "AdGD", "ACFGM"}
OWN_RATE |= set(FAMILIES["curvature"].split())


def draw_family(family: str) -> None:
    """Draw a row of three paths for each method of a family."""
    names = FAMILIES[family].split()
    rows = []
    for name in names:
        rates = (None,) * 3 if name in OWN_RATE else RATES.get(name, (0.1,) * 3)
        rows.append((name, [(getattr(fl.methods, name)(), rate) for rate in rates]))
    _draw(rows)


def draw_rules() -> None:
    """Draw a row of three paths of plain descent for each step rule."""
    rules = [fl.steps.Backtracking(), fl.steps.StrongWolfe(), fl.steps.AdGDStep(), fl.steps.BarzilaiBorweinStep()]
    rules.append(fl.steps.Polyak())
    _draw([(brief(rule), [("gd", rule)] * 3) for rule in rules])


def draw_rates() -> None:
    """Draw the rates of the schedules over a hundred updates."""
    s = fl.schedules
    shown = {
        "Constant": s.Constant(0.5),
        "StepDecay": s.StepDecay(1.0, 25, 0.5),
        "ExponentialDecay": s.ExponentialDecay(1.0, 0.96),
        "InverseTimeDecay": s.InverseTimeDecay(1.0, 0.1),
        "InverseSqrt": s.InverseSqrt(1.0, 0.1),
        "PolynomialDecay": s.PolynomialDecay(1.0, 80, 0.1, 2.0),
        "CosineDecay": s.CosineDecay(1.0, 100),
        "CosineRestarts": s.CosineRestarts(1.0, 14, 2),
        "OneCycle": s.OneCycle(1.0, 100),
        "Cyclic": s.Cyclic(0.1, 1.0, 15),
        "Piecewise": s.Piecewise([30, 60], [1.0, 0.4, 0.1]),
        "Warmup": s.Warmup(20, s.CosineDecay(1.0, 80)),
    }
    figure, axes = plt.subplots(3, 4, figsize=(9.5, 5.4), sharex=True, sharey=True)
    k = np.arange(101)
    for ax, (name, schedule) in zip(axes.flat, shown.items(), strict=True):
        ax.step(k, schedule(k), color=RED, linewidth=1.2, where="post")
        ax.set_title(name, fontsize=9)
    figure.supxlabel("iteration", fontsize=9)
    figure.supylabel("learning rate", fontsize=9)


def draw_range_test() -> None:
    """Draw which learning rates plain descent can use on the line of the page on checks."""
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    fl.find_learning_rate(lambda p: np.mean((p[0] * x + p[1] - (2 * x + 1)) ** 2), np.zeros(2)).plot()


def _draw(rows: list[tuple[str, list[tuple[Any, Any]]]]) -> None:
    _, axes = plt.subplots(len(rows), 3, figsize=(9.5, 2.7 * len(rows)), squeeze=False)
    for place, (line, (name, runs)) in enumerate(zip(axes, rows, strict=True)):
        for ax, (title, function, start, box), (method, rate) in zip(line, FUNCTIONS, runs, strict=True):
            _path(ax, function, start, box, method, rate)
            if place == 0:
                ax.set_title(title, fontsize=9)
        line[0].set_ylabel(name, fontsize=9)


def _path(ax: Any, function: Any, start: tuple[float, float], box: Any, method: Any, rate: Any) -> None:
    left, right, low, high = box
    x, y = np.meshgrid(np.linspace(left, right, 101), np.linspace(low, high, 101))
    ax.contour(x, y, np.log1p(function(x, y)), 14, colors="0.75", linewidths=0.6)
    result = fl.minimize(
        lambda m: function(m[0, 0], m[0, 1]), np.array([start]), method=method, learning_rate=rate, max_iterations=STEPS
    )
    path = result.trace.flat_x
    ax.plot(*path.T, color=RED, linewidth=1, marker=".", markersize=3)
    ax.plot(*result.x.ravel(), "k*", markersize=7)
    text = f"{result.nit} steps" + (f" at {rate:g}" if isinstance(rate, float) else "") + f"\ncost {result.fun:.1e}"
    ax.text(0.03, 0.03, text, transform=ax.transAxes, fontsize=7, bbox={"color": "white", "alpha": 0.8, "pad": 1})
    ax.set(xlim=(left, right), ylim=(low, high), xticks=[], yticks=[])
