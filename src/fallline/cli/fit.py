"""``fallline fit``: fit a model to a table in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fallline.cli.options import Number, Whole
from fallline.cli.terminal import ExitCode, output_options, require_writable, say_json, say_outcome, tell
from fallline.errors import InputError, nearest, shown

__all__ = ["fit"]

RATE = Number("Try 0.01, or leave it out: none is needed.")
TOLERANCE = Number("It is a share of the constant model's cost. The default is 1e-6.")
ITERATIONS = Whole(1, "It counts updates. The default is 1000.")
FRACTION = Number("Write 0.2 to hold out a fifth of the rows, 0 for none.", positive=False)
SEED = Whole(0, "It settles which rows are held out. The default is 0.")
MODELS = ("auto", "linear", "logistic")
PICTURES = (".png", ".pdf", ".svg", ".jpg", ".jpeg", ".webp")


@click.command("fit")
@click.argument("data", metavar="DATA")
@click.option("--target", required=True, metavar="COLUMN", help="The column to predict.")
@click.option("--exclude", multiple=True, metavar="COLUMN", help="A column to leave aside; may be repeated.")
@click.option(
    "--model",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, linear or logistic; auto goes by the target.",
)
@click.option("--method", default="auto", show_default=True, metavar="NAME", help="The method, such as gd or adam.")
@click.option("--learning-rate", type=RATE, help="A fixed learning rate; by default none is needed.")
@click.option("--max-iterations", type=ITERATIONS, default=1000, show_default=True, help="Updates allowed.")
@click.option("--tolerance", type=TOLERANCE, default=1e-6, show_default=True, help="Share of the cost that may remain.")
@click.option("--test-fraction", type=FRACTION, default=0.2, show_default=True, help="Share of the rows held out.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Settles which rows are held out.")
@click.option("--plot", metavar="FILE", help="Write a picture of the cost history.")
@output_options
def fit(
    data: str,
    target: str,
    exclude: tuple[str, ...],
    model: str,
    method: str,
    learning_rate: float | None,
    max_iterations: int,
    tolerance: float,
    test_fraction: float,
    seed: int,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    r"""Fit a model to the table in DATA, and tell how good it is and whether it converged.

    DATA is a CSV (also .gz, .zst), Parquet, Feather or Arrow file. Columns of numbers, dates and true/false are used as
    numbers, text as categories; a part of the rows is held out to score the model on.

    \b
      fallline fit diamonds.csv --target price
      fallline fit diamonds.csv --target price --method gd --learning-rate 0.1
    """
    picture = None if plot is None else _picture_place(plot)
    if not 0 <= test_fraction < 1:
        raise InputError(
            f"--test-fraction must be at least 0 and below 1; got {test_fraction:g}. It is the share of the rows held "
            "out. Write 0.2 for a fifth."
        )
    if model not in MODELS:
        raise InputError(f"--model must be the name of a model; got {shown(model)}. {nearest(model, MODELS)}")
    _require_method(method)
    from fallline.cli.fit_report import Fitted, fit_dataset, report, text
    from fallline.data.dataset import load_dataset

    tell(f"Reading {data} …", quiet)
    dataset = load_dataset(data, target, exclude)
    settings: dict[str, Any] = {
        "method": method,
        "learning_rate": learning_rate,
        "max_iter": max_iterations,
        "tol": tolerance,
    }
    tell(f"Fitting {len(dataset):,} rows …", quiet)
    fitted: Fitted = fit_dataset(dataset, model, settings, test_fraction, seed)
    if picture is not None:
        _draw(fitted.model, picture)
        tell(f"Wrote {picture}.", quiet)
    if as_json:
        say_json(report(fitted))
    else:
        say_outcome(text(fitted, Path(data).name), fitted.model.converged_)
    return ExitCode.CONVERGED if fitted.model.converged_ else ExitCode.NOT_CONVERGED


def _picture_place(plot: str) -> Path:
    path = require_writable(plot, "--plot")
    if path.suffix.lower() not in PICTURES:
        raise InputError(
            f"--plot must be a file whose name ends in {', '.join(PICTURES)}; got {shown(plot)}. "
            "The ending says which kind of picture to write. Name it out.png, say."
        )
    return path


def _require_method(name: str) -> None:
    """Refuse an unknown method under the option's name, before the file is read."""
    from fallline.methods import known

    names = ["auto", *known()]
    if name.lower() not in names:
        raise InputError(f"--method must be the name of a method; got {shown(name)}. {nearest(name, names)}")


def _draw(model: Any, path: Path) -> None:
    """Write the picture, without the windows that pyplot might want."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    model.plot(ax=figure.add_subplot())
    figure.savefig(path, dpi=150)
