"""Losses: each is one file with one class of a few formulas, found here by its name."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fallline.errors import InputError, nearest, shown
from fallline.losses.base import Loss

__all__ = ["LOSSES", "Loss", "find"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

LOSSES: dict[str, Loss] = {loss.name: loss() for loss in Loss.__subclasses__()}
"""Every loss by its name, its parameters the usual ones: that of a file put into this folder too."""


def find(loss: Any, task: str) -> Loss:
    """Return the loss of a name, or a loss given as it is, for a task, ``"regression"`` or ``"classification"``.

    Raises
    ------
    InputError
        Where there is none.

    Examples
    --------
    >>> find("huber", "regression")
    Huber(delta=1.35)
    """
    if isinstance(loss, Loss) and loss.task == task:
        return loss
    known = {key: one for key, one in LOSSES.items() if one.task == task}
    if not isinstance(loss, str) or loss not in known:
        raise InputError(f"loss must be the name of a {task} loss; got {shown(loss)}. {nearest(str(loss), known)}")
    return known[loss]
