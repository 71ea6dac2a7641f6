"""Words and tables for a terminal."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

__all__ = ["bullet", "percent", "table"]

WIDTH = 100


def bullet(sentence: str) -> str:
    """Return a sentence as an item of a list, wrapped."""
    return textwrap.fill(sentence, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False)


def percent(share: float) -> str:
    """Return a share in per cent.

    Examples
    --------
    >>> percent(0.8125)
    '81.25 %'
    """
    return f"{100 * share:.2f} %"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with the first column to the left and the others to the right, whatever the script.

    Examples
    --------
    >>> for line in table(["名", "value"], [("x", "1.5")]):
    ...     print(line)
    名  value
    x     1.5
    """
    widths = [max(map(_width, column)) for column in zip(heads, *rows, strict=True)]
    lines = []
    for cells in (heads, *rows):
        first = cells[0] + " " * (widths[0] - _width(cells[0]))
        others = (" " * (width - _width(cell)) + cell for cell, width in zip(cells[1:], widths[1:], strict=True))
        lines.append("  ".join([first, *others]))
    return lines


def _width(text: str) -> int:
    """Return the columns that a text takes in a terminal, East Asian wide characters taking two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
