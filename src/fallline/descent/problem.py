"""The objective of a run, by what the user said about its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout, flatten
from fallline.arrays.tensors import Library
from fallline.diagnosis.gradient_check import compare_gradient
from fallline.errors import InputTypeError, shown
from fallline.objectives.base import Counts, Objective
from fallline.objectives.differences import DifferencedFunction
from fallline.objectives.given import GivenGradient
from fallline.objectives.ladder import differentiate
from fallline.objectives.libraries import RANDOM, differentiate_library
from fallline.trace import Finding, Result

__all__ = ["belied", "build_objective"]

NOT_COMPILED: dict[Library, tuple[str, str]] = {
    "numpy": (
        "the function could not be compiled as it is",
        "Write that part with NumPy's array functions (np.where for an if, np.exp for math.exp) to compile it.",
    ),
    "jax": (
        "JAX could not compile the function as it is",
        "Write jax.numpy.where or jax.lax.cond for an if, and jax.lax.while_loop for a while, to compile it.",
    ),
    "tensorflow": (
        "TensorFlow could not make a graph of the function as it is",
        "Write tf.where or tf.cond for an if, and tf.while_loop for a while, to compile it.",
    ),
}
LOST: dict[Library, tuple[str, str]] = {
    "numpy": NOT_COMPILED["numpy"],
    "jax": (
        "JAX could not follow the function",
        "Keep to JAX's arrays all the way: jax.numpy in place of numpy and math, no float() and no .item().",
    ),
    "torch": (
        "torch's autograd could not follow the function",
        "Keep to tensors all the way: no float(), .item(), .detach() or .numpy().",
    ),
    "tensorflow": (
        "TensorFlow's gradient tape could not follow the function",
        "Keep to tensors all the way: no float(), .numpy() or tf.stop_gradient.",
    ),
}

STILL: dict[Library, str] = {
    "numpy": "Draw once, before the descent, and hand over the numbers by args.",
    "jax": "Draw once, before the descent, and hand over the numbers by args.",
    "torch": "A module in training mode, as after module.train(), drops out other units at each call: call "
    "module.eval() first. What else is random, draw once before the descent.",
    "tensorflow": "A model called with training=True drops out other units at each call: call it with training=False. "
    "What else is random, draw once before the descent.",
}


def build_objective(
    fun: Callable[..., Any],
    x0: np.ndarray,
    layout: Layout,
    args: tuple[Any, ...],
    gradient: Any,
    check: bool,
    findings: list[Finding],
    batched: tuple[Any, ...] = (),
) -> Objective:
    """Return the objective, adding what was noticed about its gradient to `findings`.

    `batched` is the data of which it will be asked for some rows only; all of it comes before `args`.

    Raises
    ------
    InputTypeError
        Where `gradient` is nothing that tells a gradient.
    """
    if gradient is True or callable(gradient):
        objective = GivenGradient(fun, None if gradient is True else gradient, layout, (*batched, *args))
        cost, given = objective.value_and_gradient(x0)
        if check and np.isfinite(cost):
            wrong = compare_gradient(objective.value, given, x0, layout.name_of)
            findings += [wrong] if wrong is not None else []
        objective.counts.function = objective.counts.gradient = 0
        return objective
    if isinstance(gradient, str) and gradient == "finite-differences":
        return DifferencedFunction(fun, layout, (*batched, *args))
    if not (isinstance(gradient, str) and gradient == "auto"):
        raise InputTypeError(
            f'gradient must be "auto", a function, True or "finite-differences"; got {shown(gradient)}. '
            "Leave it out and fallline differentiates the function."
        )
    follow = differentiate if layout.library == "numpy" else differentiate_library
    objective, why = follow(fun, x0, layout, args, batched)
    if why == RANDOM:
        findings.append(_random(objective, x0, layout.library))
    elif why:
        findings.append(_lower_rung(objective, why, layout.library))
    return objective


def belied(objective: Objective, result: Result) -> Finding | None:
    """Return the finding that the user's own function contradicts the answer of an objective that follows it.

    The two were compared at the start; a branch taken later, or something that has changed since, may part them.
    """
    if objective.plain is None or not np.isfinite(result.fun):
        return None
    layout = result.trace.layout
    if layout.library == "numpy":
        x = np.concatenate([np.ravel(part) for part in layout.parts(result.x)]).astype(layout.dtype)
    else:
        x, _, _ = flatten(result.x)
    plain = objective.plain(x)
    share = 1e-10 if objective.dtype == np.float64 else 1e-4
    if abs(plain - result.fun) <= share * max(abs(result.fun), abs(float(result.trace.blocks[0].fun[0]))):
        return None
    why = f"at the answer it gives {plain:.6g} where the compiled form gives {result.fun:.6g}"
    return _lower_rung(DifferencedFunction(objective.plain, layout, ()), why, layout.library)


def _random(objective: Objective, x0: np.ndarray, library: Library) -> Finding:
    before = Counts(**vars(objective.counts))
    costs = [objective.value(x0) for _ in range(9)]
    objective.counts = before
    noise = float(np.ptp(costs))
    return Finding(
        "noise-floor",
        "warning",
        f"The function is random: calls at the start give costs from {min(costs):.6g} to {max(costs):.6g}. No point "
        "can be found to be its minimum more closely than that.",
        STILL[library],
        {"noise": noise},
    )


def _lower_rung(objective: Objective, why: str, library: Library) -> Finding:
    source = objective.source
    if source == "finite-differences":
        meaning = "measured by finite differences, to about ten digits"
        because, remedy = LOST[library]
    else:
        meaning = "exact, but not compiled"
        because, remedy = NOT_COMPILED[library]
    if "operations one by one" in why:
        remedy = "Write the loop as operations on whole arrays: np.sum((t[0] * x + t[1] - y) ** 2), say."
    if library == "numpy" and "JAX type" in why:
        remedy = "Write it with NumPy's functions, or start from jax.numpy.array(…): the start picks the library."
    message = f"The gradient is {meaning}, because {because}: {why}."
    return Finding("lower-gradient-rung", "info", message, remedy, {"source": source})
