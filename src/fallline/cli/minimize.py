"""``fallline minimize``: descend a formula or a Python function."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from fallline.cli.formula import Formula, parse
from fallline.cli.function import blamed_on, load_function
from fallline.cli.options import Number, Whole, refuse_unknown_options
from fallline.cli.terminal import ExitCode, output_options, require_writable, say, say_json, say_outcome, tell
from fallline.errors import InputError, nearest, shown
from fallline.trace import Result

__all__ = ["minimize"]

RATE = Number("Try 0.1, or leave it out: none is needed.")
TOLERANCE = Number("Try 1e-6, or leave it out: the run then stops when optimal.")
ITERATIONS = Whole(0, "It counts steps. The default is 10000.")
EXAMPLES = """\b
Examples:
  fallline minimize "theta^2" --start 3 --learning-rate 0.3 --steps
  fallline minimize "(1-x)^2 + 100*(y-x^2)^2" --start x=-1.2 --start y=1
"""
PICTURES = ("png", "pdf", "svg", "jpg", "jpeg", "webp")


@click.command("minimize", context_settings={"ignore_unknown_options": True}, epilog=EXAMPLES)
@click.argument("words", metavar="FORMULA", nargs=-1, type=click.UNPROCESSED)
@click.option("--start", "starts", metavar="[NAME=]NUMBER", multiple=True, help="Where to start, for each variable.")
@click.option("--function", "place", metavar="MODULE.PY:NAME", help="Take this Python function instead of a formula.")
@click.option("--method", default="auto", show_default=True, metavar="NAME", help="The method, such as gd or adam.")
@click.option("--learning-rate", type=RATE, help="A fixed learning rate; by default none is needed.")
@click.option("--tolerance", type=TOLERANCE, help="Stop when no variable changes by more than this in a step.")
@click.option("--max-iterations", type=ITERATIONS, default=10_000, show_default=True, help="Steps allowed.")
@click.option("--steps", is_flag=True, help="Print every step.")
@click.option("--plot", metavar="FILE", help="Write a picture of the run.")
@output_options
@click.pass_context
def minimize(
    ctx: click.Context,
    words: tuple[str, ...],
    starts: tuple[str, ...],
    place: str | None,
    method: str,
    learning_rate: float | None,
    tolerance: float | None,
    max_iterations: int,
    steps: bool,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Minimise FORMULA from a start, and tell truthfully whether it converged.

    In a formula, names are variables, ^ is power, and NumPy's elementary functions and the constants pi and e can be
    used. Several variables start by name, or in their order of appearance.
    """
    refuse_unknown_options(words, ctx.command)
    picture = None if plot is None else _picture_place(plot)
    function = _function(words, place)
    x0 = _start(starts, function.names if isinstance(function, Formula) else None)
    from fallline.descent.minimize import minimize as run

    _require_method(method)
    blame = nullcontext() if place is None else blamed_on(Path(place.rpartition(":")[0]))
    with blame:
        result = run(
            function,
            x0,
            method=method,
            learning_rate=learning_rate,
            tolerance=tolerance,
            max_iterations=max_iterations,
            progress=False if quiet else "auto",
        )
        if picture is not None:
            _draw(result, picture)
            tell(f"Wrote {picture}.", quiet)
    if as_json:
        say_json(_report(result, steps))
    else:
        if steps:
            say(f"{result.trace}\n")
        say_outcome(str(result), result.success)
    return ExitCode.CONVERGED if result.success else ExitCode.NOT_CONVERGED


def _picture_place(plot: str) -> Path:
    path = require_writable(plot, "--plot")
    if path.suffix.lower().lstrip(".") not in PICTURES:
        raise InputError(
            f"--plot must be a file whose name ends in {', '.join(PICTURES)}; got {shown(plot)}. "
            "The ending says which kind of picture to write. Name it out.png, say."
        )
    return path


def _function(words: tuple[str, ...], place: str | None) -> Callable[..., Any]:
    if place is not None and words:
        raise InputError(
            f"FORMULA and --function must not be given both; got {shown(words[0])} and {shown(place)}. Leave one out."
        )
    if place is not None:
        return load_function(place)
    if len(words) != 1:
        got = shown(list(words)) if words else "none"
        raise InputError(
            f"FORMULA must be given once; got {got}. A formula with blanks, brackets or a star is one "
            'word only in quotes. Write it like "(x - 1)^2".'
        )
    return parse(words[0])


def _start(starts: tuple[str, ...], names: tuple[str, ...] | None) -> Any:
    """Return the start: a number for one variable, else numbers by name; of a Python function, a list if unnamed."""
    example = " ".join(f"--start {name}=1" for name in names or ("x", "y")[: max(1, len(starts))])
    split = [tuple(text.rpartition("=")[::2]) for text in starts]
    given = [(name.strip(), _number(value, example)) for name, value in split]
    named = [name for name, _ in given if name]
    if not given or (named and len(named) != len(given)):
        got = "none" if not given else "some with a name and some without"
        raise InputError(f"--start must be given for every variable, all by name or none; got {got}. Write {example}.")
    if len(set(named)) != len(named):
        twice = next(name for name in named if named.count(name) > 1)
        raise InputError(f"--start must be given once for every variable; got {twice} twice. Write {example}.")
    if names is None:
        return dict(given) if named else given[0][1] if len(given) == 1 else [value for _, value in given]
    for name in named:
        if name not in names:
            raise InputError(f"--start must name a variable of the formula; got {shown(name)}. {nearest(name, names)}")
    if len(given) != len(names):
        raise InputError(
            f"--start must be given for every variable ({', '.join(names)}); got {len(given)} for {len(names)}. "
            f"Write {example}."
        )
    by_name = dict(given) if named else {name: value for name, (_, value) in zip(names, given, strict=True)}
    return by_name[names[0]] if len(names) == 1 else {name: by_name[name] for name in names}


def _number(text: str, example: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"--start must be a finite number; got {shown(text)}. Write {example}.")
    return value


def _require_method(name: str) -> None:
    """Refuse an unknown method under the option's name."""
    from fallline.methods import known

    names = ["auto", *known()]
    if name.lower() not in names:
        raise InputError(f"--method must be the name of a method; got {shown(name)}. {nearest(name, names)}")


def _draw(result: Result, path: Path) -> None:
    """Write the picture, without the windows that pyplot might want."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    result.plot(ax=figure.add_subplot())
    figure.savefig(path, dpi=150)


def _report(result: Result, steps: bool) -> dict[str, Any]:
    """Return the result under its own names, the trace only where every step is wanted."""
    left_out = {"landscape", "trace"}
    report = {field.name: getattr(result, field.name) for field in fields(result) if field.name not in left_out}
    report["status"] = result.status
    if steps:
        trace = result.trace
        columns = ("iteration", "x", "fun", "gradient_norm", "learning_rate", "step_norm", "seconds")
        report["trace"] = {name: getattr(trace, name) for name in columns}
    return report
