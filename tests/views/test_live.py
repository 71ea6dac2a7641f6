"""The line that shows how a long run goes."""

import io

import pytest

from fallline.trace import Record
from fallline.views.live import LiveLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that goes on by `pace` seconds whenever it is read."""

    def __init__(self, pace: float):
        self.now, self.pace = 0.0, pace

    def __call__(self) -> float:
        self.now += self.pace
        return self.now


def walk(line: LiveLine, steps: int) -> None:
    for k in range(steps):
        line.update(Record(k, 0.0, 2.5, 1.5, 0.1, 0.1, float(k)))


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


def test_a_long_run_on_a_terminal_is_shown_and_cleared():
    """After a second the line shows iteration and cost, and at the end it is gone."""
    out = Terminal()
    line = LiveLine(1000, stream=out, clock=Clock(0.3))
    walk(line, 20)
    assert "iteration 19 of 1,000  fun 2.5  gradient norm 1.5" in out.getvalue().split("\r")[-1]
    line.close()
    assert out.getvalue().endswith("\r\x1b[K")


def test_a_short_run_writes_nothing():
    """Nothing flickers where a run is over within a second."""
    out = Terminal()
    line = LiveLine(stream=out, clock=Clock(0.01))
    walk(line, 50)
    line.close()
    assert out.getvalue() == ""


def test_a_file_gets_nothing():
    """Nothing is written where stderr is not a terminal, or one that cannot move its cursor."""
    out = io.StringIO()
    line = LiveLine(stream=out, clock=Clock(1.0))
    walk(line, 50)
    line.close()
    assert out.getvalue() == ""


def test_a_dumb_terminal_gets_nothing(monkeypatch):
    """A terminal that cannot move its cursor is left alone."""
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal()
    walk(LiveLine(stream=out, clock=Clock(1.0)), 50)
    assert out.getvalue() == ""


def test_it_is_drawn_at_most_ten_times_a_second():
    """A fast run is not slowed down by its display."""
    out = Terminal()
    walk(LiveLine(stream=out, delay=0.0, clock=Clock(0.001)), 1000)
    assert 9 <= out.getvalue().count("\r") <= 11


def test_the_line_never_wraps(monkeypatch):
    """On a narrow terminal the line is cut, not broken."""
    monkeypatch.setenv("COLUMNS", "30")
    out = Terminal()
    walk(LiveLine(stream=out, delay=0.0, clock=Clock(1.0)), 3)
    assert all(len(drawn.removesuffix("\x1b[K")) < 30 for drawn in out.getvalue().split("\r"))
