"""What the commands share."""

import io
import json
import sys

import numpy as np
import pytest

from fallline.cli.terminal import ExitCode, plain, require_writable, say_json, say_outcome, strict, tell
from fallline.errors import FileError
from fallline.trace import Certificate, StopReason


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_json_is_strict(capsys):
    """Numbers that are not finite become null, and everything else what JSON has for it."""
    certificate = Certificate("bound", np.inf, 0.5, np.nan, "text")
    value = {
        "x": np.array([1.0, np.nan]),
        "n": np.int64(3),
        "reason": StopReason.DIVERGED,
        "c": certificate,
        1: (None,),
    }
    say_json(value)
    read = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert read["x"] == [1.0, None]
    assert (read["n"], read["reason"], read["1"]) == (3, "diverged", [None])
    assert read["c"] == {"kind": "bound", "gap": None, "distance": 0.5, "smallest_curvature": None, "text": "text"}


def test_json_keeps_single_precision_and_truth():
    """A float32 and a truth value stay what they are."""
    assert strict({"a": np.float32(0.5), "b": np.True_, "c": True}) == {"a": 0.5, "b": True, "c": True}


def test_no_control_character_is_written(capsys):
    """Names with escape sequences in them cannot command a terminal."""
    assert plain("a\tb\n\x1b[31mc\x9b\r\u202e") == "a\tb\n\\x1b[31mc\\x9b\\r\\u202e"
    tell("\x1b]0;title\x07")
    assert "\x1b" not in capsys.readouterr().err


def test_quiet_messages_are_not_written(capsys):
    """With --quiet stderr stays empty."""
    tell("Wrote out.png.", quiet=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("success", "code"), [(True, "32"), (False, "31")])
def test_the_first_line_is_coloured_on_a_terminal(success, code, monkeypatch):
    """Success is green and failure red on a terminal, in words everywhere."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Terminal())
    say_outcome("First.\nSecond.", success)
    assert sys.stdout.getvalue().startswith(f"\x1b[{code}m\x1b[1mFirst.\x1b[0m\nSecond.")


def test_no_color_is_honoured(monkeypatch):
    """With NO_COLOR set nothing is coloured."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", Terminal())
    say_outcome("First.", True)
    assert sys.stdout.getvalue() == "First.\n"


def test_places_that_cannot_be_written_are_refused(tmp_path):
    """A folder, a missing folder or an unwritable one is refused before any work, by the option's name."""
    assert require_writable(tmp_path / "out.png", "--plot") == tmp_path / "out.png"
    with pytest.raises(FileError, match=r"--plot must be a file that can be written; got .*That is a folder"):
        require_writable(tmp_path, "--plot")
    with pytest.raises(FileError, match=r"There is no folder .*Make it first"):
        require_writable(tmp_path / "no" / "out.png", "--plot")


def test_a_protected_place_is_refused(tmp_path, monkeypatch):
    """A place that may not be written is refused before any work."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(FileError, match=r"It may not be written"):
        require_writable(tmp_path / "out.png", "--plot")


def test_exit_codes_are_those_in_the_help():
    """The shell is told 0, 1, 2 or 101."""
    assert [ExitCode.CONVERGED, ExitCode.NOT_CONVERGED, ExitCode.BAD_INPUT, ExitCode.INTERNAL_ERROR] == [0, 1, 2, 101]
