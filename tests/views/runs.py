"""Runs made by hand, so that what is seen of a run is tested without the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import flatten
from fallline.trace import Certificate, Finding, Result, Rows, StopReason, Trace


def descend(
    cost: Callable[[np.ndarray], Any],
    gradient: Callable[[np.ndarray], Any],
    x0: Any,
    rate: float,
    steps: int,
    *,
    label: str = "x",
    findings: tuple[Finding, ...] = (),
    reason: StopReason = StopReason.MAX_ITERATIONS,
    success: bool = False,
    distance: float = float("inf"),
    remembers: bool = True,
) -> Result:
    """Walk by plain descent with a fixed rate; `cost` takes points of shape (..., d), `gradient` one of shape (d,)."""
    x, layout, _ = flatten(x0, label=label)
    path = [x]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            path.append(path[-1] - rate * np.asarray(gradient(path[-1])))
        points = np.array(path)
        fun = np.array([float(cost(point)) for point in points])
        slopes = np.array([gradient(point) for point in points], dtype=float)
        norms = np.linalg.norm(slopes, axis=1)
        lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    nothing = [np.nan]
    rows = Rows(
        np.arange(steps + 1),
        points,
        fun,
        norms,
        np.concatenate([nothing, np.full(steps, rate)]),
        np.concatenate([nothing, lengths]),
        np.linspace(0, 0.01, steps + 1),
    )
    best = int(np.argmin(np.where(np.isnan(fun), np.inf, fun)))
    return Result(
        x=layout.unflatten(points[best]),
        fun=float(fun[best]),
        jac=layout.unflatten(slopes[best]),
        nit=steps,
        nfev=steps + 1,
        njev=steps + 1,
        success=success,
        reason=reason,
        message="as it is",
        trace=Trace(rows, layout),
        diagnosis=list(findings),
        certificate=Certificate("estimate", 1e-11, distance, 2.0, "fun is about 1e-11 above the minimum (estimate)."),
        gradient_source="compiled",
        method=f"gradient descent, learning rate {rate:g}",
        seconds=0.0123,
        landscape=cost if remembers else None,
    )


def square(rate: float = 0.3, steps: int = 15, **more: Any) -> Result:
    """Descend ``theta**2`` from 3, as the textbook does."""
    return descend(lambda x: x[..., 0] ** 2, lambda x: 2 * x, 3.0, rate, steps, label="theta", **more)


def rosenbrock(rate: float = 1e-3, steps: int = 500, **more: Any) -> Result:
    """Descend Rosenbrock's valley from (-1.2, 1)."""

    def cost(x: np.ndarray) -> Any:
        return (1 - x[..., 0]) ** 2 + 100 * (x[..., 1] - x[..., 0] ** 2) ** 2

    def gradient(x: np.ndarray) -> np.ndarray:
        a, b = x
        return np.array([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)])

    return descend(cost, gradient, [-1.2, 1.0], rate, steps, **more)


def bowl(size: int = 5, rate: float = 0.05, steps: int = 60, **more: Any) -> Result:
    """Descend a bowl of `size` parameters, steeper in each."""
    weights = np.arange(1, size + 1)
    return descend(
        lambda x: (weights * (x - 1) ** 2).sum(axis=-1),
        lambda x: 2 * weights * (x - 1),
        np.zeros(size),
        rate,
        steps,
        **more,
    )


TOO_HIGH = Finding(
    "learning-rate-too-high",
    "error",
    "The learning rate 1.2 is above the stable limit 2/L = 1, so that every step along theta overshoots further.",
    "Use a learning rate below 1, such as 0.5, or leave it out.",
    {"limit": 1.0, "learning_rate": 1.2, "better_rate": 0.5, "curvature": 2.0},
)
