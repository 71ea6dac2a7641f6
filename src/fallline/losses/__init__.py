"""Losses: each is one file with one class of three formulas, found here by its name."""

from importlib import import_module
from pkgutil import iter_modules

from fallline.errors import InputError, nearest, shown
from fallline.losses.base import Loss

__all__ = ["LOSSES", "Loss", "find"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

LOSSES: dict[str, type[Loss]] = {loss.name: loss for loss in Loss.__subclasses__()}
"""Every loss by its name: that of a file put into this folder too."""


def find(name: str, task: str) -> type[Loss]:
    """Return the loss of that name for a task, ``"regression"`` or ``"classification"``.

    Raises
    ------
    InputError
        Where there is none.

    Examples
    --------
    >>> find("squared", "regression").__name__
    'Squared'
    """
    known = {key: loss for key, loss in LOSSES.items() if loss.task == task}
    if not isinstance(name, str) or name not in known:
        raise InputError(f"loss must be the name of a {task} loss; got {shown(name)}. {nearest(str(name), known)}")
    return known[name]
