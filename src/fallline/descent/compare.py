"""`compare`: many methods, learning rates and starts at once."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Literal

import numpy as np

from fallline.arrays.names import argument_name
from fallline.descent.compare_runs import Entry, Outcomes, Runner
from fallline.descent.compiled import is_frozen
from fallline.descent.constraints import resolve_penalty, suited_rate
from fallline.descent.held_out import share_held_out
from fallline.descent.rates import resolve_rate
from fallline.descent.starts import Starts, resolve_starts
from fallline.descent.task import Task, choose_method, integer_start, prepare
from fallline.diagnosis.other_minima import SETTLED, find_minima, other_minima, worse_minimum
from fallline.errors import InputError, InputTypeError, shown
from fallline.methods import Method, UpdateRule
from fallline.methods.torch_optimizer import TorchOptimizer
from fallline.objectives.base import Objective
from fallline.penalties import Penalty
from fallline.schedules import MeasuredSchedule, Schedule
from fallline.schedules.constant import Constant
from fallline.steps import StepRule
from fallline.stopping import Rule
from fallline.trace import Comparison, Finding, Minimum, Result
from fallline.trace.comparison import Results
from fallline.trace.drawing import view

__all__ = ["compare"]

USUAL = ("gd", "momentum", "adam", "adgd", "lbfgs")
"""What is compared where nothing is named: each with its own learning rate."""

USUAL_ON_BATCHES = ("momentum", "adam", "adagrad", "prodigy")

LOOKED_AT = 20
"""Answers of compiled runs at which the user's own function is asked at once; of any other when it is looked at."""


def compare(
    fun: Callable[..., Any],
    x0: Any = None,
    *,
    methods: Any = None,
    learning_rates: Any = None,
    starts: Any = None,
    within: Any = None,
    args: tuple[Any, ...] = (),
    data: tuple[Any, ...] | None = None,
    gradient: Callable[..., Any] | bool | Literal["auto", "finite-differences"] = "auto",
    bounds: Any = None,
    penalty: Penalty | None = None,
    tolerance: float | None = None,
    stopping: Rule | None = None,
    max_iterations: int = 10_000,
    batch_size: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    progress: bool | Literal["auto"] = "auto",
    check_gradient: bool = True,
) -> Comparison:
    """Minimise a function by every method named, at every learning rate, from every start.

    Runs alike in all but rate and start go side by side in one compiled program, where the function allows it; the
    others go one after the other. Each run has its own history, reason and findings, and is what `minimize` would have
    made of it, but for rounding.

    Parameters
    ----------
    fun : callable
        ``fun(x, *data, *args)`` returns one number, the cost, as for `minimize`.
    x0 : number, array, tensor or tree of these
        The first start. It may be left out where `starts` lists them all.
    methods : list of str or method
        Names or instances from `fallline.methods`. Left out, it is what `minimize` would choose; with no rates and no
        starts either, a handful of usual methods, each with its own learning rate.
    learning_rates : list of float, schedule, step rule, or None
        The rates that each method runs with; None is the method's own.
    starts : int or list
        How many starts there are to be, `x0` and others drawn at random; or a list of others, each as `x0` could be.
    within : (low, high)
        The ends, numbers or in the structure of `x0`, between which starts are drawn evenly. Without it they are drawn
        about `x0`, normally, each parameter by its own size and at least by 1.
    args, data, gradient, bounds, penalty, check_gradient
        As for `minimize`.
    tolerance, stopping, max_iterations
        When each run stops, as for `minimize`.
    batch_size, epochs
        As for `minimize`; on mini-batches the runs go one after the other, all on the same batches.
    seed : int
        Settles the starts that are drawn, and the order of the rows.
    progress : "auto" or bool
        A live line on the terminal's stderr: "auto" once it takes a second.

    Returns
    -------
    Comparison
        The results in the order of methods, then rates, then starts; a table, a plot, the best, and the minima found.
        All histories together are kept up to 256 MB, and thinned evenly beyond.

    Raises
    ------
    InputError, InputTypeError, DataError
        Where an argument cannot be used; all before the first step.

    Examples
    --------
    >>> import fallline as fl
    >>> runs = fl.compare(lambda theta: theta**2, 3.0, methods=["gd", "adam"], learning_rates=[0.1, 1.5])
    >>> [(method, rate, reason.value) for method, rate, reason in zip(runs.method, runs.learning_rate, runs.reason)][:2]
    [('gd', 0.1, 'converged'), ('gd', 1.5, 'diverged')]
    >>> runs.best.success, [finding.code for finding in runs.results[1].diagnosis]
    (True, ['learning-rate-too-high'])
    >>> hills = fl.compare(lambda t: (t**2 - 1) ** 2 + 0.3 * t, 0.0, starts=10, within=(-2, 2))
    >>> [(round(minimum.x, 3), len(minimum.runs)) for minimum in hills.minima]
    [(-1.036, 4), (0.96, 6)]
    """
    started = time.perf_counter()
    _refuse_models(fun)
    places = resolve_starts(x0, starts, within, seed, argument_name(fun))
    task = prepare(
        fun=fun,
        x0=places.given[0],
        args=args,
        data=data,
        gradient=gradient,
        method="auto",
        learning_rate=None,
        bounds=bounds,
        penalty=penalty,
        tolerance=tolerance,
        stopping=stopping,
        max_iterations=max_iterations,
        batch_size=batch_size,
        epochs=epochs,
        seed=seed,
        record="all",
        progress=progress,
        check_gradient=check_gradient,
    )
    places = _obeying(places, task.penalty, penalty, bounds)
    entries = _entries(methods, learning_rates, places, task)
    with np.errstate(all="ignore"):
        outcomes = _made(task, entries, places, progress, share_held_out(stopping) is not None)
    return _comparison(entries, outcomes, places, started)


def _made(
    task: Task, entries: list[Entry], places: Starts, progress: bool | Literal["auto"], held_out: bool
) -> Outcomes:
    """Return what became of the runs; where the plain function contradicts them, of runs by differences."""
    with closing(view("live_line")(task.most, delay=0.0 if progress is True else 1.0)) as line:
        task.findings.clear()  # a start in whole numbers is told of run by run
        objective = task.objective()
        noticed = [_whole_numbers(*each) + task.findings for each in zip(places.given, places.whole, strict=True)]
        shown_to = line.update if progress and line.wanted else None
        apart = held_out or task.batches is not None
        runner = Runner(task, objective, places.flat, noticed, shown_to, apart)
        outcomes = runner.run(entries)
        if (told := _belied(objective, outcomes)) is not None:
            runner.objective = task.by_differences()
            runner.findings = [[*each, told] for each in noticed]
            outcomes = runner.run(entries)
        return outcomes


def _entries(methods: Any, learning_rates: Any, starts: Starts, task: Task) -> list[Entry]:
    """Return every run there is to be: method by method, rate by rate, start by start."""
    penalty = task.penalty
    if methods is None:
        usual = USUAL if task.batches is None else USUAL_ON_BATCHES
        methods = usual if learning_rates is None and len(starts.flat) == 1 else ("auto",)
    rates: list[Any] = [None]
    if learning_rates is not None:
        rates = _listed("learning_rates", learning_rates, "a rate, or None", "[0.1]")
    every = range(len(starts.flat))
    entries: list[Entry] = []
    same: dict[UpdateRule, UpdateRule] = {}
    for method in _listed("methods", methods, "a method or its name", '["adam"]'):
        for are_numbers, alike in itertools.groupby(rates, lambda rate: type(rate) is float):
            given = list(alike)
            for each in given:
                rule = choose_method(method, each, starts.layout, task.batches, penalty)
                rate = suited_rate(rule, resolve_rate(each, rule, starts.layout), penalty)
                # methods that are equal but for a rate of their own share their programs
                plain = _without_rate(rule)
                plain = same.setdefault(plain, plain) if is_frozen(plain) else plain
                label = _label(method, rule)
                entries += [Entry(label, plain, rate, start) for start in every]
                # a number after a number needs no second look at the method, but torch's, which holds its rate itself
                if are_numbers and not isinstance(plain, TorchOptimizer):
                    numbers = map(Constant, given[1:])
                    entries += [Entry(label, plain, number, start) for number in numbers for start in every]
                    break
    return entries


def _listed(name: str, given: Any, what: str, example: str) -> list[Any]:
    """Return a list of what was given, which may be one of its kind alone."""
    if isinstance(given, np.ndarray):
        given = given.ravel().tolist()
    alone = isinstance(given, (str, dict)) or not isinstance(given, (list, tuple)) or _is_transformation(given)
    found = [given] if alone else list(given)
    if not found:
        raise InputError(
            f"{name} must list at least one; got {shown(given)}. Each is {what}. Write {name}={example}, or leave "
            "it out."
        )
    return found


def _is_transformation(given: Any) -> bool:
    """Tell whether a tuple is a named one: an optax transformation is, and is one method."""
    return isinstance(given, tuple) and type(given) is not tuple


def _without_rate(rule: UpdateRule) -> UpdateRule:
    """Return the method without a rate of its own, which was taken out: methods equal but for that share a program."""
    if not isinstance(rule, Method) or isinstance(rule, TorchOptimizer) or rule.learning_rate is None:
        return rule
    return dataclasses.replace(rule, learning_rate=None)


def _label(method: Any, rule: UpdateRule) -> str:
    """Return what a method is called in the table: by the name given, else by its class and what is set in it."""
    if isinstance(method, str) and method.lower() != "auto":
        return method.lower()
    words = _in_words(rule)
    return rule.name if isinstance(rule, Method) and words == type(rule).__name__ else words


def _rate_in_words(rate: Schedule | MeasuredSchedule | StepRule) -> float | str:
    return rate.rate if type(rate) is Constant else _in_words(rate)


def _in_words(thing: Any) -> str:
    """Return a thing's class and what is set in it otherwise than by default: ``Adam(betas=(0.8, 0.99))``."""
    kind = type(thing).__name__
    if not dataclasses.is_dataclass(thing):
        return kind
    shown_fields = [field for field in dataclasses.fields(thing) if field.repr and field.name != "learning_rate"]
    told = [(field, getattr(thing, field.name)) for field in shown_fields]
    changed = [f"{field.name}={value!r}" for field, value in told if not _is_default(value, field.default)]
    return f"{kind}({', '.join(changed)})" if changed else kind


def _is_default(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))


def _whole_numbers(start: Any, whole: bool) -> list[Finding]:
    return [integer_start(start)] if whole else []


def _obeying(starts: Starts, held: Penalty | None, penalty: Any, bounds: Any) -> Starts:
    """Return the starts, those that were drawn moved to where they obey the penalty; the others must."""
    if held is None:
        return starts
    flat = starts.flat.copy()
    for place in range(1, len(flat)):
        if place < starts.listed:
            resolve_penalty(penalty, bounds, flat[place], starts.layout)
        else:
            flat[place] = held.prox(flat[place], 0.0)
    return dataclasses.replace(starts, flat=flat)


def _belied(objective: Objective, outcomes: Outcomes) -> Finding | None:
    """Return the finding that the user's own function contradicts some of the answers, the lowest among them."""
    if objective.plain is None:
        return None
    order = np.argsort(outcomes.fun, kind="stable")
    order = order[outcomes.made[order] & np.isfinite(outcomes.fun[order])]
    share = 1e-10 if objective.dtype == np.float64 else 1e-4
    for place in (*order[: LOOKED_AT // 2], *order[LOOKED_AT // 2 :: max(1, 2 * len(order) // LOOKED_AT)]):
        fun = outcomes.fun[place]
        if not abs(objective.plain(outcomes.x[place].copy()) - fun) <= share * abs(fun):
            result = outcomes.result(place)
            told = [finding for finding in result.diagnosis if finding.code == "lower-gradient-rung"]
            if told and result.gradient_source != objective.source:
                return told[-1]
    return None


def _comparison(entries: list[Entry], outcomes: Outcomes, starts: Starts, began: float) -> Comparison:
    """Put the runs together; where there are several starts, tell their minima apart."""
    made = np.flatnonzero(outcomes.made)
    entries = entries if len(made) == len(entries) else [entries[place] for place in made]
    fun, slope = outcomes.fun[made], outcomes.slope[made]
    chosen = np.array([entry.start for entry in entries])
    minima: list[Minimum] = []
    diagnosis: list[Finding] = []

    def make(run: int) -> Result:
        result = outcomes.result(made[run])
        worse = worse_minimum(run, minima)
        return result if worse is None else dataclasses.replace(result, diagnosis=[*result.diagnosis, worse])

    if len(starts.flat) > 1:
        plain = Results(len(made), lambda run: outcomes.result(made[run]))
        settled = slope <= SETTLED * outcomes.begun[made]
        minima += find_minima(outcomes.x[made], fun, settled, starts.flat[chosen], plain)
        together = other_minima(minima, len(made))
        diagnosis += [] if together is None else [together]
    return Comparison(
        Results(len(made), make),
        tuple([entry.label for entry in entries]),
        tuple([_rate_in_words(entry.rate) for entry in entries]),
        chosen,
        outcomes.iterations[made],
        fun,
        slope,
        tuple(outcomes.reason[made]),
        minima,
        diagnosis,
        time.perf_counter() - began,
    )


def _refuse_models(fun: Any) -> None:
    if not callable(fun) and type(fun).__module__.partition(".")[0] in ("fallline", "sklearn"):
        raise InputTypeError(
            f"fun must be a function; got {shown(fun)}. Models are fitted one at a time. "
            "Fit each, and compare their cost_history_."
        )
