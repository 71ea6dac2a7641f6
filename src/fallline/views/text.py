"""Results and traces as text for a terminal."""

from __future__ import annotations

import textwrap

from fallline.trace import Finding, Result, Trace
from fallline.views.words import SHOWN, cells, facts, headings, headline, ordered

__all__ = ["result_text", "trace_text"]

WIDTH = 100
LINES = 40
"""A result takes no more lines than this."""

ROWS = 1000
"""A trace takes no more rows than this; those in the middle are left out."""


def result_text(result: Result) -> str:
    """Return a result in at most 40 lines: the outcome, the answer, how good it is, and every finding."""
    lines = [headline(result), ""]
    table = facts(result)
    margin = max(map(len, table)) + 4
    for name, fact in table.items():
        lines += _paragraph(fact, f"  {name:<{margin - 2}}", margin)
    blocks = [_finding(finding) for finding in ordered(result.diagnosis)]
    shown = 0
    for block in blocks:
        if len(lines) + len(block) + 1 > LINES - 2 * (shown + 1 < len(blocks)):
            break
        lines += ["", *block]
        shown += 1
    if shown < len(blocks):
        left = len(blocks) - shown
        lines += ["", f"{left} more finding{'s' * (left > 1)} in .diagnosis"]
    return "\n".join(lines)


def trace_text(trace: Trace) -> str:
    """Return the trace as a table, a step on a line: of more than 1,000 steps the first and the last 500."""
    names = trace.layout.names()
    count = len(trace)
    rows = [*range(count)] if count <= ROWS else [*range(ROWS // 2), *range(count - ROWS // 2, count)]
    table = [headings(trace), *(cells(trace, row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in table]
    if count > ROWS:
        lines.insert(1 + ROWS // 2, f"… {count - ROWS:,} steps left out …")
    if len(names) > SHOWN:
        lines.append(f"The first {SHOWN} of {len(names):,} parameters are shown.")
    return "\n".join(lines)


def _finding(finding: Finding) -> list[str]:
    indent = len(finding.severity) + 2
    return [
        *_paragraph(f"{finding.code}: {finding.message}", f"{finding.severity}  ", indent),
        *_paragraph(finding.remedy, " " * indent, indent),
    ]


def _paragraph(text: str, first: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * indent, break_on_hyphens=False)
