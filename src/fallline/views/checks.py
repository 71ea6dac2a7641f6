"""The answers of `check_gradient` and `find_learning_rate` as text for a terminal."""

from __future__ import annotations

import textwrap

import numpy as np

from fallline.trace import Finding, GradientCheck, RateRange
from fallline.views.words import flat, label, number

__all__ = ["gradient_check_text", "rate_range_text"]

WIDTH = 100
SHOWN = 6
"""Components that are shown, the worst first."""


def gradient_check_text(check: GradientCheck) -> str:
    """Return whether the gradient is right, and where not, its worst components side by side."""
    errors, given, measured = (flat(part) for part in (check.relative_errors, check.given, check.measured))
    count, looked = len(errors), int(np.isfinite(measured).sum())
    if check.ok:
        if looked == count <= 2:
            what = "its one component agrees" if count == 1 else "both components agree"
            slopes = "slope" if count == 1 else "slopes"
        elif looked == count:
            what, slopes = f"all {count:,} components agree", "slopes"
        else:
            what, slopes = (
                f"{looked:,} of {count:,} components, and all that could be told of the others, agree",
                "slopes",
            )
        off = f", {label(check.worst)} the least, to {number(check.error, 2)}" if check.error > 0 else ""
        return "\n".join(_wrapped(f"The gradient is right: {what} with the measured {slopes}{off}."))
    lines = ["The gradient is wrong."]
    for finding in check.findings:
        lines += ["", *_finding(finding)]
    known = np.flatnonzero(np.isfinite(measured))
    apart = np.nan_to_num(errors[known], nan=np.inf)
    worst = known[np.argsort(-apart, kind="stable")[:SHOWN]]
    names = dict(zip(known.tolist(), check.names, strict=True)) if len(known) == len(check.names) else {}
    table = [["component", "given", "measured", "relative error"]]
    for j in map(int, worst):
        row = (number(float(given[j])), number(float(measured[j])), number(float(errors[j]), 3))
        table.append([label(names.get(j, str(j))), *row])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines += ["", *("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in table)]
    if len(known) > SHOWN:
        lines.append(f"The {SHOWN} worst of {len(known):,} components looked at are shown.")
    return "\n".join(lines)


def rate_range_text(found: RateRange) -> str:
    """Return the usable range, the limit and the suggestion, each with what it means."""
    table = {
        "usable": f"{number(found.low, 3)} to {number(found.high, 3)}: below, a run crawls; above, its cost blows up",
        "stable limit": _limit(found),
        "suggestion": number(found.suggestion, 4),
        "method": found.method,
        "measured": f"{len(found.rates)} learning rates from {number(found.rates[0], 3)} to "
        f"{number(found.rates[-1], 3)}, {found.steps} iterations each",
    }
    margin = max(map(len, table)) + 4
    lines = [f"Use a learning rate of about {number(found.suggestion, 3)}.", ""]
    for name, fact in table.items():
        lines += _wrapped(fact, f"  {name:<{margin - 2}}", margin)
    for finding in found.findings:
        lines += ["", *_finding(finding)]
    return "\n".join(lines)


def _limit(found: RateRange) -> str:
    if found.limit is None or found.curvature is None:
        return "none: the method has no limit by curvature, or the function curves upwards nowhere on the way"
    times = found.limit * found.curvature
    symbol = "2/L" if abs(times - 2) < 1e-9 else f"{times:.4g}/L"
    told = f"{symbol} = {number(found.limit, 6)} (L = {number(found.curvature, 6)}, the largest curvature met)"
    # a run may jump out of the steepest place, and go on where the limit is higher
    return f"{told}; runs above it can end well only by leaving the steep place" if found.high > found.limit else told


def _finding(finding: Finding) -> list[str]:
    indent = len(finding.severity) + 2
    return [
        *_wrapped(f"{finding.code}: {finding.message}", f"{finding.severity}  ", indent),
        *_wrapped(finding.remedy, " " * indent, indent),
    ]


def _wrapped(text: str, first: str = "", indent: int = 0) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * indent, break_on_hyphens=False)
