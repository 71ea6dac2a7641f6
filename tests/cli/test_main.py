"""The program: its commands, its help, and one line for every error."""

import subprocess
import sys

import click
import pytest

import fallline
from fallline.cli import main


def command_that(monkeypatch, body):
    """Make ``fallline fit`` run `body`."""
    monkeypatch.setattr(main.Commands, "get_command", lambda self, ctx, name: click.Command("fit", callback=body))


def test_help_lists_the_commands_without_importing_them():
    """--help is quick: it names every command and loads none."""
    program = (
        "import sys; from fallline.cli.main import run; run(['--help']);"
        "sys.exit('fallline.cli.minimize' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert all(command in done.stdout for command in main.COMMANDS)
    assert "Exit codes: 0" in done.stdout


def test_the_module_runs_as_a_program():
    """``python -m fallline`` is the program."""
    done = subprocess.run([sys.executable, "-m", "fallline", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"fallline {fallline.__version__}\n"


def test_no_command_shows_the_help(capsys):
    """Without a command the program says what it can do."""
    assert main.run([]) == 0
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["minimise"], ["--nonsense"], ["minimize", "x", "--start"]])
def test_bad_usage_is_one_line(words, capsys):
    """Bad usage is exit code 2 and one line on stderr, without a usage block."""
    assert main.run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "Usage" not in err


def test_an_unknown_command_is_told_the_nearest(capsys):
    """A misspelt command is answered with the right one."""
    main.run(["minimise"])
    assert "Did you mean 'minimize'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (fallline.errors.InputError("x must be\nfinite."), 2, "fallline: x must be finite."),
        (PermissionError(13, "Permission denied", "out.png"), 2, "Permission denied"),
        (KeyError("w"), 101, "internal error, KeyError at test_main.py"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_every_error_is_one_line_and_a_code(error, code, told, monkeypatch, capsys):
    """Whatever goes wrong, the user sees one line and the shell a code."""

    def fail():
        raise error

    command_that(monkeypatch, fail)
    assert main.run(["fit"]) == code
    err = capsys.readouterr().err.strip()
    assert told in err
    assert "\n" not in err


def test_a_commands_code_is_the_programs(monkeypatch):
    """What a command returns is the exit code; nothing returned is success."""
    command_that(monkeypatch, lambda: 1)
    assert main.run(["fit"]) == 1
    command_that(monkeypatch, lambda: None)
    assert main.run(["fit"]) == 0
