"""The line on a terminal that shows how a long run goes."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

from fallline.trace import Record

__all__ = ["LiveLine"]

PERIOD = 0.1
"""Seconds between two drawings."""


class LiveLine:
    """A line on stderr that is drawn anew as the run goes, and cleared at its end.

    Nothing is ever written unless the stream is a terminal, nor in the first second.

    Parameters
    ----------
    limit : int, optional
        The iterations allowed, to show the share done.
    stream : text stream, optional
        By default stderr.
    delay : float
        Seconds before the line appears.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self,
        limit: int | None = None,
        *,
        stream: TextIO | None = None,
        delay: float = 1.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._limit = limit
        self._clock = clock
        self._due = clock() + delay
        self._drawn = False
        self._is_terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def wanted(self) -> bool:
        """Whether anything will ever be drawn."""
        return self._is_terminal

    def update(self, record: Record) -> None:
        """Show a step, where a drawing is due."""
        if not self._is_terminal or (now := self._clock()) < self._due:
            return
        self._due = now + PERIOD
        share = f" of {self._limit:,}" if self._limit else ""
        text = (
            f"iteration {record.iteration:,}{share}  fun {record.fun:.6g}  gradient norm {record.gradient_norm:.3g}  "
            f"{record.seconds:.0f} s"
        )
        width = shutil.get_terminal_size().columns - 1
        self._write(f"\r{text[:width]}\x1b[K")
        self._drawn = True

    def close(self) -> None:
        """Clear the line."""
        if self._drawn:
            self._write("\r\x1b[K")
            self._drawn = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
