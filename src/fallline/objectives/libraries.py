"""Functions of JAX, torch and TensorFlow: each library's own differentiation, checked before it is trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.errors import InputError
from fallline.objectives.base import Objective
from fallline.objectives.differences import DifferencedFunction
from fallline.objectives.ladder import mismatch
from fallline.objectives.plain import PlainFunction

__all__ = ["RANDOM", "differentiate_library", "is_random"]

RANDOM = "calls at the same point give different values"
"""Why a function is called anew each time, and its derivative not compared with anything."""

CALLS = 4
"""Calls at one point that show a random function: what is drawn may be the same in two."""


def is_random(plain: Callable[[np.ndarray], float], x0: np.ndarray, expected: float) -> bool:
    """Tell whether a function that has answered `expected` at `x0` answers otherwise, by more than rounding."""
    eps = float(np.finfo(x0.dtype).eps)
    for _ in range(CALLS):
        again = plain(x0)
        if np.isfinite(again) != np.isfinite(expected) or abs(again - expected) > 1e3 * eps * abs(expected):
            return True
    return False


def differentiate_library(
    function: Callable[..., Any],
    x0: np.ndarray,
    layout: Layout,
    args: tuple[Any, ...],
    data: tuple[Any, ...] = (),
) -> tuple[Objective, str]:
    """Return the objective of a function of another library, and why a lower rung was needed ("" where it was not).

    The rungs are the library's compiled form, its derivative call by call, and finite differences where the gradient
    gets lost on the way.

    Parameters
    ----------
    function : callable
        As the user wrote it.
    x0 : array, shape (d,)
        The start.
    layout : Layout
        How the function takes its parameters; of the library's arrays.
    args : tuple
        Its further arguments.
    data : tuple of array or tensor
        Rows that it takes before those, also fewer of them.

    Raises
    ------
    InputError
        Where it is of variables, and ignores the values that it is given for them.
    """
    whole = (*data, *args)
    plain = PlainFunction(function, layout, whole)
    expected = plain(x0)
    if is_random(plain, x0, expected):
        # a compiled form may draw once what the function draws at each call, and there is nothing to compare with
        return _called(function, layout, args, data), RANDOM
    # torch and TensorFlow may round differently in each of two calls: only what is wrong by a tenth counts as lost
    share = 1e-4 if layout.library == "jax" else 0.1
    reasons = []
    compiled = _compiled(function, layout, args, data)
    for make in (*compiled, lambda: _called(function, layout, args, data)):
        try:
            with np.errstate(all="ignore"):
                objective = make()
                wrong = mismatch(objective, plain, x0, expected, share)
        # the plain function has answered, so whatever goes wrong here is the following's: the next rung is the answer
        except Exception as error:  # noqa: BLE001
            reasons.append(f"{type(error).__name__}: {_first_sentence(error)}")
            continue
        if not wrong:
            _refuse_ignored(objective, plain, x0, expected)
            objective.counts.function = objective.counts.gradient = 0
            if objective.program is not None:
                objective.plain = plain
            return objective, "; ".join(reasons)
        reasons.append(wrong)
    return DifferencedFunction(function, layout, whole), "; ".join(dict.fromkeys(reasons))


def _compiled(
    function: Callable[..., Any], layout: Layout, args: tuple[Any, ...], data: tuple[Any, ...]
) -> list[Callable[[], Objective]]:
    """Return what makes the compiled form, where the library has one."""
    if layout.library == "jax":
        from fallline.objectives.jax_function import trace_jax_program, trace_jax_rows
        from fallline.objectives.lifted import CompiledFunction

        if data:
            return [lambda: CompiledFunction(trace_jax_rows(function, layout, data, args), layout, "jax")]
        return [lambda: CompiledFunction(trace_jax_program(function, layout, args), layout, "jax")]
    if layout.library == "tensorflow":
        from fallline.objectives.tensorflow_function import TensorFlowFunction

        return [lambda: TensorFlowFunction(function, layout, args, data)]
    return []


def _called(function: Callable[..., Any], layout: Layout, args: tuple[Any, ...], data: tuple[Any, ...]) -> Objective:
    """Return the function differentiated anew at each call."""
    if layout.library == "jax":
        from fallline.objectives.jax_function import EagerJaxFunction

        return EagerJaxFunction(function, layout, (*data, *args))
    if layout.library == "tensorflow":
        from fallline.objectives.tensorflow_function import TensorFlowFunction

        return TensorFlowFunction(function, layout, args, data, in_graph=False)
    from fallline.objectives.torch_function import TorchFunction

    return TorchFunction(function, layout, (*data, *args))


def _refuse_ignored(objective: Objective, plain: PlainFunction, x0: np.ndarray, expected: float) -> None:
    """Refuse a function of variables, or of a module's state, that reads them where they are, not as they are given."""
    layout = plain.layout
    kind = layout.tensor
    if kind is None or not (kind.variable or (kind.library == "torch" and len(layout.leaves) > 1)):
        return
    moved = x0 + np.random.default_rng(0).standard_normal(x0.size).astype(x0.dtype)
    if objective.value_and_gradient(x0)[1].any() or plain(moved) != expected:
        return
    how = "tf.reduce_sum(values**2), say"
    if kind.library == "torch":
        how = "torch.func.functional_call(module, values, X)"
    if kind.variable == "keras":
        how = "model.stateless_call(values, model.non_trainable_variables, X)"
    raise InputError(
        "fun must compute with the values that it is given; got a cost that does not depend on them. It may read the "
        f"variables themselves, which a descent never changes. Write {how}."
    )


def _first_sentence(error: Exception) -> str:
    return " ".join(str(error).split()).partition(". ")[0].rstrip(".")
