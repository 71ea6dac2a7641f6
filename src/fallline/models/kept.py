"""Fits kept in a file: known again by what they are of, and gone on with."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.data.digest import digest_of
from fallline.descent.checkpoint import Checkpoint
from fallline.descent.fingerprint import fingerprint
from fallline.descent.loop import Loop, Run
from fallline.models.settings import Settings
from fallline.objectives.base import Objective
from fallline.objectives.rows import RowsObjective

__all__ = ["WAY", "KeptFit", "marks_of"]

UNMARKED = ("max_iter", "verbose")
"""Settings by which a fit that goes on may differ."""

WAY = "way of updating"
"""The mark that a fit which goes on takes over: a larger `max_iter` would lead to another."""


class KeptFit:
    """A fit that is written to a file as it goes, and starts from where the file says it stood.

    Parameters
    ----------
    checkpoint : Checkpoint
        The file.
    marks : dict
        What the fit is known by, as of `marks_of`.

    Raises
    ------
    InputError
        Where the file holds another fit.
    FileError
        Where it is damaged, or no checkpoint.
    """

    def __init__(self, checkpoint: Checkpoint, marks: dict[str, Any]) -> None:
        self.checkpoint, self.saved, self.marks = checkpoint, checkpoint.read(), marks
        if self.saved is not None and WAY in marks:
            marks[WAY] = self.saved.problem.get(WAY, marks[WAY])
        checkpoint.problem = marks
        if self.saved is not None:
            checkpoint.check(self.saved)

    def run(self, loop: Loop, objective: Objective, most: int) -> Run:
        """Descend by at most so many steps in all."""
        return self.checkpoint.run(loop, objective, most, self.saved, [])


def marks_of(objective: RowsObjective, settings: Settings, x0: np.ndarray) -> dict[str, Any]:
    """Return what a fit from `x0` is known by: its loss, its settings but for `UNMARKED`, its start and its rows.

    Examples
    --------
    >>> from fallline.data.blocks import ArrayRows
    >>> from fallline.losses import find
    >>> settings = Settings(0.0, True, "auto", None, 10, 1e-6, False)
    >>> objective = RowsObjective(ArrayRows(np.ones((2, 1)), np.zeros(2)), find("mse", "regression"))
    >>> list(marks_of(objective, settings, np.zeros(2)))
    ['loss', 'setting', 'start', 'data']
    """
    marked = {name: fingerprint(value) for name, value in vars(settings).items() if name not in UNMARKED}
    loss = fingerprint((type(objective).__name__, objective.loss, objective.outputs))
    return {"loss": loss, "setting": marked, "start": fingerprint(x0), "data": digest_of(objective.rows)}
