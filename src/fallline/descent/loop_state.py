"""All that a run needs to go on in another process, as arrays and JSON."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fallline.descent.loop import Loop
from fallline.descent.nested import decoded, encoded
from fallline.objectives.base import Counts, Objective
from fallline.trace import Rows, StopReason
from fallline.trace.recorder import NAMES

__all__ = ["LoopState", "continues", "restore", "state_of"]

PINS = ("first", "last", "best", "broken")


class LoopState(NamedTuple):
    """A run between two blocks: arrays by name, and the rest as what JSON can hold."""

    arrays: dict[str, np.ndarray]
    numbers: dict[str, Any]


def state_of(loop: Loop, objective: Objective) -> LoopState:
    """Return where a run stands."""
    recorder = loop.recorder
    if loop.reason is not None:
        loop.engine.method_state(loop.kept)  # an engine that ran ahead goes back to the last step kept
    arrays = {f"engine.{i}": leaf for i, leaf in enumerate(loop.engine.state())}
    kept = recorder.rows()
    if kept is not None:
        arrays |= _columns("rows", kept)
    for name in PINS:
        pin = getattr(recorder, name)
        if pin is not None:
            arrays |= _columns(name, pin)
    numbers = {
        "iteration": loop.iteration,
        "evaluations": loop.evaluations,
        "kept": loop.kept,
        "elapsed": loop.elapsed,
        "reason": None if loop.reason is None else loop.reason.value,
        "stride": recorder.stride,
        "counts": vars(objective.counts),
        "rule": encoded(loop.rule_state),
        "watch": None if loop.optimality is None else encoded(loop.optimality.state()),
    }
    return LoopState(arrays, numbers)


def restore(loop: Loop, objective: Objective, state: LoopState) -> None:
    """Bring a new loop to where another one stood."""
    arrays, numbers = state
    loop.engine.start()
    count = sum(name.startswith("engine.") for name in arrays)
    loop.engine.restore([arrays[f"engine.{i}"] for i in range(count)])
    rows = Rows(*(arrays[f"rows.{name}"] for name in NAMES)) if "rows.fun" in arrays else None
    pins = {pin: Rows(*(arrays[f"{pin}.{name}"] for name in NAMES)) for pin in PINS if f"{pin}.fun" in arrays}
    loop.recorder.restore(rows, numbers["stride"], pins)
    loop.before = loop.recorder.last
    loop.iteration, loop.evaluations, loop.kept = (numbers[key] for key in ("iteration", "evaluations", "kept"))
    loop.started -= numbers["elapsed"]
    loop.reason = None if numbers["reason"] is None else StopReason(numbers["reason"])
    loop.rule_state = decoded(numbers["rule"])
    if loop.optimality is not None:
        loop.optimality.restore(decoded(numbers["watch"]))
    objective.counts = Counts(**numbers["counts"])


def continues(state: LoopState, max_iterations: int) -> bool:
    """Tell whether a run goes on: it has more iterations to make now, or was stopped by its callback."""
    numbers = state.numbers
    used_up = numbers["reason"] == StopReason.MAX_ITERATIONS.value
    return numbers["reason"] == StopReason.CALLBACK.value or (used_up and numbers["iteration"] < max_iterations)


def _columns(name: str, rows: Rows) -> dict[str, np.ndarray]:
    return {f"{name}.{column}": np.ascontiguousarray(getattr(rows, column)) for column in NAMES}
