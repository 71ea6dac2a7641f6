"""Many runs as text, as HTML and as a picture."""

from __future__ import annotations

import textwrap
from html import escape
from typing import Any

import numpy as np

from fallline.errors import InputError, nearest, shown
from fallline.trace import Comparison, Finding
from fallline.views.axes import GREY, HUGE, RED, axes_for, literal, scale_y
from fallline.views.display import ComparisonDisplay
from fallline.views.path import thinned
from fallline.views.words import label, number, ordered

__all__ = ["comparison_html", "comparison_plot", "comparison_text"]

WIDTH = 100
ROWS = 30
"""Runs that a table shows; of more, those with the lowest cost."""

LINES = 40
"""Runs whose cost is drawn."""

LEGEND = 12
MANY_RATES = 8
"""Learning rates from which the cost is drawn by rate and not by iteration."""

COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22")
DASHES = ("-", "--", "-.", ":")
CELL = "padding:.15em .8em;text-align:left;background:none;font-variant-numeric:tabular-nums"


def comparison_text(comparison: Comparison) -> str:
    """Return which run was best, the table of the runs, and what they say together."""
    heads, lines = _table(comparison)
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    text = [_headline(comparison), ""]
    for cells in (heads, *lines):
        row = zip(heads, cells, widths, strict=True)
        text += [
            "  ".join(cell.ljust(width) if head in LEFT else cell.rjust(width) for head, cell, width in row).rstrip()
        ]
    if len(comparison) > len(lines):
        text.append(_left_out(comparison, len(lines)))
    for finding in ordered(comparison.diagnosis):
        text += ["", *_wrapped(f"{finding.severity}  {finding.code}: {finding.message} {finding.remedy}")]
    return "\n".join(text)


def comparison_html(comparison: Comparison) -> str:
    """Return the same for a notebook: self-contained, every text escaped."""
    heads, lines = _table(comparison)
    head = "".join(f'<th scope="col" style="{CELL}">{escape(name)}</th>' for name in heads)
    body = "".join(
        "<tr>" + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in cells) + "</tr>" for cells in lines
    )
    more = f"<p>{escape(_left_out(comparison, len(lines)))}</p>" if len(comparison) > len(lines) else ""
    return (
        f"<div><p><strong>{escape(_headline(comparison))}</strong></p>"
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}'
        f"{''.join(_told(finding) for finding in ordered(comparison.diagnosis))}</div>"
    )


def comparison_plot(comparison: Comparison, kind: str = "auto", *, ax: Any = None) -> ComparisonDisplay:
    """Draw the runs and return a Display with ``ax_``, ``figure_`` and the artists; never shows a window.

    Parameters
    ----------
    comparison : Comparison
    kind : str
        As in `Comparison.plot`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Raises
    ------
    InputError
        Where `kind` is unknown, or the rates are no numbers.
    """
    numbers = {rate for rate in comparison.learning_rate if isinstance(rate, float)}
    if kind == "auto":
        kind = "learning-rate" if len(numbers) >= MANY_RATES else "cost"
    if kind not in ("cost", "learning-rate"):
        kinds = ("auto", "cost", "learning-rate")
        raise InputError(f"kind must be the name of a plot; got {shown(kind)}. {nearest(str(kind), kinds)}")
    if kind == "cost":
        return _draw_costs(comparison, axes_for(ax))
    if not numbers:
        raise InputError(
            'kind must be "cost" where no learning rate is a number; got "learning-rate". There is nothing to draw the '
            'cost by. Ask for "cost".'
        )
    return _draw_rates(comparison, axes_for(ax))


LEFT = ("", "method", "stopped", "finding")


def _table(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows of the runs to be shown, as text; the best has a star."""
    order = comparison.order
    chosen = range(len(comparison)) if len(comparison) <= ROWS else order[:ROWS]
    starts = len(np.unique(comparison.start)) > 1
    heads = ["", "method", "learning rate", *(["start"] if starts else [])]
    heads += ["iterations", "cost", "gradient norm", "stopped", "verified", "finding"]
    lines = []
    for run in map(int, chosen):
        result = comparison.results[run]
        rate = comparison.learning_rate[run]
        grave = [finding.code for finding in ordered(result.diagnosis) if finding.severity != "info"]
        lines.append(
            [
                "*" if run == order[0] and np.isfinite(result.fun) else "",
                label(comparison.method[run], 40),
                label(rate, 30) if isinstance(rate, str) else number(rate),
                *([str(comparison.start[run])] if starts else []),
                f"{result.nit:,}",
                number(result.fun),
                number(comparison.gradient_norm[run], 3),
                result.reason.value,
                "yes" if result.success else "no",
                grave[0] if grave else "",
            ]
        )
    return heads, lines


def _headline(comparison: Comparison) -> str:
    """Return one line that says which run was the best, and of how many."""
    best = int(comparison.order[0])
    if not np.isfinite(comparison.fun[best]):
        return (
            f"None of {len(comparison):,} runs has a finite cost." if len(comparison) > 1 else "The cost is not finite."
        )
    rate = comparison.learning_rate[best]
    told = f" at the learning rate {number(rate)}" if isinstance(rate, float) else ""
    begun = f" from start {comparison.start[best]}" if len(np.unique(comparison.start)) > 1 else ""
    runs = f"The best of {len(comparison):,} runs" if len(comparison) > 1 else "The one run"
    count = int(comparison.iterations[best])
    after = f"{count:,} iteration{'s' * (count != 1)}"
    return f"{runs}: {comparison.method[best]}{told}{begun}, cost {number(comparison.fun[best])} after {after}."


def _left_out(comparison: Comparison, count: int) -> str:
    return f"The {count} with the lowest cost of {len(comparison):,} runs are shown; all are in .results."


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="      ", break_on_hyphens=False)


def _told(finding: Finding) -> str:
    return (
        f'<p style="margin:.5em 0"><strong>{finding.severity}</strong> <code>{escape(finding.code)}</code> '
        f"{escape(finding.message)} <em>{escape(finding.remedy)}</em></p>"
    )


def _draw_costs(comparison: Comparison, ax: Any) -> ComparisonDisplay:
    """Draw the cost of each run by iteration, a colour for each method and a dash for each rate; the best is heavy."""
    from matplotlib.ticker import MaxNLocator

    order = comparison.order[:LINES]
    methods = list(dict.fromkeys(comparison.method))
    rates = list(dict.fromkeys(comparison.learning_rate))
    lines, drawn = [], []
    for run in sorted(map(int, order)):
        trace = comparison.results[run].trace
        rows = thinned(trace)
        costs = np.where(np.abs(trace.fun[rows]) < HUGE, trace.fun[rows].astype(float), np.nan)
        is_best = run == order[0]
        style = {
            "color": COLOURS[methods.index(comparison.method[run]) % len(COLOURS)],
            "linestyle": DASHES[rates.index(comparison.learning_rate[run]) % len(DASHES)],
            "linewidth": 2.5 if is_best else 1.2,
            "label": literal(_name(comparison, run)) + (" (best)" if is_best else ""),
        }
        lines.append(ax.plot(trace.iteration[rows], costs, zorder=3 if is_best else 2, **style)[0])
        # the picture is of the runs that came down: one that blew up would squeeze them flat
        drawn.append(costs[costs <= max(trace.fun[0], np.nanmin(costs))])
    _scale_costs(ax, np.concatenate(drawn))
    ax.set(xlabel="iteration", ylabel="cost")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    left = len(comparison) - len(lines)
    ax.set_title(f"the {LINES} of {len(comparison):,} runs with the lowest cost" if left else "", fontsize="medium")
    if len(lines) <= LEGEND:
        ax.legend(fontsize="small")
    return ComparisonDisplay(ax, ax.figure, lines, lines[sorted(map(int, order)).index(int(order[0]))])


def _draw_rates(comparison: Comparison, ax: Any) -> ComparisonDisplay:
    """Draw the cost that each method reached by learning rate, the lowest of its starts; the best has a star."""
    lines = []
    methods, reached = np.array(comparison.method, dtype=object), []
    number_of = np.array([rate if isinstance(rate, float) else np.nan for rate in comparison.learning_rate])
    for place, method in enumerate(dict.fromkeys(comparison.method)):
        own = (methods == method) & np.isfinite(number_of)
        if not own.any():
            continue
        rates = np.unique(number_of[own])
        lowest = np.array([np.fmin.reduce(comparison.fun[own & (number_of == rate)]) for rate in rates])
        costs = np.where(np.abs(lowest) < HUGE, lowest, np.nan)
        reached.append(costs)
        style = {"color": COLOURS[place % len(COLOURS)], "linestyle": DASHES[place % len(DASHES)]}
        markers = {"marker": "o", "markersize": 3} if len(rates) <= 60 else {}
        lines.append(ax.plot(rates, costs, linewidth=1.5, label=literal(label(method, 40)), **style, **markers)[0])
    best = next((int(run) for run in comparison.order if np.isfinite(number_of[run])), 0)
    text = f"best, {number(number_of[best], 3)}"
    style = {"linestyle": "none", "marker": "*", "markersize": 15, "markerfacecolor": RED, "markeredgecolor": "white"}
    star = ax.plot([number_of[best]], [comparison.fun[best]], zorder=12, label=text, **style)[0]
    ax.set_xscale("log")
    _scale_costs(ax, np.concatenate(reached))
    ax.set(xlabel="learning rate", ylabel="lowest cost reached")
    ax.grid(visible=True, color=GREY, alpha=0.2)
    ax.legend(fontsize="small")
    return ComparisonDisplay(ax, ax.figure, lines, star)


def _scale_costs(ax: Any, costs: np.ndarray) -> None:
    """Scale the axis for these costs, and show no more than them."""
    costs = costs[np.isfinite(costs)]
    if not costs.size:
        return
    scale_y(ax, costs)
    low, high = float(costs.min()), float(costs.max())
    if ax.get_yscale() == "log":
        ax.set_ylim(low / (high / low) ** 0.05, high * (high / low) ** 0.05)
    elif high > low:
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))


def _name(comparison: Comparison, run: int) -> str:
    """Return what the legend calls a run."""
    rate = comparison.learning_rate[run]
    parts = [label(comparison.method[run], 30), number(rate, 3) if isinstance(rate, float) else ""]
    if len(np.unique(comparison.start)) > 1:
        parts.append(f"start {comparison.start[run]}")
    return ", ".join(part for part in parts if part)
