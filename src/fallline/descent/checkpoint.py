"""Checkpoints: a run that was killed goes on to the same bits."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.arrays.files import UnreadableError, read_arrays, write_arrays
from fallline.descent.loop import Loop, Run
from fallline.descent.loop_state import LoopState, continues, restore, state_of
from fallline.errors import FileError, InputError, InputTypeError, shown
from fallline.objectives.base import Counts, Objective
from fallline.trace import StopReason

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["Checkpoint", "SavedRun", "points_marked"]

FORMAT = "fallline checkpoint 1"
LEAST_SECONDS = 0.5
SHARE = 0.05
"""Of the run's time that may go into writing."""

DIRECTIONS = 8
COARSE = 1e-3
"""The share by which numbers may differ where they are no better: of single precision, or measured by differences."""


class SavedRun:
    """What a checkpoint holds: the problem's marks, the gradient's source, what was told, and where the run stood."""

    def __init__(self, problem: dict[str, Any], source: str, told: list[dict[str, Any]], state: LoopState) -> None:
        self.problem, self.source, self.told, self.state = problem, source, told, state


class Checkpoint:
    """A checkpoint file in use by one run: nobody else may write to it meanwhile.

    Parameters
    ----------
    path : str or path
        The file. Beside it lie ``.previous``, the one before, and ``.lock``.

    Raises
    ------
    FileError
        Where the place cannot be written to, or another run uses it.
    InputTypeError
        Where it is no path.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        if not isinstance(path, (str, PathLike)):
            raise InputTypeError(f'checkpoint must be a path; got {shown(path)}. Write checkpoint="run.ckpt", say.')
        self.path = Path(path)
        self.previous = self.path.with_name(self.path.name + ".previous")
        self.problem: dict[str, Any] = {}
        self.lock = self._locked()
        self.written = -np.inf
        self.cost = 0.0

    def close(self) -> None:
        """Let others have the file."""
        self.lock.release()

    def run(
        self, loop: Loop, objective: Objective, most: int, saved: SavedRun | None, told: list[dict[str, Any]]
    ) -> Run:
        """Descend to the end, by at most so many steps, from where a saved run stood if there is one.

        `told` is kept with the run: findings that another process would not make again.
        """
        if saved is not None:
            restore(loop, objective, saved.state)
            if continues(saved.state, most):
                loop.reason = None
        loop.end_blocks_sooner()
        for _ in loop.steps(most):
            if loop.reason is None and self.due():
                self._keep(loop, objective, told)
        if loop.reason is not StopReason.INTERRUPTED and not loop.cut:
            self._keep(loop, objective, told)
        return loop.finish(StopReason.INTERRUPTED)

    def _keep(self, loop: Loop, objective: Objective, told: list[dict[str, Any]]) -> None:
        self.write(SavedRun(self.problem, objective.source, told, state_of(loop, objective)))

    def due(self) -> bool:
        """Tell whether it is time to write again: after half a second, or so much later that writing stays cheap."""
        return time.perf_counter() - self.written >= max(LEAST_SECONDS, self.cost / SHARE)

    def write(self, run: SavedRun) -> None:
        """Write a run, whole or not at all; the file before it is kept as the previous one.

        Raises
        ------
        FileError
            Where it cannot be written; the last one is kept.
        """
        began = time.perf_counter()
        text = json.dumps(
            {"problem": run.problem, "source": run.source, "told": run.told, "numbers": run.state.numbers}
        )
        try:
            write_arrays(self.path, FORMAT, text, run.state.arrays, self.previous)
        except OSError as error:
            raise FileError(
                f"checkpoint must be a file that can be written; got {os.fspath(self.path)!r}: {error.strerror}. The "
                "run was stopped, and the last checkpoint is kept. Make room, and make the same call to go on from it."
            ) from error
        self.written = time.perf_counter()
        self.cost = self.written - began

    def read(self) -> SavedRun | None:
        """Return the run in the file, None where there is none yet.

        Raises
        ------
        FileError
            Where the file is no checkpoint, or was cut short or altered.
        """
        path = self.path
        if not path.exists():
            if not self.previous.exists():
                return None
            path = self.previous  # killed between two renames
        try:
            text, arrays = read_arrays(path, FORMAT)
        except UnreadableError as error:
            raise self._refused(path, str(error)) from error
        saved = json.loads(text)
        return SavedRun(saved["problem"], saved["source"], saved["told"], LoopState(arrays, saved["numbers"]))

    def check(self, saved: SavedRun) -> None:
        """Refuse a run of another problem than this file is now used for, saying in what they differ.

        Raises
        ------
        InputError
            Where they differ.
        """
        differ = [_difference(name, mark, saved.problem.get(name)) for name, mark in self.problem.items()]
        # other values follow from what else differs
        told = [name for name in differ if name and " at the " not in name]
        self._check_same(told or [name for name in differ if name])

    def check_cost(self, saved: SavedRun, value: Callable[[np.ndarray], float]) -> None:
        """Refuse a run whose last point has another cost now, by `value`.

        Raises
        ------
        InputError
            Where it has.
        """
        x, fun = (saved.state.arrays[f"last.{name}"][0] for name in ("x", "fun"))
        # rounding is that of the terms of a sum, not of the sum
        scale = 1e-6 * abs(float(saved.state.arrays["first.fun"][0]))
        here = {"numbers": [value(np.ascontiguousarray(x))], "scale": scale, "within": _within(x.dtype)}
        self._check_same([] if _same(here, {"numbers": [float(fun)]}) else ["value at the point it reached"])

    def _check_same(self, differ: list[str]) -> None:
        if differ:
            raise InputError(
                f"checkpoint must be one of the same call; got {os.fspath(self.path)!r}, where another "
                f"{' and another '.join(differ)} was used. A run can only go on as it began. Make the same call, or "
                "name another file."
            )

    def _refused(self, path: Path, why: str) -> FileError:
        hint = f" The one before it is {os.fspath(self.previous)!r}: rename it to go on from there."
        hint = hint if self.previous.exists() and path != self.previous else ""
        return FileError(
            f"checkpoint must be an unaltered file of fallline's; got {os.fspath(path)!r}: {why}. Nothing was changed. "
            f"Name another file, or move this one away.{hint}"
        )

    def _locked(self) -> BaseFileLock:
        from filelock import FileLock, Timeout

        place = self.path.with_name(self.path.name + ".lock")
        try:
            self.path.parent.stat()  # a lock would make the folder
            lock = FileLock(place, timeout=0)
            lock.acquire()
        except Timeout:
            raise FileError(
                f"checkpoint must be a file that no other run uses; got {os.fspath(self.path)!r}. Two runs would "
                "overwrite each other's. Wait for the other one, or name another file."
            ) from None
        except OSError as error:
            raise FileError(
                f"checkpoint must be a file that can be written; got {os.fspath(self.path)!r}: {error.strerror}. "
                "Name another place."
            ) from error
        return lock


def points_marked(objective: Objective, start: np.ndarray) -> dict[str, Any]:
    """Return marks of the cost and the gradient at the start and at a point near by; nothing is counted.

    Gradients are marked by their products with a few random directions: whatever changes in them changes these.
    """
    before = Counts(**vars(objective.counts))
    random = np.random.default_rng(20)
    within = _within(start.dtype) if objective.exact else COARSE
    found, x = {}, start
    for place in ("start", "point near by"):
        cost, gradient = objective.value_and_gradient(x)
        products = random.standard_normal((DIRECTIONS, x.size)) @ gradient.astype(np.float64)
        found[f"value at the {place}"] = {"numbers": [float(cost)], "scale": 0.0, "within": within}
        scale = float(np.linalg.norm(gradient))
        found[f"gradient at the {place}"] = {"numbers": products.tolist(), "scale": scale, "within": within}
        # by a hundredth of each parameter, downhill: a run may go there too
        reach = np.where(x == 0, 1.0, np.abs(x)) * random.uniform(0.005, 0.01, x.size)
        x = (x - reach * np.sign(gradient)).astype(x.dtype)
        x = x if objective.penalty is None else np.asarray(objective.penalty.prox(x, 0.0))
    objective.counts = before
    return found


def _within(dtype: np.dtype) -> float:
    return 1e-6 if dtype == np.float64 else COARSE


def _difference(name: str, mark: Any, saved: Any) -> str:
    """Return in what a call differs from the saved one by this mark, "" where it does not."""
    if not isinstance(mark, dict) or "numbers" in mark:
        return "" if _same(mark, saved) else name
    if not isinstance(saved, dict):
        return name
    changed = [part for part in mark.keys() & saved.keys() if mark[part] != saved[part]]
    if not changed:
        return ""
    return name if "" in changed else f"{name} ({' and '.join(sorted(changed))} changed)"


def _same(mark: Any, saved: Any) -> bool:
    """Tell whether two marks agree: numbers to a few digits, as another machine may round differently."""
    if isinstance(mark, dict):
        within = {"rtol": mark["within"], "atol": mark["within"] * mark["scale"], "equal_nan": True}
        return saved is not None and np.allclose(mark["numbers"], saved["numbers"], **within)
    return mark == saved
