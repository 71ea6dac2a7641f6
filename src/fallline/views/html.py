"""Results and traces as HTML for a notebook: self-contained, readable on light and dark, every text escaped."""

from __future__ import annotations

from html import escape

import numpy as np

from fallline.trace import Finding, Result, Trace
from fallline.views.path import thinned
from fallline.views.words import SHOWN, cells, facts, headings, headline, number, ordered

__all__ = ["result_html", "trace_html"]

ROWS = 60
"""A trace shows no more rows than this; those in the middle are left out."""

LINE = "1px solid rgba(128,128,128,.35)"
CELL = "padding:.15em .8em;text-align:left;background:none;font-variant-numeric:tabular-nums;vertical-align:top"
SEVERITY = {"error": ("#d62728", "✗"), "warning": ("#b8860b", "!"), "info": ("#1f77b4", "i")}


def result_html(result: Result) -> str:
    """Return a result as a small table with its cost history and its findings."""
    colour, sign = ("#2ca02c", "✓") if result.success else ("#d62728", "✗")
    rows = "".join(
        f'<tr><th scope="row" style="{CELL};font-weight:600">{escape(name)}</th>'
        f'<td style="{CELL}">{escape(fact)}</td></tr>'
        for name, fact in facts(result).items()
    )
    return (
        f'<div style="border-left:4px solid {colour};padding:.2em 0 .2em .8em;max-width:60em">'
        f"<p><strong>{sign} {escape(headline(result))}</strong></p>"
        f'<table style="border-collapse:collapse">{rows}</table>'
        f"{_sparkline(result.trace)}{''.join(_finding(finding) for finding in ordered(result.diagnosis))}</div>"
    )


def trace_html(trace: Trace) -> str:
    """Return the trace as a table: of more than 60 steps the first and the last 30."""
    names = trace.layout.names()
    heads = headings(trace)
    head = "".join(f'<th scope="col" style="{CELL};text-align:right">{escape(name)}</th>' for name in heads)
    count = len(trace)
    rows = [*range(count)] if count <= ROWS else [*range(ROWS // 2), *range(count - ROWS // 2, count)]
    lines = [_row(trace, row) for row in rows]
    if count > ROWS:
        note = f"… {count - ROWS:,} steps left out …"
        lines.insert(ROWS // 2, f'<tr><td colspan="{len(heads)}" style="{CELL};text-align:center">{note}</td></tr>')
    caption = f"<caption>The first {SHOWN} of {len(names):,} parameters are shown.</caption>" * (len(names) > SHOWN)
    return (
        f'<table style="border-collapse:collapse">{caption}<thead style="border-bottom:{LINE}"><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _row(trace: Trace, row: int) -> str:
    columns = "".join(f'<td style="{CELL};text-align:right">{cell}</td>' for cell in cells(trace, row))
    return f"<tr>{columns}</tr>"


def _finding(finding: Finding) -> str:
    colour, sign = SEVERITY[finding.severity]
    return (
        f'<p style="margin:.5em 0"><strong style="color:{colour}">{sign} {finding.severity}</strong> '
        f"<code>{escape(finding.code)}</code> {escape(finding.message)} <em>{escape(finding.remedy)}</em></p>"
    )


def _sparkline(trace: Trace) -> str:
    """Return the cost history as a small SVG line, on a logarithmic scale where every cost is positive."""
    rows = thinned(trace, 200)
    k, costs = trace.iteration[rows], trace.fun[rows].astype(float)
    finite = np.isfinite(costs)
    k, costs = k[finite], costs[finite]
    if len(k) < 2 or costs.max() == costs.min():
        return ""
    is_log = bool((costs > 0).all())
    heights = np.log10(costs) if is_log else costs
    across = 4 + 232 * (k - k[0]) / (k[-1] - k[0])
    down = 4 + 52 * (heights.max() - heights) / (heights.max() - heights.min())
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))
    scale = "logarithmic" if is_log else "linear"
    said = f"Cost by iteration, {scale} scale: from {number(costs[0], 3)} to {number(costs[-1], 3)}"
    return (
        f'<figure style="margin:.5em .8em"><svg role="img" aria-label="{said}" width="240" height="60" '
        f'viewBox="0 0 240 60"><polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
        f'<figcaption style="font-size:smaller">{said}</figcaption></figure>'
    )
