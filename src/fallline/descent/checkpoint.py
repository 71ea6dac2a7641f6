"""Checkpoints: a run that was killed goes on to the same bits."""

from __future__ import annotations

import hashlib
import json
import os
import time
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.descent.loop_state import LoopState
from fallline.errors import FileError, InputError, InputTypeError, shown

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["Checkpoint", "SavedRun"]

FORMAT = "fallline checkpoint 1"
LEAST_SECONDS = 0.5
SHARE = 0.05
"""Of the run's time that may go into writing."""


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
        self.lock = self._locked()
        self.written = -np.inf
        self.cost = 0.0

    def close(self) -> None:
        """Let others have the file."""
        self.lock.release()

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
        from safetensors.numpy import save

        began = time.perf_counter()
        text = json.dumps(
            {"problem": run.problem, "source": run.source, "told": run.told, "numbers": run.state.numbers}
        )
        arrays = {name: np.asarray(array, order="C") for name, array in run.state.arrays.items()}
        header = {"format": FORMAT, "run": text, "checksum": _checksum(text, arrays)}
        part = self.path.with_name(f"{self.path.name}.part-{os.getpid()}")
        try:
            with part.open("wb") as file:
                file.write(save(arrays, metadata=header))
                file.flush()
                os.fsync(file.fileno())
            if self.path.exists():
                self.path.replace(self.previous)
            part.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
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
        from safetensors import SafetensorError, safe_open

        path = self.path
        if not path.exists():
            if not self.previous.exists():
                return None
            path = self.previous  # killed between two renames
        try:
            with safe_open(path, framework="numpy") as file:
                header = file.metadata() or {}
                arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
        except (SafetensorError, OSError) as error:
            raise self._refused(path, f"it cannot be read ({error})") from error
        if header.get("format") != FORMAT:
            raise self._refused(path, "it holds something else")
        if header.get("checksum") != _checksum(header.get("run", ""), arrays):
            raise self._refused(path, "its checksum does not match")
        saved = json.loads(header["run"])
        return SavedRun(saved["problem"], saved["source"], saved["told"], LoopState(arrays, saved["numbers"]))

    def check(self, saved: SavedRun, problem: dict[str, Any]) -> None:
        """Refuse a run of another problem, saying in what they differ.

        Raises
        ------
        InputError
            Where they differ.
        """
        differ = [name for name, mark in problem.items() if not _same(mark, saved.problem.get(name))]
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


def _same(mark: Any, saved: Any) -> bool:
    """Tell whether two marks agree: numbers to a few digits, as another machine may round differently."""
    if isinstance(mark, list):
        return isinstance(saved, list) and np.allclose(mark, saved, rtol=1e-6, atol=0, equal_nan=True)
    return mark == saved


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checksum(text: str, arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
