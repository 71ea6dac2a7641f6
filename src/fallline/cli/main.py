"""The program ``fallline``: finds the command, runs it, and turns every error into one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import click

from fallline import __version__
from fallline.cli.terminal import ExitCode, tell
from fallline.errors import FalllineError, nearest, shown

__all__ = ["main", "run"]


class Entry(NamedTuple):
    """Where a command is found, and what it does in one line."""

    place: str
    summary: str


COMMANDS = {
    "minimize": Entry("fallline.cli.minimize:minimize", "Minimise a formula or a Python function."),
    "fit": Entry("fallline.cli.fit:fit", "Fit a model to a table in a file."),
}


class Commands(click.Group):
    """The commands of the table above, each imported only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            raise click.UsageError(
                f"COMMAND must be one of fallline's; got {shown(cmd_name)}. {nearest(cmd_name, COMMANDS)}"
            )
        module, name = COMMANDS[cmd_name].place.split(":")
        return getattr(import_module(module), name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.group(
    "fallline",
    cls=Commands,
    invoke_without_command=True,
    epilog="Exit codes: 0 converged or done, 1 ran but did not converge, 2 bad usage or input, 101 internal error.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context) -> None:
    """Gradient descent with every step on view and every claim checked."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the program on the words of the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]
    sys.exit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Run one command and return its exit code; nothing but one line on stderr tells of an error."""
    try:
        # What there is to warn of stands among the findings of the result.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = program.main(list(words), "fallline", standalone_mode=False)
        sys.stdout.flush()
        return ExitCode.CONVERGED if code is None else int(code)
    except click.exceptions.Abort:
        tell("fallline: interrupted")
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        return _refuse(error.format_message())
    except BrokenPipeError:
        # The reader of our output has left, as `head` does; Python's own flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.CONVERGED
    except (FalllineError, OSError) as error:
        return _refuse(str(error))
    except Exception as error:  # noqa: BLE001 - the outermost place there is: what passes here would be a traceback
        tell(_internal(error))
        return ExitCode.INTERNAL_ERROR


def _refuse(message: str) -> int:
    tell(f"fallline: {' '.join(message.split())}")
    return ExitCode.BAD_INPUT


def _internal(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"fallline: internal error, {type(error).__name__} at {Path(place.filename).name}:{place.lineno}: "
        f"{shown(str(error), 200)}. The fault is fallline's: please report this line and the command that you gave."
    )
