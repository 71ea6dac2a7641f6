"""A result in words and numbers, as the text, the notebook and the pictures say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fallline.arrays.tensors import as_array, is_tensor
from fallline.trace import Finding, Result, StopReason, Trace

__all__ = ["cells", "facts", "flat", "headings", "headline", "label", "number", "ordered", "outcome"]

SHOWN = 6
"""Parameters that are shown before the rest is left out."""

UNVERIFIED = {
    StopReason.CONVERGED: "In doubt",
    StopReason.DIVERGED: "Diverged",
    StopReason.NOT_FINITE: "Broke down",
    StopReason.UNBOUNDED: "Unbounded",
}


def outcome(result: Result) -> str:
    """Return what became of the run in a few words: ``Converged after 15 iterations``."""
    what = "Converged" if result.success else UNVERIFIED.get(result.reason, "Not converged")
    return f"{what} after {_counted(result.nit, 'iteration')}"


def headline(result: Result) -> str:
    """Return one line that says whether the run succeeded and why it stopped."""
    return f"{outcome(result)}: {result.reason.sentence}."


def facts(result: Result) -> dict[str, str]:
    """Return what there is to know of the answer, as short texts by name."""
    evaluations = f"{_counted(result.nfev, 'time')} the function, {_counted(result.njev, 'time')} its gradient"
    return {
        "x": parameters(result),
        "fun": number(result.fun, 9),
        "gradient norm": number(float(np.linalg.norm(flat(result.trace.layout.parts(result.jac)))), 3),
        "certificate": str(result.certificate),
        "method": result.method,
        "gradient": result.gradient_source,
        "evaluated": evaluations,
        "time": f"{result.seconds:.3g} s",
    }


def parameters(result: Result) -> str:
    """Return the answer, the middle of a long one left out."""
    layout = result.trace.layout
    vector, names = flat(layout.parts(result.x)), layout.names()
    values = [number(value, 9) for value in vector]
    if np.ndim(result.x) == 0 and not isinstance(result.x, (dict, list, tuple)):
        return values[0]
    is_array = isinstance(result.x, np.ndarray) or is_tensor(result.x)
    parts = values if is_array else [f"{label(name)} = {value}" for name, value in zip(names, values, strict=True)]
    count = len(parts)
    if count > SHOWN:
        parts = [*parts[: SHOWN // 2], "…", *parts[-SHOWN // 2 :]]
    text = ", ".join(parts)
    if is_array:
        text = f"[{text}]"
    return text + (f"  ({count:,} numbers)" if count > SHOWN else "")


def headings(trace: Trace) -> list[str]:
    """Return the headings of the table of steps, with at most six parameters."""
    names = [label(name) for name in trace.layout.names()[:SHOWN]]
    return ["iteration", *names, "fun", "gradient norm", "learning rate", "step norm"]


def cells(trace: Trace, row: int) -> list[str]:
    """Return one step under those headings; no rate and no step led to the start."""
    here = [*trace.flat_x[row, :SHOWN], trace.fun[row], trace.gradient_norm[row]]
    led = [trace.learning_rate[row], trace.step_norm[row]]
    is_start = trace.iteration[row] == 0
    return [str(trace.iteration[row]), *map(number, here), *(["-", "-"] if is_start else map(number, led))]


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings, the gravest first."""
    return sorted(findings, key=lambda finding: ("error", "warning", "info").index(finding.severity))


def number(value: float, digits: int = 6) -> str:
    """Return `value` to so many significant digits."""
    return f"{value:.{digits}g}"


def label(name: str, width: int = 24) -> str:
    """Return a parameter's name as a heading: on one line, printable, and shortened."""
    text = "".join(character if character.isprintable() else " " for character in name).strip() or "?"
    return text if len(text) <= width else text[: width - 1] + "…"


def flat(x: Any) -> np.ndarray:
    """Return the numbers in a tree of parameters as one vector, in the order of ``Layout.names``."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        return np.concatenate([flat(part) for part in x]) if x else np.empty(0)
    return np.ravel(as_array(x).astype(float))


def _counted(count: int, unit: str) -> str:
    return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"
