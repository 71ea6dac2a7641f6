"""`minimize`: a function, a start, and everything the user may say about the descent."""

from __future__ import annotations

import dataclasses
import inspect
import numbers
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Literal

import numpy as np

from fallline.arrays.layout import Layout, flatten
from fallline.descent.batches import Batches, BatchPlan
from fallline.descent.data import check_data
from fallline.descent.epochs import EpochWatch, noise_of, on_all_rows
from fallline.descent.loop import Run, descend
from fallline.descent.problem import belied, build_objective
from fallline.descent.rates import resolve_rate
from fallline.diagnosis import Evidence, diagnose
from fallline.diagnosis.optimality import Watch, assess, certify
from fallline.errors import InputError, InputTypeError, shown
from fallline.methods import LBFGS, GradientDescent, Prodigy, UpdateRule, find
from fallline.methods.torch_optimizer import TorchOptimizer
from fallline.objectives.base import Objective
from fallline.objectives.batched import BatchedFunction
from fallline.objectives.differences import DifferencedFunction
from fallline.schedules.base import positive_rate
from fallline.steps import StepRule
from fallline.stopping import NoImprovement, Rule, StepBelow
from fallline.stopping.stalled import Stalled
from fallline.trace import Finding, Record, Result, StopReason
from fallline.trace.drawing import view

__all__ = ["minimize"]

PATIENCE = 50
"""Steps of a line search without a lower cost before a run left to itself gives up."""


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    *,
    args: tuple[Any, ...] = (),
    data: tuple[Any, ...] | None = None,
    gradient: Callable[..., Any] | bool | Literal["auto", "finite-differences"] = "auto",
    method: str | UpdateRule = "auto",
    learning_rate: Any = None,
    tolerance: float | None = None,
    stopping: Rule | None = None,
    max_iterations: int = 10_000,
    batch_size: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    callback: Callable[[Record], Any] | None = None,
    progress: bool | Literal["auto"] = "auto",
    record: Literal["all", "thin", "ends"] = "all",
    check_gradient: bool = True,
) -> Result:
    """Minimise a function by gradient descent: a plain NumPy function, or a torch function.

    Parameters
    ----------
    fun : callable
        ``fun(x, *data, *args)`` returns one number, the cost; with ``gradient=True`` the pair (cost, gradient).
    x0 : number, list of numbers, array, torch tensor, or a dict, list or tuple of arrays or of tensors
        The start. Everything about parameters comes back in its kind and shape, tensors on their device, but for the
        columns of the trace, which are NumPy's. float32 stays float32, whole numbers become float64. From tensors,
        `fun` is a torch function.
    args : tuple
        Further arguments of `fun` and `gradient`.
    data : tuple of array, optional
        Arrays with a row for each observation, over which `fun` is a mean. They come before `args`.
    gradient : "auto", callable, True or "finite-differences"
        "auto" differentiates the NumPy code exactly and compiles it where it can; where it cannot it goes step by
        step, or by finite differences, and a finding says why. A torch function is left to torch's autograd. A callable
        ``gradient(x, *data, *args)`` is used as it is.
    method : str or method
        A name or an instance from `fallline.methods`; an optax transformation; or, from tensors, a class of
        ``torch.optim``, its settings given by ``functools.partial``. "auto" is plain gradient descent where
        `learning_rate` is given, else limited-memory BFGS with a line search, or on mini-batches Prodigy; neither needs
        tuning.
    learning_rate : float, schedule, step rule, callable, tree of float, or None
        A callable gives the rate of iteration 0, 1, …. A tree in the structure of `x0` gives each parameter a rate of
        its own (a number serves all below it); the trace then shows the largest. None leaves it to the method.
    tolerance : float, optional
        Stop when no parameter changes by this much in a step, as the textbooks do; optimality is verified after.
    stopping : Rule, optional
        From `fallline.stopping`, combined with ``|`` and ``&``. With neither, the run stops when the point is
        optimal: no negative curvature, and an estimated gap of at most 1e-8 of what the run has gained.
    max_iterations : int
        Iterations allowed. One iteration is one update, on mini-batches too.
    batch_size : int, optional
        Rows of `data` for an update: 1 is stochastic descent, more are mini-batches. None uses all of them. The rows of
        the trace then have the cost and slope of the batch that the next update steps on; everything said about the
        answer, which is the last point, is over all rows.
    epochs : int, optional
        Passes over `data`, instead of `max_iterations`.
    seed : int
        Settles the order of the rows, another one in each epoch.
    callback : callable, optional
        Sees each kept `Record`; returning True stops the run.
    progress : "auto" or bool
        A live line on the terminal's stderr: "auto" once a run lasts a second.
    record : {"all", "thin", "ends"}
        Keep every step (up to 64 MB, thinned evenly beyond), about a thousand, or first, best and last.
    check_gradient : bool
        Whether to compare a given gradient with the function before the first step.

    Returns
    -------
    Result
        The best point seen and everything known about the run; ``success`` only where optimality was verified.

    Raises
    ------
    InputError, InputTypeError, DataError
        Where an argument cannot be used; all before the first step.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda theta: theta**2, 3.0, learning_rate=0.3, tolerance=1e-5, max_iterations=20)
    >>> result.success, result.nit, result.reason.value
    (True, 15, 'small-steps')
    """
    started = time.perf_counter()
    _check_arguments(fun, args, tolerance, stopping, max_iterations, record, progress)
    flat, layout, whole = flatten(x0, label=_argument_name(fun))
    rows, batches = check_data(data, batch_size, epochs, seed)
    most = max_iterations if epochs is None else epochs * (batches.steps if batches is not None else 1)
    rule = _resolve_method(method, learning_rate, layout, batches)
    rate = resolve_rate(learning_rate, rule, layout)
    rules = StepBelow(tolerance) if tolerance is not None else stopping
    findings = [_integer_start(x0)] if whole else []
    line = view("live_line")(most, delay=0.0 if progress is True else 1.0)
    whole_args, batched = ((*rows, *args), ()) if batches is None else (args, rows)

    def attempt(objective: Objective) -> Result:
        plan = _plan(fun, gradient, objective, layout, rows, args, batches)
        watch = _watch(objective, batches) if rules is None else None
        run = descend(
            objective,
            flat,
            method=rule,
            rate=rate,
            stopping=rules if rules is not None or plan is not None else _standstill(rate),
            optimality=watch,
            max_iterations=most,
            callback=callback,
            record=record,
            progress=line.update if progress and line.wanted else None,
            layout=layout,
            plan=plan,
        )
        return _result(run, objective, rule, rate, layout, findings, watch is not None, started)

    # what overflows or leaves a domain is told by the findings, not by NumPy's warnings
    with np.errstate(all="ignore"), closing(line):
        objective = build_objective(fun, flat, layout, whole_args, gradient, check_gradient, findings, batched)
        result = attempt(objective)
        if (told := belied(objective, result)) is not None:
            findings.append(told)
            result = attempt(DifferencedFunction(fun, layout, (*batched, *whole_args)))
        return result


def _plan(
    fun: Any, gradient: Any, objective: Objective, layout: Layout, rows: Any, args: Any, batches: Batches | None
) -> BatchPlan | None:
    """Return which rows each update is to see, where it is not all of them."""
    if batches is None:
        return None
    given = gradient if callable(gradient) else None
    return BatchPlan(BatchedFunction(fun, given, objective, layout, rows, args), batches)


def _watch(objective: Objective, batches: Batches | None) -> Watch | EpochWatch:
    """Return who looks for optimality while the run goes on: on mini-batches, only at the end of an epoch."""
    return Watch(objective) if batches is None else EpochWatch(Watch(objective), objective, batches)


def _standstill(rate: Any) -> Rule:
    """Return the rule that ends a run left to itself where it gets no further."""
    if isinstance(rate, StepRule):
        return Stalled() | NoImprovement(PATIENCE)
    return Stalled(measured=False)


def _check_arguments(
    fun: Any, args: Any, tolerance: Any, stopping: Any, max_iterations: Any, record: Any, progress: Any
) -> None:
    if not callable(fun):
        raise InputTypeError(f"fun must be a function; got {shown(fun)}. Write lambda x: … or a function's name.")
    if not isinstance(args, tuple):
        raise InputTypeError(f"args must be a tuple; got {shown(args)}. For one argument write args=(a,).")
    if tolerance is not None and stopping is not None:
        raise InputError(
            "tolerance and stopping must not be given both; got both. They say the same in two ways. "
            "Write stopping=StepBelow(tolerance) | other rules."
        )
    if stopping is not None and not isinstance(stopping, Rule):
        raise InputTypeError(
            f"stopping must be a rule from fallline.stopping; got {shown(stopping)}. "
            "Write fallline.stopping.StepBelow(1e-6), say."
        )
    if isinstance(max_iterations, bool) or not isinstance(max_iterations, (int, np.integer)) or max_iterations < 0:
        raise InputError(
            f"max_iterations must be a whole number of at least 0; got {shown(max_iterations)}. It counts steps. "
            "The default is 10000."
        )
    if record not in ("all", "thin", "ends"):
        raise InputError(f'record must be "all", "thin" or "ends"; got {shown(record)}. Choose one of them.')
    if progress not in ("auto", True, False):
        raise InputError(f'progress must be "auto", True or False; got {shown(progress)}. Choose one of them.')


def _argument_name(fun: Callable[..., Any]) -> str:
    """Return what the function calls its first argument, for labels; "x" where that cannot be told."""
    try:
        parameters = [p for p in inspect.signature(fun).parameters.values() if p.kind != p.VAR_KEYWORD]
    except (TypeError, ValueError):
        return "x"
    return parameters[0].name if parameters and parameters[0].kind != inspect.Parameter.VAR_POSITIONAL else "x"


def _resolve_method(method: Any, learning_rate: Any, layout: Layout, batches: Batches | None) -> UpdateRule:
    if isinstance(method, str) and method.lower() == "auto":
        if learning_rate is not None:
            return GradientDescent()
        return LBFGS() if batches is None else Prodigy()
    rule = find(method)
    if not isinstance(rule, TorchOptimizer):
        return rule
    if isinstance(learning_rate, numbers.Real) and not isinstance(learning_rate, bool):
        rate = float(learning_rate)
        positive_rate("learning_rate", rate)
        rule = dataclasses.replace(rule, learning_rate=rate)
    return rule.laid_out(layout)


def _integer_start(x0: Any) -> Finding:
    return Finding(
        "integer-start",
        "info",
        f"The start {shown(x0)} is in whole numbers; the descent runs in float64.",
        "Nothing needs to change.",
        {},
    )


def _result(
    run: Run,
    objective: Objective,
    method: UpdateRule,
    rate: Any,
    layout: Layout,
    findings: list[Finding],
    watched: bool,
    started: float,
) -> Result:
    """Verify the best point, diagnose the run and put everything into a `Result`."""
    evaluations, gradients = objective.counts.function, objective.counts.gradient
    if objective.program is not None or run.epoch_costs is not None:
        evaluations = gradients = run.evaluations
    kept, noise, run = run.trace, noise_of(run), run if run.epoch_costs is None else on_all_rows(run, objective)
    x = np.ascontiguousarray(run.best.x[0]) if run.answer is None else run.answer
    fun, slope = objective.value_and_gradient(x)
    if run.answer is None:
        fun = float(run.best.fun[0])
    verdict = assess(objective, x, fun, slope, float(run.trace.blocks[0].fun[0]))
    optimal = verdict.optimal
    reason = StopReason.CONVERGED if watched and optimal and run.reason is StopReason.NO_PROGRESS else run.reason
    evidence = Evidence(objective, method, rate, run.trace, run.best, run.last, reason, slope, verdict, noise)
    findings = findings + diagnose(evidence)
    broken = reason in (StopReason.DIVERGED, StopReason.NOT_FINITE, StopReason.UNBOUNDED)
    success = optimal and not broken and not any(finding.severity == "error" for finding in findings)
    return Result(
        x=layout.unflatten(x),
        fun=fun,
        jac=layout.unflatten(slope),
        nit=run.iterations,
        nfev=evaluations,
        njev=gradients,
        success=success,
        reason=reason,
        message=_message(success, reason),
        trace=kept,
        diagnosis=findings,
        certificate=certify(verdict),
        gradient_source=objective.source,
        method=_describe(method, rate),
        seconds=time.perf_counter() - started,
        landscape=objective.values,
        epoch_costs=run.epoch_costs,
    )


def _message(success: bool, reason: StopReason) -> str:
    if reason is StopReason.CONVERGED:
        return f"Converged: {reason.sentence}."
    verdict = "the answer was verified to be optimal" if success else "the answer is not verified to be optimal"
    return f"Stopped because {reason.sentence}; {verdict}."


def _describe(method: UpdateRule, rate: Any) -> str:
    """Return the method and its rate, as one would write them."""
    silent = {f.name for f in dataclasses.fields(method) if not f.repr} if dataclasses.is_dataclass(method) else set()
    fields = [f"{k}={v!r}" for k, v in vars(method).items() if k not in {"learning_rate", *silent}]
    shown_rate = repr(rate.rate) if type(rate).__name__ == "Constant" else repr(rate)
    return f"{type(method).__name__}({', '.join([*fields, f'learning_rate={shown_rate}'])})"
